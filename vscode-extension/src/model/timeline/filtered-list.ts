import type { RecordBuffer } from "../record-buffer.ts";
import { lowerBound } from "./series.ts";
import { matcherOf, type RecordFilter, SHOW_ALL } from "./record-filter.ts";

/**
 * The record numbers that pass a filter, found a little at a time so that a long log never holds up a frame. New records are looked
 * at when their turn comes.
 */
export class FilteredList {
  #filter: RecordFilter = SHOW_ALL;
  #matches = matcherOf(SHOW_ALL);
  #numbers: number[] = [];
  #next = 0;

  get filter(): RecordFilter {
    return this.#filter;
  }
  /** Numbers found so far, ascending. */
  get numbers(): readonly number[] {
    return this.#numbers;
  }

  /** Begins anew with another filter. */
  set(filter: RecordFilter): void {
    this.#filter = filter;
    this.#matches = matcherOf(filter);
    this.#numbers = [];
    this.#next = 0;
  }

  /**
   * Looks at up to `budget` further records.
   *
   * @returns whether anything is left to look at
   */
  advance(buffer: RecordBuffer, budget: number): boolean {
    if (this.#next < buffer.first) {
      this.#numbers = this.#numbers.slice(lowerBound(this.#numbers, buffer.first));
      this.#next = buffer.first;
    }
    const until = Math.min(buffer.end, this.#next + budget);
    for (; this.#next < until; this.#next += 1) {
      const timed = buffer.at(this.#next);
      if (timed !== undefined && this.#matches(timed)) this.#numbers.push(this.#next);
    }
    return this.#next < buffer.end;
  }
}
