import type { ControllerId, Input } from "../events/index.ts";
import type { HeldLock, OwnerLock } from "./ports.ts";

/** How long a claim waits for the previous owner in this process to let go; then the lock itself answers. */
const PREDECESSOR_LIMIT_MS = 5_000;

/** What the lease reports to and waits for. */
export interface LeaseSurroundings {
  post(input: Input): void;
  /** Other processes' names and file names lead to people. */
  scrub(text: string): string;
  socketsGone(): Promise<void>;
  predecessorsGone(limitMs: number): Promise<void>;
}

/**
 * The right to use an auth directory, asked for and given back by the core. Claims and releases are carried out in order, and a release waits until
 * the sockets are gone, because the next owner would be thrown out by a socket that still lives.
 */
export class OwnerLease {
  readonly #authDir: string;
  readonly #lock: OwnerLock;
  #surroundings: LeaseSurroundings;
  #wanted = false;
  #held: HeldLock | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(authDir: string, lock: OwnerLock, surroundings: LeaseSurroundings) {
    this.#authDir = authDir;
    this.#lock = lock;
    this.#surroundings = surroundings;
  }

  /** A successor controller goes on with the lease: it hears the answers from now on. */
  attach(surroundings: LeaseSurroundings): void {
    this.#surroundings = surroundings;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** Answered by `owner.resolved`. */
  claim(_controllerId: ControllerId): void {
    this.#wanted = true;
    this.#enqueue(async () => {
      if (!this.#wanted) return;
      if (this.#held !== null) {
        this.#surroundings.post({ kind: "owner.resolved", result: "acquired" });
        return;
      }
      await this.#surroundings.predecessorsGone(PREDECESSOR_LIMIT_MS);
      await this.#acquire();
    });
  }

  giveBack(): void {
    this.#wanted = false;
    this.#enqueue(async () => {
      // Claimed again in the meantime: the directory stays ours.
      if (this.#wanted) return;
      try {
        await this.#surroundings.socketsGone();
      } finally {
        // Whatever failed on the way: a lease that nobody gives back keeps the account dead.
        await this.#drop();
      }
    });
  }

  /**
   * Who else has the directory while we believe to use it; null when it is ours. A lock that somebody took from us is given up, and one
   * that nobody has is taken again.
   */
  async otherOwner(): Promise<string | null> {
    const usurper = (await this.#held?.takenBy()) ?? null;
    if (usurper !== null) {
      await this.#drop();
      return usurper;
    }
    if (this.#held !== null) return null;
    const answer = await this.#lock.acquire(this.#authDir);
    if (answer.result === "busy") return answer.holder ?? "another process";
    this.#held = answer;
    return null;
  }

  /** Resolves when every claim and release so far is done. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #acquire(): Promise<void> {
    const answer = await this.#lock.acquire(this.#authDir);
    if (answer.result === "busy") {
      const { scrub } = this.#surroundings;
      const holder = answer.holder === null ? {} : { holder: scrub(answer.holder) };
      this.#surroundings.post({ kind: "owner.resolved", result: "busy", ...holder });
      return;
    }
    this.#held = answer;
    if (this.#wanted) this.#surroundings.post({ kind: "owner.resolved", result: "acquired" });
  }

  async #drop(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    // Removes the lock file only while it is the one that was taken.
    await held?.release();
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#surroundings.post({
        kind: "fault.raised",
        origin: "effect",
        socketId: null,
        error: { name: "OwnerLockFailed", message: this.#surroundings.scrub(message) },
      });
      // Without an answer the core would wait for ever; it asks again after a while.
      if (this.#wanted && this.#held === null) {
        this.#surroundings.post({ kind: "owner.resolved", result: "busy" });
      }
    });
  }
}
