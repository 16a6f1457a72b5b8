import type { Effect, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type { CodeIdentity, OpenedIncident } from "./engine.ts";

/** `workspace 0.1.0 (3f2a91c0)`. */
export function nameCode({ origin, version, digest }: CodeIdentity): string {
  return `${origin} ${version} (${digest})`;
}

/** What a session says when an incident is open: which code decides, which would, and how the decisions compare. */
export function introduce(
  name: string,
  incident: OpenedIncident,
  bundled: CodeIdentity,
): readonly string[] {
  const { code, recordedBy, accounts, lines, title, goldenProblem } = incident;
  const other = code.origin === "workspace" ? ` The extension brings ${nameCode(bundled)}.` : "";
  return [
    `${title ?? name}: ${lines.length} records of ${accounts.length} ${accounts.length === 1 ? "account" : "accounts"}, recorded by ${recordedBy ?? "another program"}.`,
    `Decided by ${nameCode(code)}.${other}`,
    ...(goldenProblem === null ? [] : [`The golden is not used: ${goldenProblem}`]),
    verdict(incident),
  ];
}

/** How the decisions compare, in one sentence. */
export function verdict({ result }: OpenedIncident): string {
  const broken =
    result.invariants === 0 ? "" : ` ${result.invariants} times an invariant is broken.`;
  switch (result.comparedWith) {
    case "nothing":
      return `${result.decisions} decisions, with nothing to compare them with: there is no golden yet.${broken}`;
    case "golden":
    case "recorded": {
      const expected = result.comparedWith === "golden" ? "the golden" : "what was recorded";
      const { first } = result;
      if (first === null) return `${result.decisions} decisions, all as in ${expected}.${broken}`;
      return `${result.diverged} of ${result.decisions} decisions differ from ${expected}, the first on line ${first.line}; what follows it is counterfactual.${broken}`;
    }
  }
}

/** `+1:02:03.400` since the run began: enough digits to tell neighbours apart. */
export function relativeTime(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1_000;
  const clock = `${String(minutes).padStart(2, "0")}:${seconds.toFixed(3).padStart(6, "0")}`;
  return `+${hours}:${clock}`;
}

/** What is mere bookkeeping to the reader of a story, in words for somebody who debugs it. */
export function wordBookkeeping(effect: Effect, durationOf: (ms: number) => string): string {
  switch (effect.kind) {
    case "timer.start":
      return `start the timer ${effect.timer}, due in ${durationOf(effect.delayMs)}`;
    case "timer.cancel":
      return `cancel the timer ${effect.timer}`;
    case "status.publish":
      return `status: ${effect.lifecycle}${effect.causeId === null ? "" : `, ${effect.causeId}`}`;
    default:
      return effect.kind;
  }
}

/** What the test world did, with what tells it apart. */
export function wordWorld(record: Extract<LogRecord, { dir: "world" }>): string {
  switch (record.kind) {
    case "operator.ordered":
      return record.act;
    case "server.struck":
      return record.strike;
    case "fault.set":
      return `${record.fault} at ${record.stage}`;
    case "phone.changed":
      return record.online ? "online" : "offline";
    default:
      return "the world";
  }
}
