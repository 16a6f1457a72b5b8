import type { AccountId, Effect, EffectRecord, LogRecord } from "../events/index.ts";
import { describeDecision, describeInput } from "./describe.ts";
import type { Decision } from "./fold.ts";
import type { Divergence, Replay } from "./verify.ts";

/** One input with what the software of the time did about it and what is decided now. */
export interface Moment {
  readonly seq: number;
  readonly boot: string;
  readonly at: number;
  readonly account: AccountId;
  readonly assumed: boolean;
  /** The published line, where there is one. */
  readonly source: string | null;
  readonly decision: Decision;
  /** What the software of the time decided about it, as reported or recorded. */
  readonly recorded: readonly EffectRecord[];
  /** The first divergence from the expectation, or something after it, which the world would have answered differently. */
  readonly label: "exact" | Divergence["label"];
}

/** Consecutive moments that say the same; a metronome of sixty drops is one chapter. */
export interface Chapter {
  readonly moments: readonly [Moment, ...Moment[]];
  /** Empty when nothing happened to the account: only the software of the time found something to do. */
  readonly happened: string;
  readonly now: string;
  readonly rule: string;
}

/**
 * The story of a replay for people: what happened, what was done about it then, what is decided now and by which rule. Routine (ticks,
 * samples, timers that were merely waited for) is left out unless the software of the time had something to say.
 */
export function thenAndNow(replay: Replay): readonly Chapter[] {
  const connected = new Set<string>();
  const moments = momentsOf(replay).filter((moment) => {
    const wasConnected = connected.has(moment.account);
    noteConnected(connected, moment);
    return isTold(moment) || (wasConnected && !connected.has(moment.account));
  });
  const chapters: { moments: [Moment, ...Moment[]]; key: string }[] = [];
  for (const moment of moments) {
    const key = keyOf(moment);
    const same = chapters.slice(-REPEAT_WINDOW).find((chapter) => chapter.key === key);
    if (same === undefined) chapters.push({ moments: [moment], key });
    else same.moments.push(moment);
  }
  return chapters.map(({ moments: told }) => {
    const { decision } = told[0];
    return {
      moments: told,
      happened: isRoutine(told[0]) ? "" : describeInput(decision.input),
      now: describeDecision(decision),
      rule: decision.rule,
    };
  });
}

function noteConnected(connected: Set<string>, { account, decision }: Moment): void {
  for (const { effect } of decision.effects) {
    if (effect.kind !== "status.publish") continue;
    if (effect.connected) connected.add(account);
    else connected.delete(account);
  }
}

/** How many chapters back a repetition may lie: drop, reconnect and message in turn are still the same three chapters. */
const REPEAT_WINDOW = 12;

/** Every input of a replay with what belongs to it, in order. */
export function momentsOf(replay: Replay): readonly Moment[] {
  const recorded = recordedByCause(replay.log.records);
  const firstSeq = replay.result.first?.line ?? null;
  const lineOf = new Map(
    replay.log.records.map((record, index) => [record, replay.log.lines[index]]),
  );
  const divergent = new Map(replay.divergences.map((divergence) => [divergence.line, divergence]));
  return replay.decisions.map((decision) => {
    const { input } = decision;
    const line = lineOf.get(input) ?? 0;
    const isAfter = firstSeq !== null && line > firstSeq;
    return {
      seq: input.seq,
      boot: input.boot,
      at: input.at,
      account: input.account,
      assumed: input.assumed === true,
      // `version.resolved` has a field of its own with this name.
      source: input.kind === "version.resolved" ? null : (input.source ?? null),
      decision,
      recorded: recorded.get(`${input.boot} ${input.account} ${input.seq}`) ?? [],
      label: divergent.get(line)?.label ?? (isAfter ? "counterfactual" : "exact"),
    };
  });
}

function recordedByCause(
  records: readonly LogRecord[],
): ReadonlyMap<string, readonly EffectRecord[]> {
  const byCause = new Map<string, EffectRecord[]>();
  for (const record of records) {
    if (record.dir !== "out") continue;
    const key = `${record.boot} ${record.account} ${record.cause}`;
    const siblings = byCause.get(key);
    if (siblings === undefined) byCause.set(key, [record]);
    else siblings.push(record);
  }
  return byCause;
}

/** Worth telling: published, decided about then, divergent, or a decision that changes something a person would notice. */
function isTold(moment: Moment): boolean {
  if (moment.source !== null || moment.recorded.length > 0 || moment.label === "divergent")
    return true;
  if (moment.decision.breach !== null) return true;
  return moment.decision.effects.some(({ effect }) => isNotable(effect));
}

function isNotable(effect: Effect): boolean {
  switch (effect.kind) {
    case "socket.close":
    case "drops.report":
    case "session.reset":
    case "message.admit":
    case "burst.admit":
    case "owner.notify":
    case "outage.report":
    case "send.dispatch":
    case "send.hold":
    case "send.settle":
    case "journal.quarantine":
    case "alert.raise":
    case "alert.clear":
    case "invariant.report":
      return true;
    case "status.publish":
      return effect.terminal || effect.lifecycle === "ready";
    case "drain.close":
      return effect.announced > 0;
    case "socket.open":
    case "timer.start":
    case "timer.cancel":
    case "network.probe":
    case "version.refresh":
    case "owner.acquire":
    case "owner.release":
    case "conflict.inspect":
    case "liveness.sample":
    case "ping.send":
    case "keepalive.send":
    case "drops.correlate":
    case "drain.pull":
    case "placeholder.request":
    case "message.hold":
    case "history.request":
    case "gap.open":
    case "gap.close":
    case "event.drop":
    case "input.refuse":
    case "reported.decide":
      return false;
  }
}

/** The connection was watched and nothing more: ticks, samples, pings, refreshed status. */
function isRoutine({ decision, source }: Moment): boolean {
  const { input } = decision;
  if (source !== null || decision.effects.some(({ effect }) => isNotable(effect))) return false;
  switch (input.kind) {
    case "liveness.sampled":
    case "ping.answered":
    case "keepalive.written":
    case "network.probed":
    case "drain.ended":
    case "message.settled":
    case "send.written":
      return true;
    case "timer.fired":
      return input.timer !== "reconnect";
    default:
      return false;
  }
}

/** Two moments with one key differ only in times, ids and delays. */
function keyOf(moment: Moment): string {
  if (isRoutine(moment)) {
    const texts = moment.recorded.map((record) =>
      record.kind === "reported.decide" ? withoutNumbers(record.text) : record.kind,
    );
    return JSON.stringify([moment.boot, moment.account, texts, moment.label]);
  }
  const effects = moment.decision.effects.map(({ effect }) =>
    isNotable(effect)
      ? `${effect.kind}${effect.kind === "status.publish" ? effect.causeId : ""}`
      : "",
  );
  const decidedThen = moment.recorded.map((record) =>
    record.kind === "reported.decide" ? `${record.by} ${record.decision}` : record.kind,
  );
  return JSON.stringify([
    moment.boot,
    moment.account,
    moment.decision.rule,
    withoutNumbers(describeInput(moment.decision.input)),
    effects,
    [...new Set(decidedThen)],
    moment.label,
  ]);
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+(?:\.\d+)?/g, "#");
}
