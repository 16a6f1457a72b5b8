/** Monotonic time for decisions, wall time only for people and for the status the gateway compares with its own clock. */
export interface Clock {
  /** Milliseconds on the monotonic clock; never jumps with the wall clock. */
  monotonicMs(): number;
  /** Milliseconds since the epoch. */
  wallMs(): number;
}

export interface Timers {
  /** Calls `run` once after `delayMs`; returns how to cancel it. Must not keep the process alive. */
  start(delayMs: number, run: () => void): () => void;
}
