import type { Clock } from "../../src/runtime/ports.ts";
import type { Machine } from "./world-player.ts";

/**
 * The clocks of a machine in virtual time. Both follow the mocked `Date`; a stall of the event loop and a jump of the wall clock are made by
 * moving one of them without the timers.
 */
export class VirtualClock implements Clock, Machine {
  readonly #startMs = Date.now();
  #stalledMs = 0;
  #jumpedMs = 0;

  monotonicMs(): number {
    return Date.now() - this.#startMs + this.#stalledMs;
  }

  wallMs(): number {
    return Date.now() + this.#stalledMs + this.#jumpedMs;
  }

  /** The event loop did not turn for this long. */
  stall(ms: number): void {
    this.#stalledMs += ms;
  }

  /** The wall clock was set, or the host slept: the monotonic clock does not run meanwhile. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }
}
