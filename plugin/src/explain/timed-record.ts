import type { HeaderRecord, LogRecord } from "../events/index.ts";

/** A record with the wall clock time at which it happened, so that runs can stand on one axis. */
export interface TimedRecord {
  readonly record: LogRecord;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

/** A place where records are missing, and why. Never silent: it is drawn and counted. */
export interface StreamGap {
  readonly wallMs: number;
  readonly sentence: string;
  /** How many records are missing, null when nobody knows. */
  readonly lost: number | null;
}

/** Runs remembered; a log of a year of daily restarts stays below. */
const MAX_RUNS = 1_000;

/** Translates the monotonic time of each run to wall clock time by what its headers say. */
export class WallClock {
  readonly #baseMs = new Map<string, number>();

  /** Whether the time of this run is known. */
  knows(boot: string): boolean {
    return this.#baseMs.has(boot);
  }

  /** A header states the wall clock at its own `at`. */
  header(record: HeaderRecord): void {
    const startedMs = Date.parse(record.startedAt);
    if (Number.isFinite(startedMs)) this.#set(record.boot, startedMs - record.at);
  }

  /** Without a header: the record is taken to have happened when it was seen. Later headers correct what follows. */
  assume(record: LogRecord, seenMs: number): void {
    if (!this.knows(record.boot)) this.#set(record.boot, seenMs - record.at);
  }

  wallMs(record: LogRecord): number {
    return (this.#baseMs.get(record.boot) ?? 0) + record.at;
  }

  #set(boot: string, baseMs: number): void {
    if (this.#baseMs.size >= MAX_RUNS && !this.#baseMs.has(boot)) {
      const [oldest] = this.#baseMs.keys();
      if (oldest !== undefined) this.#baseMs.delete(oldest);
    }
    this.#baseMs.set(boot, baseMs);
  }
}
