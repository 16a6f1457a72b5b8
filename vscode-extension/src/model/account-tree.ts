import {
  describeAction,
  describeClock,
  describeCount,
  describeDuration,
  describeOutageCause,
  describeRecovered,
  mainCauseId,
  type Outage,
} from "openclaw-whatsapp-continuity-plugin/explain";
import type { AccountView, ControllerView } from "./account-view.ts";

/** One row of the tree under an account, as data: the view turns it into a tree item. */
export interface TreeRow {
  /** Stable, so that the tree keeps what is expanded. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** Id of a product icon. */
  readonly icon: string;
  readonly mood: Mood;
  /** What a click reveals in the timeline; null for nothing. */
  readonly revealMs: number | null;
  readonly children: readonly TreeRow[];
}

/** How something is doing, for colour: never the only sign, the words say it too. */
export type Mood = "good" | "busy" | "bad" | "quiet";

/** What the gateway's status adds to the records. */
export interface JournalStatus {
  readonly depth: number | null;
  readonly oldestUnsettledMs: number | null;
  readonly spilled: number | null;
}

export interface TreeOptions {
  readonly nowMs: number;
  readonly offsetMinutes: number;
  readonly journal: JournalStatus | null;
}

const OUTAGES_SHOWN = 10;

const PHASES: Readonly<
  Record<
    AccountView["phase"],
    { readonly label: string; readonly icon: string; readonly mood: Mood }
  >
> = {
  unknown: { label: "not known yet", icon: "question", mood: "quiet" },
  idle: { label: "idle", icon: "circle-outline", mood: "quiet" },
  claiming: { label: "claiming the credentials", icon: "lock", mood: "busy" },
  connecting: { label: "connecting", icon: "sync~spin", mood: "busy" },
  open: { label: "connected", icon: "pass-filled", mood: "good" },
  waiting: { label: "waiting to reconnect", icon: "watch", mood: "busy" },
  inspecting: { label: "finding out who took over", icon: "search", mood: "busy" },
  blocked: { label: "needs you", icon: "error", mood: "bad" },
  stopped: { label: "stopped", icon: "debug-stop", mood: "quiet" },
};

/** The row of an account, with everything below it. */
export function accountRow(view: AccountView, options: TreeOptions): TreeRow {
  const phase = PHASES[view.phase];
  const since = ago(view.phaseSinceMs, options.nowMs);
  const cause =
    view.causeId === null || view.phase === "open" ? null : describeOutageCause(view.causeId);
  const next = nextAttempt(view, options.nowMs);
  const isDown = view.outages.connection === "down";
  return {
    id: view.account,
    label: view.account,
    description: [phase.label, next ?? since].join(", "),
    tooltip: [
      `Account ${view.account}: ${phase.label} ${since}.`,
      ...(cause === null ? [] : [cause.sentence, describeAction(cause.action)]),
    ].join("\n\n"),
    icon: phase.icon,
    mood: phase.mood === "busy" && isDown ? "bad" : phase.mood,
    revealMs: view.phaseSinceMs,
    children: [
      ...causeRows(view),
      ...controllerRows(view, options),
      ...socketRows(view, options),
      keepaliveRow(view, options),
      ...drainRows(view),
      ...backfillRows(view),
      ...sendsRows(view),
      ...journalRows(view, options.journal),
      outagesRow(view, options),
    ],
  };
}

/** How an account is doing in one word, for the badge and the status bar. */
export function moodOf(view: AccountView): Mood {
  const { mood } = PHASES[view.phase];
  return mood === "busy" && view.outages.connection === "down" ? "bad" : mood;
}

export function phaseLabel(view: AccountView): string {
  return PHASES[view.phase].label;
}

function causeRows(view: AccountView): readonly TreeRow[] {
  if (view.causeId === null || view.phase === "open" || view.phase === "stopped") return [];
  const { sentence, action } = describeOutageCause(view.causeId);
  const needsPerson = view.phase === "blocked";
  const says = row(view, "cause", sentence, "", needsPerson ? "error" : "info");
  const does = row(view, "action", action, "what to do", needsPerson ? "tools" : "lightbulb");
  return [
    {
      ...says,
      mood: needsPerson ? "bad" : "busy",
      revealMs: view.outages.current?.startMs ?? null,
    },
    { ...does, mood: needsPerson ? "bad" : "quiet" },
  ];
}

function nextAttempt(view: AccountView, nowMs: number): string | null {
  if (view.phase !== "waiting" || view.nextAttemptMs === null) return null;
  const leftMs = view.nextAttemptMs - nowMs;
  const attempt = view.attempt > 0 ? `attempt ${view.attempt + 1} ` : "";
  return leftMs > 0 ? `${attempt}in ${describeDuration(leftMs)}` : `${attempt}due`;
}

/** Current, predecessors and successor: who runs, who is ending, who took over. */
function controllerRows(view: AccountView, options: TreeOptions): readonly TreeRow[] {
  const [current, ...earlier] = view.controllers.toReversed();
  if (current === undefined) return [];
  const label = `controller ${current.controllerId}`;
  const role = current.stoppedMs === null ? "current" : "ended";
  const predecessors = earlier.map((controller) => predecessorRow(view, controller, options));
  const main = row(view, "controller", label, describeController(current, role, options), "person");
  return [{ ...main, revealMs: current.startedMs, children: predecessors }];
}

function predecessorRow(
  view: AccountView,
  controller: ControllerView,
  options: TreeOptions,
): TreeRow {
  const { controllerId, startedMs, stoppedMs } = controller;
  const role = stoppedMs === null ? "predecessor, not ended" : "predecessor";
  const label = `controller ${controllerId}`;
  const description = describeController(controller, role, options);
  const base = row(view, `controller/${controllerId}`, label, description, "history");
  return { ...base, revealMs: startedMs };
}

function describeController(
  controller: ControllerView,
  role: string,
  options: TreeOptions,
): string {
  const { startedMs, stoppedMs, stopReason, startReason } = controller;
  if (stoppedMs === null)
    return `${role}, started ${ago(startedMs, options.nowMs)} (${startReason})`;
  const lived = describeDuration(stoppedMs - startedMs);
  return `${role}, ran ${lived}, ended by ${stopReason ?? "nobody knows"}`;
}

function socketRows(view: AccountView, options: TreeOptions): readonly TreeRow[] {
  const { socket, retiring } = view;
  const retired =
    retiring.length === 0 ? "" : `, ${describeCount(retiring.length, "socket")} ending`;
  if (socket === null) {
    return retired === ""
      ? []
      : [row(view, "socket", "no socket", retired.slice(2), "debug-disconnect")];
  }
  const description = `${socket.stage} ${ago(socket.sinceMs, options.nowMs)}${retired}`;
  const base = row(view, "socket", `socket ${socket.socketId}`, description, "plug");
  return [{ ...base, revealMs: socket.sinceMs, mood: socket.stage === "open" ? "good" : "busy" }];
}

function keepaliveRow(view: AccountView, options: TreeOptions): TreeRow {
  const { mode, lastMs, pingMs, rttMs, frameAgeMs, failures } = view.keepalive;
  const parts = [
    lastMs === null ? null : `${mode ?? ""} ${ago(lastMs, options.nowMs)}`.trim(),
    pingMs === null || rttMs === null ? null : `ping ${rttMs} ms ${ago(pingMs, options.nowMs)}`,
    frameAgeMs === null ? null : `silent for ${describeDuration(frameAgeMs)}`,
    failures === 0 ? null : describeCount(failures, "failure"),
  ].filter((part) => part !== null);
  const description = parts.length === 0 ? "none seen" : parts.join(", ");
  const base = row(view, "keepalive", "keepalive", description, "pulse");
  return { ...base, revealMs: lastMs ?? pingMs, mood: failures > 0 ? "busy" : "quiet" };
}

function drainRows(view: AccountView): readonly TreeRow[] {
  const { drain } = view;
  if (drain === null) return [];
  const { announced, delivered, journalled, receipted, outcome } = drain;
  const counts = `${announced} announced, ${delivered} delivered, ${journalled} kept, ${receipted} receipted`;
  const short = outcome === "cut-short" || outcome === "timed-out";
  const base = row(
    view,
    "drain",
    "offline delivery",
    `${counts} (${outcome ?? "running"})`,
    "cloud-download",
  );
  return [{ ...base, mood: short ? "bad" : outcome === null ? "busy" : "quiet" }];
}

function backfillRows(view: AccountView): readonly TreeRow[] {
  const { gaps, requested, recovered, lastEvidence } = view.backfill;
  if (gaps === 0 && requested === 0) return [];
  const evidence = lastEvidence === null ? "" : ` (${lastEvidence})`;
  const description = `${describeCount(gaps, "gap")} suspected${evidence}, ${describeCount(requested, "request")}, ${recovered} recovered`;
  return [row(view, "backfill", "backfill", description, "debug-step-back")];
}

function sendsRows(view: AccountView): readonly TreeRow[] {
  const { held, acked, failed } = view.sends;
  if (held.length === 0 && acked === 0 && failed === 0) return [];
  const description = `${acked} acked, ${held.length} held, ${failed} not sent`;
  const base = row(view, "sends", "sends", description, "arrow-up");
  return [{ ...base, mood: failed > 0 ? "bad" : held.length > 0 ? "busy" : "quiet" }];
}

function journalRows(view: AccountView, journal: JournalStatus | null): readonly TreeRow[] {
  if (journal === null || journal.depth === null) return [];
  const oldest =
    journal.oldestUnsettledMs === null || journal.depth === 0
      ? ""
      : `, oldest ${describeDuration(journal.oldestUnsettledMs)}`;
  const spilled = (journal.spilled ?? 0) > 0 ? `, ${journal.spilled} spilled` : "";
  const description = `${describeCount(journal.depth, "message")} unsettled${oldest}${spilled}`;
  return [row(view, "journal", "journal", description, "database")];
}

function outagesRow(view: AccountView, options: TreeOptions): TreeRow {
  const { current, past, forgotten } = view.outages;
  const all = current === null ? past : [...past, current];
  const count = all.length + forgotten;
  const base = row(view, "outages", "outages", count === 0 ? "none" : String(count), "flame");
  const shown = all.toReversed().slice(0, OUTAGES_SHOWN);
  return { ...base, children: shown.map((outage) => outageRow(view, outage, options)) };
}

function outageRow(view: AccountView, outage: Outage, options: TreeOptions): TreeRow {
  const { sentence, action } = describeOutageCause(mainCauseId(outage));
  const until = outage.endMs ?? options.nowMs;
  const length = describeDuration(Math.max(0, until - outage.startMs));
  const recovered = outage.recovered === null ? "" : `\n\n${describeRecovered(outage.recovered)}`;
  const id = `outage/${outage.startMs}`;
  const clock = describeClock(outage.startMs, options.offsetMinutes);
  const still = outage.endMs === null ? " and counting" : "";
  const base = row(view, id, `${clock}  ${length}${still}`, sentence, "circle-slash");
  return {
    ...base,
    tooltip: `${sentence}\n\n${describeCount(outage.attempts, "attempt")} to connect.${recovered}\n\n${describeAction(action)}`,
    revealMs: outage.startMs,
    mood: outage.endMs === null ? "bad" : "quiet",
  };
}

function row(
  view: AccountView,
  id: string,
  label: string,
  description: string,
  icon: string,
): TreeRow {
  return {
    id: `${view.account}/${id}`,
    label,
    description,
    tooltip: description === "" ? label : `${label}: ${description}`,
    icon,
    mood: "quiet",
    revealMs: null,
    children: [],
  };
}

/** `3 min ago`; `just now` below a second, so that a live tree does not flicker. */
export function ago(thenMs: number, nowMs: number): string {
  const ms = nowMs - thenMs;
  if (ms < 1_000) return "just now";
  return `${describeDuration(ms >= 60_000 ? ms - (ms % 60_000) : ms)} ago`;
}
