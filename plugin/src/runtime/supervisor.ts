import type { Clock, Timers } from "./ports.ts";

const CHECK_MS = 10_000;
/** A mailbox that should turn and does not for this long will not turn any more. */
const STUCK_MS = 60_000;
const HOUR_MS = 60 * 60 * 1000;
const REPLACEMENTS_PER_HOUR = 3;
/** The gateway's health monitor must go on hearing of an account that waits to be replaced. */
const TELL_MS = 45_000;

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Monotonic times of replacements so far; kept by the account, so that another runtime of it is no way round the bound. */
  readonly replacements: number[];
  /** What the controller in charge has handled, and whether more must come. */
  progress(): { readonly turns: number; readonly isExpected: boolean };
  /** The controller stands still: it has to stop itself, which comes back as {@link Supervisor.requestReplacement}. */
  condemn(detail: string): void;
  /** Puts a fresh controller in the broken one's place, which does nothing yet. */
  renew(): void;
  /** Lets the fresh controller begin. */
  begin(): void;
  /** It has to wait for the hourly bound; told again and again until it begins. */
  onWait(delayMs: number): void;
}

/**
 * Watches the controller of one account and replaces it when it broke an invariant or stands still. Not more than three times an hour: a
 * defect that comes back at once is then retried slowly instead of filling the log.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #turns = 0;
  #silentChecks = 0;
  #cancelCheck: () => void = () => undefined;
  #cancelReplacement: (() => void) | null = null;
  #beginsAt: number | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancelCheck();
    this.#cancelCheck = this.#options.timers.start(CHECK_MS, () => {
      this.#check();
      this.start();
    });
  }

  stop(): void {
    this.#cancelCheck();
    this.#cancelReplacement?.();
    this.#cancelReplacement = null;
    this.#beginsAt = null;
    this.#silentChecks = 0;
  }

  /** How long the account still waits for its replacement to begin; null when it does not. */
  waitsMs(): number | null {
    const { clock } = this.#options;
    return this.#beginsAt === null ? null : Math.max(0, this.#beginsAt - clock.monotonicMs());
  }

  /** Replaces as soon as the step that broke is over and the hourly bound allows. Asking again meanwhile changes nothing. */
  requestReplacement(): void {
    if (this.#cancelReplacement !== null) return;
    this.#cancelReplacement = this.#options.timers.start(0, () => {
      this.#options.renew();
      this.#beginsAt = this.#options.clock.monotonicMs() + this.#boundMs();
      this.#beginOrWait();
    });
  }

  /** Counts checks and not time: a process that stood still is not a mailbox that does. */
  #check(): void {
    const { turns, isExpected } = this.#options.progress();
    this.#silentChecks = turns === this.#turns && isExpected ? this.#silentChecks + 1 : 0;
    this.#turns = turns;
    if (this.#silentChecks * CHECK_MS < STUCK_MS) return;
    this.#silentChecks = 0;
    this.#options.condemn(`nothing was handled for ${STUCK_MS / 1_000} s`);
  }

  #beginOrWait(): void {
    const waitMs = this.waitsMs() ?? 0;
    if (waitMs > 0) {
      this.#options.onWait(waitMs);
      const nextMs = Math.min(TELL_MS, waitMs);
      this.#cancelReplacement = this.#options.timers.start(nextMs, () => this.#beginOrWait());
      return;
    }
    this.#cancelReplacement = null;
    this.#beginsAt = null;
    this.#options.replacements.push(this.#options.clock.monotonicMs());
    this.#options.begin();
  }

  #boundMs(): number {
    const { clock, replacements } = this.#options;
    const now = clock.monotonicMs();
    while ((replacements[0] ?? now) <= now - HOUR_MS) replacements.shift();
    const [oldest] = replacements;
    const isAtBound = replacements.length >= REPLACEMENTS_PER_HOUR;
    return isAtBound && oldest !== undefined ? oldest + HOUR_MS - now : 0;
  }
}
