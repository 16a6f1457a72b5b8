import { type AccountState, type Standing, standingOf } from "../core/index.ts";
import type { Input } from "../events/index.ts";
import type { Clock, Journal } from "./ports.ts";

const NAME = "sign-of-life";
const FORMAT = 1;
/** How exactly a later process can tell when this one ended. One row of the journal is written as often, and with each change. */
const EVERY_MS = 60_000;
/** While a delivery brings messages, so that a process that is killed in it leaves their number behind. */
const FIGURES_EVERY_MS = 1_000;

/** As kept, in wall clock time because a run's own clock ends with the run. */
interface Sign {
  readonly format: number;
  /** When this was true last. */
  readonly atMs: number;
  readonly stopped: Standing["stopped"];
  /** Null while connected. */
  readonly awaySinceMs: number | null;
  readonly outage: {
    readonly startedAtMs: number;
    readonly causeId: string;
    readonly attempts: number;
    readonly recoveredOffline: number;
    readonly duplicates: number;
    readonly tooOld: number;
  } | null;
}

interface Surroundings {
  readonly journal: Pick<Journal, "keep" | "kept">;
  readonly clock: Clock;
  readonly post: (input: Input) => void;
}

/** Keeps when an account was connected last, so that the time in which no process ran is an outage with a beginning and a cause. */
export class SignOfLife {
  readonly #around: Surroundings;
  #written: { readonly standing: Standing; readonly atMs: number } | null = null;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** After every step; writes when something changed that matters to a successor, and else once a minute. */
  follow(before: AccountState, state: AccountState): void {
    const standing = standingOf(state);
    if (!this.#isWorthKeeping(standingOf(before), standing)) return;
    const nowMs = this.#around.clock.wallMs();
    const last = this.#written;
    if (last !== null && isSame(last.standing, standing)) {
      if (standing.stopped !== null) return;
      const everyMs = hasSameFigures(last.standing, standing) ? EVERY_MS : FIGURES_EVERY_MS;
      if (Math.abs(nowMs - last.atMs) < everyMs) return;
    }
    this.#written = { standing, atMs: nowMs };
    this.#around.journal.keep(NAME, JSON.stringify(this.#sign(standing, nowMs)));
  }

  /**
   * An account that was never connected has nothing to be away from. Between two sockets, without an outage, it is restarted on order: what was
   * written last holds.
   */
  #isWorthKeeping(before: Standing, { connected, outage, stopped }: Standing): boolean {
    const wasKept = before.connected || this.#written !== null;
    return connected || outage !== null || (stopped !== null && wasKept);
  }

  /** At a start: tells an account that does not know since when it has been away, if it was connected before or should have been. */
  restore(state: AccountState): void {
    const { hasRun, outage: known } = standingOf(state);
    if (known !== null) return;
    const { journal, post } = this.#around;
    const sign = read(journal.kept(NAME));
    if (sign === null) return;
    const { outage, stopped } = sign;
    // The same process goes on as it was to: nothing was away but code that was reloaded.
    if (hasRun && stopped !== "final" && outage === null) return;
    const awaySinceMs = outage?.startedAtMs ?? sign.awaySinceMs ?? sign.atMs;
    post({
      kind: "absence.restored",
      how: stopped === null ? "vanished" : "stopped",
      awayAgeMs: this.#ageOf(awaySinceMs),
      ...(outage === null ? {} : figuresOf(outage)),
    });
  }

  #sign(standing: Standing, nowMs: number): Sign {
    const { clock } = this.#around;
    const { outage, stopped, connected } = standing;
    const toWall = (at: number): number => Math.round(nowMs - clock.monotonicMs() + at);
    return {
      format: FORMAT,
      atMs: Math.round(nowMs),
      stopped,
      awaySinceMs: connected ? null : Math.round(nowMs),
      outage:
        outage === null ? null : { ...figuresOf(outage), startedAtMs: toWall(outage.startedAt) },
    };
  }

  #ageOf(wallMs: number): number {
    return Math.max(0, Math.round(this.#around.clock.wallMs() - wallMs));
  }
}

function figuresOf({
  causeId,
  attempts,
  recoveredOffline,
  duplicates,
  tooOld,
}: Omit<NonNullable<Sign["outage"]>, "startedAtMs">): Omit<
  NonNullable<Sign["outage"]>,
  "startedAtMs"
> {
  return { causeId, attempts, recoveredOffline, duplicates, tooOld };
}

/** As far as a successor is concerned; attempts are brought up to date by the minute. */
function isSame(one: Standing, other: Standing): boolean {
  return (
    one.connected === other.connected &&
    one.stopped === other.stopped &&
    one.outage?.outageId === other.outage?.outageId &&
    one.outage?.endedAt === other.outage?.endedAt
  );
}

function hasSameFigures({ outage: one }: Standing, { outage: other }: Standing): boolean {
  return (
    one?.recoveredOffline === other?.recoveredOffline &&
    one?.duplicates === other?.duplicates &&
    one?.tooOld === other?.tooOld
  );
}

function read(text: string | null): Sign | null {
  if (text === null) return null;
  try {
    const sign = JSON.parse(text) as Partial<Sign>;
    // Another version's memory is its own; an absence that cannot be dated is not claimed.
    return sign.format === FORMAT ? (sign as Sign) : null;
  } catch {
    return null;
  }
}
