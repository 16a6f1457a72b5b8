import type { TimedRecord } from "./feed-item.ts";

/** Records kept of one feed; the oldest are let go beyond that, and it is shown that they were. */
export const MAX_RECORDS = 200_000;
/** Let go at once, so that the work is spread thinly over many appends. */
const CHUNK = 4_096;

/**
 * The records of a feed in the order in which they came, with stable positions: record number `n` keeps its number although older ones are
 * let go.
 */
export class RecordBuffer {
  readonly #max: number;
  #chunks: TimedRecord[][] = [];
  /** Number of the first record still there; a multiple of the chunk size. */
  #first = 0;
  #end = 0;

  constructor(max: number = MAX_RECORDS) {
    this.#max = max;
  }

  /** Number of the oldest record still there. */
  get first(): number {
    return this.#first;
  }
  /** Number after the latest record. */
  get end(): number {
    return this.#end;
  }
  get length(): number {
    return this.#end - this.#first;
  }

  append(record: TimedRecord): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.length === CHUNK) this.#chunks.push([record]);
    else last.push(record);
    this.#end += 1;
    while (this.length > this.#max && this.#chunks.length > 1) {
      this.#first += this.#chunks.shift()?.length ?? 0;
    }
  }

  at(number: number): TimedRecord | undefined {
    const offset = number - this.#first;
    if (offset < 0) return undefined;
    return this.#chunks[Math.floor(offset / CHUNK)]?.[offset % CHUNK];
  }

  *from(number: number): Generator<TimedRecord> {
    for (let n = Math.max(number, this.#first); n < this.#end; n += 1) {
      const record = this.at(n);
      if (record !== undefined) yield record;
    }
  }

  /** The latest record with this run and number, searched from the end; -1 when it is not there. */
  find(boot: string, seq: number): number {
    for (let n = this.#end - 1; n >= this.#first; n -= 1) {
      const record = this.at(n)?.record;
      if (record?.seq === seq && record.boot === boot) return n;
    }
    return -1;
  }
}
