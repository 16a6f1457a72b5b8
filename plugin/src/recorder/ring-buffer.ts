import type { AccountId, LogRecord } from "../events/index.ts";

/** Which records are wanted; see {@link RingBuffer.read}. */
export interface RecordFilter {
  readonly accountId?: AccountId | undefined;
  /** Lowest sequence number wanted. */
  readonly fromSeq?: number | undefined;
  readonly limit: number;
}

/** Records kept in memory: about a day of a quiet account, minutes of a busy drain. */
export const RING_CAPACITY = 10_000;

/** The newest records of all accounts. The oldest gives way and is counted. */
export class RingBuffer {
  readonly #records: (LogRecord | undefined)[];
  #next = 0;
  #count = 0;
  #evicted = 0;

  constructor(capacity: number = RING_CAPACITY) {
    this.#records = Array.from({ length: capacity });
  }

  /** Records that gave way to newer ones. */
  get evicted(): number {
    return this.#evicted;
  }

  get size(): number {
    return this.#count;
  }

  append(record: LogRecord): void {
    if (this.#count === this.#records.length) this.#evicted += 1;
    else this.#count += 1;
    this.#records[this.#next] = record;
    this.#next = (this.#next + 1) % this.#records.length;
  }

  /** All records, oldest first. */
  *[Symbol.iterator](): Iterator<LogRecord> {
    const capacity = this.#records.length;
    const first = (this.#next - this.#count + capacity) % capacity;
    for (let offset = 0; offset < this.#count; offset += 1) {
      const record = this.#records[(first + offset) % capacity];
      if (record !== undefined) yield record;
    }
  }

  /** With `fromSeq` the first matching records from there on, without it the last ones; oldest first. */
  read({ accountId, fromSeq, limit }: RecordFilter): LogRecord[] {
    const matching = [...this].filter(
      (record) =>
        (accountId === undefined || accountOf(record) === accountId) &&
        (fromSeq === undefined || record.seq >= fromSeq),
    );
    return fromSeq === undefined ? matching.slice(-limit) : matching.slice(0, limit);
  }

  /** Sequence number of the oldest record that is still here. */
  firstSeq(): number {
    for (const record of this) return record.seq;
    return 0;
  }
}

export function accountOf(record: LogRecord): AccountId | null {
  return record.kind === "log.header" ? null : record.account;
}
