/**
 * Takes one thing at a time, to completion. What is posted while something is being handled waits its turn, so a handler never sees a
 * half-made state. The bound holds for what waits and for one turn, and is far above anything a working account needs: reaching it means that
 * handling feeds itself.
 */
export class Mailbox<T> {
  readonly #handle: (item: T) => void;
  readonly #onOverflow: () => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting: T[] = [];
  #isTurning = false;
  #isSealed = false;
  #turns = 0;
  static readonly CAPACITY = 10_000;

  constructor(options: {
    handle(item: T): void;
    /** Called once; the mailbox is sealed afterwards. */
    onOverflow(): void;
    /** Handling an item threw. What waits is handled all the same, unless the mailbox is sealed. */
    onFailure(error: unknown): void;
  }) {
    this.#handle = options.handle;
    this.#onOverflow = options.onOverflow;
    this.#onFailure = options.onFailure;
  }

  /** Things handled so far. */
  get turns(): number {
    return this.#turns;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
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
        this.#handleSafely(item);
        this.#turns += 1;
      }
    } finally {
      this.#isTurning = false;
    }
  }

  #handleSafely(item: T): void {
    try {
      this.#handle(item);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
