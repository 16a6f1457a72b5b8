/**
 * Points in time in ascending order with a value each. Appending at the end is cheap; a point that comes late is put in its place.
 * Finding costs the logarithm of the length, so drawing depends on the pixels and not on the records.
 */
export class MarkSeries {
  #times: number[] = [];
  #values: number[] = [];

  get length(): number {
    return this.#times.length;
  }

  add(timeMs: number, value: number): void {
    const last = this.#times.at(-1);
    if (last === undefined || timeMs >= last) {
      this.#times.push(timeMs);
      this.#values.push(value);
      return;
    }
    const index = this.firstAt(timeMs + 1);
    this.#times.splice(index, 0, timeMs);
    this.#values.splice(index, 0, value);
  }

  /** Index of the first point at or after a time. */
  firstAt(timeMs: number): number {
    return lowerBound(this.#times, timeMs);
  }

  time(index: number): number {
    return this.#times[index] ?? Number.NaN;
  }
  value(index: number): number {
    return this.#values[index] ?? -1;
  }

  /** Lets go of everything before a time. */
  dropBefore(timeMs: number): void {
    const keep = this.firstAt(timeMs);
    if (keep === 0) return;
    this.#times = this.#times.slice(keep);
    this.#values = this.#values.slice(keep);
  }
}

/** Spans of one lane: one ends before or when the next begins. The last one may be open. */
export class SpanSeries {
  #starts: number[] = [];
  #ends: number[] = [];
  #styles: string[] = [];
  #records: number[] = [];

  get length(): number {
    return this.#starts.length;
  }

  /** Begins a span; one that is still open ends here. Ignored when it would begin before the last one. */
  begin(startMs: number, style: string, record: number): void {
    const last = this.length - 1;
    if (last >= 0 && startMs < (this.#starts[last] ?? 0)) return;
    this.end(startMs);
    this.#starts.push(startMs);
    this.#ends.push(Number.POSITIVE_INFINITY);
    this.#styles.push(style);
    this.#records.push(record);
  }

  /** Ends the open span, if there is one. */
  end(endMs: number): void {
    const last = this.length - 1;
    if (this.#ends[last] === Number.POSITIVE_INFINITY) {
      this.#ends[last] = Math.max(endMs, this.#starts[last] ?? endMs);
    }
  }

  /** The style of the open span, null when none is open. */
  get open(): string | null {
    const last = this.length - 1;
    return this.#ends[last] === Number.POSITIVE_INFINITY ? (this.#styles[last] ?? null) : null;
  }

  /** Index of the first span that ends after a time. */
  firstEndingAfter(timeMs: number): number {
    return lowerBound(this.#ends, timeMs);
  }

  start(index: number): number {
    return this.#starts[index] ?? Number.NaN;
  }
  /** Infinity while the span is open. */
  endOf(index: number): number {
    return this.#ends[index] ?? Number.NaN;
  }
  style(index: number): string {
    return this.#styles[index] ?? "";
  }
  record(index: number): number {
    return this.#records[index] ?? -1;
  }

  dropBefore(timeMs: number): void {
    const keep = this.firstEndingAfter(timeMs);
    if (keep === 0) return;
    this.#starts = this.#starts.slice(keep);
    this.#ends = this.#ends.slice(keep);
    this.#styles = this.#styles.slice(keep);
    this.#records = this.#records.slice(keep);
  }
}

/** Index of the first element that is not below the value, in an ascending list. */
export function lowerBound(ascending: readonly number[], value: number): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
