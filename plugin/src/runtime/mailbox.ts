import type { Clock } from "./ports.ts";

/**
 * Takes one thing at a time, to completion. What is posted while something is being handled waits its turn, so a handler never sees a
 * half-made state. The bound holds for what waits and for one turn, and is far above anything a working account needs: reaching it means that
 * handling feeds itself.
 */
export class Mailbox<T> {
  readonly #handle: (item: T) => void;
  readonly #onOverflow: () => void;
  readonly #clock: Clock;
  readonly #waiting: T[] = [];
  #isTurning = false;
  #isSealed = false;
  #lastTurnAt: number;
  static readonly CAPACITY = 10_000;

  constructor(options: {
    readonly clock: Clock;
    handle(item: T): void;
    /** Called once; the mailbox is sealed afterwards. */
    onOverflow(): void;
  }) {
    this.#clock = options.clock;
    this.#handle = options.handle;
    this.#onOverflow = options.onOverflow;
    this.#lastTurnAt = options.clock.monotonicMs();
  }

  post(item: T): void {
    if (this.#isSealed) return;
    if (this.#waiting.length >= Mailbox.CAPACITY) {
      this.#overflow();
      return;
    }
    this.#waiting.push(item);
    this.#turn();
  }

  /** Forgets what waits and takes nothing any more; what is being handled ends. */
  seal(): void {
    this.#isSealed = true;
    this.#waiting.length = 0;
  }

  /** How long something has been waiting without a turn; 0 when nothing waits. */
  stuckForMs(): number {
    return this.#waiting.length === 0 ? 0 : this.#clock.monotonicMs() - this.#lastTurnAt;
  }

  #overflow(): void {
    this.seal();
    this.#onOverflow();
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    try {
      let handled = 0;
      for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
        if (handled === Mailbox.CAPACITY) return this.#overflow();
        handled += 1;
        this.#handle(item);
        this.#lastTurnAt = this.#clock.monotonicMs();
      }
    } finally {
      this.#isTurning = false;
    }
  }
}
