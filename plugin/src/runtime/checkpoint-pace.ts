const EVERY_INPUTS = 100;
const EVERY_MS = 5 * 60_000;

/** When to keep where an account stands: before the first input of a controller, then every so often, so that a capture begins close by. */
export class CheckpointPace {
  /** Inputs since the last checkpoint; null before the first. */
  #since: number | null = null;
  #at = 0;

  /**
   * Counts one input.
   *
   * @param at monotonic milliseconds
   * @returns whether a checkpoint is due before it, and whether it is this controller's first
   */
  next(at: number): "first" | "due" | null {
    const since = this.#since;
    const isDue = since === null || since >= EVERY_INPUTS || at - this.#at >= EVERY_MS;
    this.#since = isDue ? 0 : since + 1;
    if (!isDue) return null;
    this.#at = at;
    return since === null ? "first" : "due";
  }
}
