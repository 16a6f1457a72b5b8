import {
  type AccountState,
  currentController,
  currentSocket,
  describeCause,
  extractFacts,
  type Gap,
  type Outage,
  type Policy,
  sessionPlan,
} from "../core/index.ts";
import { type AccountId, outageLine, type RawError } from "../events/index.ts";
import type { AccountStatus } from "./account.ts";
import type { Clock, Journal } from "./ports.ts";

const HOUR_MS = 60 * 60 * 1000;

export interface StatusSources {
  readonly accountId: AccountId;
  readonly state: AccountState;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly journal: Pick<Journal, "depth">;
  /** Error of the last socket that ended, scrubbed. */
  readonly lastClose: RawError | null;
  /** The process that has the device instead of us, scrubbed; null when it is ours or nobody is known. */
  readonly holder: string | null;
  /** A fault of our own happened too often: how long until the account begins again; null when it runs. */
  readonly replacementInMs: number | null;
  readonly predecessors: readonly number[];
  readonly frameAgeMs: number | null;
}

/** The account as a person or a program may see it: nothing in here is an address, a text or a key. */
export function accountStatus(sources: StatusSources): AccountStatus {
  const { accountId, state, clock, journal } = sources;
  const { connection } = state;
  const now = clock.monotonicMs();
  const toWall = (at: number): number => Math.round(clock.wallMs() - now + at);
  const ledger = state.drain.ledger;
  const { unsettled, oldestUnsettledMs, spilled } = journal.depth();
  return {
    version: 1,
    accountId,
    phase: sources.replacementInMs === null ? connection.phase : "waiting",
    cause: causeOf(sources),
    controller: currentController(connection),
    predecessors: sources.predecessors,
    socketId: currentSocket(connection),
    attemptsLastHour: state.recovery.attemptTimes.filter((at) => at > now - HOUR_MS).length,
    nextAttemptAt: nextAttemptAt(sources, now, toWall),
    keepalive: {
      ...sessionPlan(state.drops, sources.policy),
      frameAgeMs: sources.frameAgeMs,
      rhythm: rhythmOf(state),
    },
    drain: {
      announced: ledger?.announced ?? 0,
      delivered: ledger?.delivered ?? 0,
      journalled: ledger?.journalled ?? 0,
      receipted: ledger?.receipted ?? 0,
    },
    journal: { depth: unsettled, oldestUnsettledMs, spilled },
    outages: outagesOf(state, toWall, clock.wallMs()),
  };
}

function rhythmOf({ drops }: AccountState): AccountStatus["keepalive"]["rhythm"] {
  const { rhythm } = drops;
  return rhythm === null ? null : { drops: rhythm.drops, medianMs: rhythm.medianMs };
}

/** Why the account is not open; an open account has no cause, whatever came before. */
function causeOf(sources: StatusSources): AccountStatus["cause"] {
  const { state, lastClose, holder, replacementInMs } = sources;
  if (replacementInMs !== null) return { ...tell("own-fault"), facts: {} };
  const { connection, recovery } = state;
  const causeId =
    connection.phase === "waiting" || connection.phase === "blocked"
      ? connection.causeId
      : connection.phase === "open" || connection.phase === "idle"
        ? null
        : recovery.lastCauseId;
  if (causeId === null) return null;
  const isHeld = holder !== null && HELD_ELSEWHERE.has(causeId);
  return {
    ...tell(causeId),
    facts: { ...factsOf(lastClose), ...(isHeld ? { holder } : {}) },
  };
}

/** Causes that another process of this machine is. */
const HELD_ELSEWHERE: ReadonlySet<string> = new Set(["owner-busy", "conflict-other-process"]);

function tell(causeId: string): { id: string; sentence: string; action: string } {
  const { id, sentence, action } = describeCause(causeId);
  return { id, sentence, action };
}

function nextAttemptAt(
  { state: { connection }, replacementInMs }: StatusSources,
  now: number,
  toWall: (at: number) => number,
): number | null {
  if (replacementInMs !== null) return toWall(now + replacementInMs);
  const isTimed = connection.phase === "waiting" && connection.nextAttemptAt !== null;
  return isTimed ? toWall(connection.nextAttemptAt) : null;
}

function factsOf(error: RawError | null): Readonly<Record<string, string | number | boolean>> {
  if (error === null) return {};
  const facts: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(extractFacts(error))) {
    if (value === null || value === "" || value === false) continue;
    facts[name] = value as string | number | boolean;
  }
  return facts;
}

function outagesOf(
  state: AccountState,
  toWall: (at: number) => number,
  nowMs: number,
): AccountStatus["outages"] {
  const { past, current } = state.backfill;
  const outages: readonly Outage[] = current === null ? past : [...past, current];
  return outages.map((outage) => {
    const { causeId, attempts, recoveredOffline, recoveredHistory, duplicates, tooOld } = outage;
    const own = state.backfill.gaps.filter(({ outageId }) => outageId === outage.outageId);
    const inStage = (stage: Gap["stage"]): number =>
      own.filter((gap) => gap.stage === stage).length;
    const startedAt = toWall(outage.startedAt);
    const endedAt = outage.endedAt === null ? null : toWall(outage.endedAt);
    const figures = {
      causeId,
      recoveredOffline,
      recoveredHistory,
      duplicates,
      tooOld,
      unanswered: outage.givenUp + inStage("unanswered"),
      waiting: inStage("waiting"),
    };
    const line = outageLine(
      { ...figures, startedAtMs: startedAt, endedAtMs: endedAt },
      -new Date(startedAt).getTimezoneOffset(),
      nowMs,
    );
    return { startedAt, endedAt, attempts, ...figures, line };
  });
}
