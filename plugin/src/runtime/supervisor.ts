import type { Clock, Timers } from "./ports.ts";

const CHECK_MS = 10_000;
/** A mailbox that has something to do and does not turn for this long will not turn any more. */
const STUCK_MS = 60_000;
const HOUR_MS = 60 * 60 * 1000;
const REPLACEMENTS_PER_HOUR = 3;

/**
 * Watches the controller of one account and replaces it when it broke an invariant or stands still. Not more than three times an hour: a
 * defect that comes back at once is then retried slowly instead of filling the log.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #stuckForMs: () => number;
  readonly #replace: () => void;
  readonly #onWait: (delayMs: number) => void;
  readonly #replacements: number[] = [];
  #cancelCheck: () => void = () => undefined;
  #cancelReplacement: (() => void) | null = null;

  constructor(options: {
    readonly clock: Clock;
    readonly timers: Timers;
    stuckForMs(): number;
    replace(): void;
    /** The next replacement has to wait for the hourly bound. */
    onWait(delayMs: number): void;
  }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#stuckForMs = options.stuckForMs;
    this.#replace = options.replace;
    this.#onWait = options.onWait;
  }

  start(): void {
    this.#cancelCheck();
    this.#cancelCheck = this.#timers.start(CHECK_MS, () => {
      if (this.#stuckForMs() > STUCK_MS) this.requestReplacement();
      this.start();
    });
  }

  stop(): void {
    this.#cancelCheck();
    this.#cancelReplacement?.();
    this.#cancelReplacement = null;
  }

  /** Replaces now, or as soon as the hourly bound allows. Asking again meanwhile changes nothing. */
  requestReplacement(): void {
    if (this.#cancelReplacement !== null) return;
    const now = this.#clock.monotonicMs();
    while ((this.#replacements[0] ?? now) <= now - HOUR_MS) this.#replacements.shift();
    const [oldest] = this.#replacements;
    const isAtBound = this.#replacements.length >= REPLACEMENTS_PER_HOUR;
    const delayMs = isAtBound && oldest !== undefined ? oldest + HOUR_MS - now : 0;
    if (delayMs > 0) this.#onWait(delayMs);
    // Never from inside the step that broke.
    this.#cancelReplacement = this.#timers.start(delayMs, () => {
      this.#cancelReplacement = null;
      this.#replacements.push(this.#clock.monotonicMs());
      this.#replace();
    });
  }
}
