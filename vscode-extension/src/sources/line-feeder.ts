import { AnyLogReader, type TimedRecord } from "openclaw-whatsapp-continuity-plugin/explain";
import type { FeedBatch, StreamGap } from "../model/feed-item.ts";

/** Problems of one file that are told one by one; the others are counted. */
const MAX_PROBLEMS = 100;

/** Turns lines into batches: what could not be read becomes a gap with its line number, never silence. */
export class LineFeeder {
  readonly reader: AnyLogReader;
  #fatal: string | null = null;
  #problems = 0;
  #lastMs: number;

  constructor(label: string, fallbackMs: number, scrub: (text: string) => string) {
    this.reader = new AnyLogReader({ label, fallbackMs, scrub });
    this.#lastMs = fallbackMs;
  }

  /** Why nothing more can be read (a log of a future version); null while reading goes on. */
  get fatal(): string | null {
    return this.#fatal;
  }
  /** Lines that could not be read. */
  get problems(): number {
    return this.#problems;
  }
  /** Wall clock of the latest record. */
  get lastMs(): number {
    return this.#lastMs;
  }

  read(lines: readonly string[]): FeedBatch {
    const records: TimedRecord[] = [];
    const gaps: StreamGap[] = [];
    for (const line of lines) {
      const result = this.reader.read(line);
      for (const record of result.records) records.push(record);
      this.#lastMs = result.records.at(-1)?.wallMs ?? this.#lastMs;
      if (result.problem === null) continue;
      this.#problems += 1;
      const { sentence } = result.problem;
      if (this.#problems <= MAX_PROBLEMS) gaps.push({ wallMs: this.#lastMs, sentence, lost: 1 });
      if (result.problem.fatal) {
        this.#fatal = sentence;
        break;
      }
    }
    return { records, gaps };
  }

  gap(sentence: string, lost: number | null = null): FeedBatch {
    return { records: [], gaps: [{ wallMs: this.#lastMs, sentence, lost }] };
  }
}
