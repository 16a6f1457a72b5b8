/** What is still to happen in a completed story, in order of time and, within a millisecond, of planning. */
export class Agenda {
  readonly #entries: { readonly at: number; readonly order: number; readonly run: () => void }[] =
    [];
  readonly #cancelled = new Set<number>();
  #order = 0;

  /** Plans `run` for `at`; returns a number to cancel it by. */
  plan(at: number, run: () => void): number {
    const order = this.#order;
    this.#order += 1;
    let index = this.#entries.length;
    while (index > 0 && (this.#entries[index - 1]?.at ?? 0) > at) index -= 1;
    this.#entries.splice(index, 0, { at, order, run });
    return order;
  }

  cancel(order: number): void {
    this.#cancelled.add(order);
  }

  /** Takes the next entry that is due at or before `until`, or null. */
  take(until: number): { readonly at: number; readonly run: () => void } | null {
    for (;;) {
      const next = this.#entries[0];
      if (next === undefined || next.at > until) return null;
      this.#entries.shift();
      if (!this.#cancelled.delete(next.order)) return next;
    }
  }
}
