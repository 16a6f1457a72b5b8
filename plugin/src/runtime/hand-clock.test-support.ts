import type { Clock, Timers } from "./ports.ts";

/** Time that stands until a test moves it. */
export class HandClock implements Clock, Timers {
  #nowMs = 0;
  #wallOffsetMs = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  start(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get running(): number {
    return this.#timers.size;
  }

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs);
      const [next] = due.toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** The event loop stood still: time passed and what came due runs only now. */
  stall(byMs: number): void {
    const due = [...this.#timers];
    this.#nowMs += byMs;
    for (const timer of due) {
      if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.run();
    }
  }

  /** The wall clock was set, or the host slept. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
