import type { LogRecord } from "../events/index.ts";
import type { Timers } from "../runtime/ports.ts";

/** Live event `plugin.whatsapp-continuity.records`, and the answer of the records RPC. */
export interface RecordBatch {
  /** The run that the sequence numbers belong to. */
  readonly boot: string;
  /** Sequence number of the first record; of the next one when the batch is empty. */
  readonly fromSeq: number;
  readonly records: readonly LogRecord[];
  /** Records that readers will not see in this stream since the last batch; the spool file has them. */
  readonly dropped: number;
}

const FLUSH_AFTER_MS = 100;
/** A batch stays far below the gateway's limit for a frame. */
const MAX_BATCH = 200;
const BATCHES_PER_FLUSH = 5;
/** Records that may wait: a burst longer than the flushes can carry is cut at its oldest end. */
const MAX_WAITING = 4_000;

/** Sends records to live readers in small batches, without ever waiting for one. */
export class LiveStream {
  readonly #boot: string;
  readonly #timers: Timers;
  readonly #emit: (batch: RecordBatch) => void;
  #waiting: LogRecord[] = [];
  #dropped = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: { boot: string; timers: Timers; emit(batch: RecordBatch): void }) {
    this.#boot = options.boot;
    this.#timers = options.timers;
    this.#emit = (batch) => options.emit(batch);
  }

  append(record: LogRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      this.#dropped += MAX_BATCH;
    }
    this.#cancelTimer ??= this.#timers.start(FLUSH_AFTER_MS, () => this.flush());
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (let sent = 0; sent < BATCHES_PER_FLUSH && this.#waiting.length > 0; sent += 1) {
      const records = this.#waiting.slice(0, MAX_BATCH);
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#emit({ boot: this.#boot, fromSeq: records[0]?.seq ?? 0, records, dropped });
    }
    if (this.#waiting.length > 0) {
      this.#cancelTimer = this.#timers.start(FLUSH_AFTER_MS, () => this.flush());
    }
  }
}
