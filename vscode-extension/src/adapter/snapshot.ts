import { describeRecord } from "../model/describe-record.ts";
import type { RecordBuffer } from "../model/record-buffer.ts";

/** Lines of one snapshot at most, before and after the record that was asked for. */
const LINES_AROUND = 2_500;

/** A piece of a live buffer as readable text: one line per record. Fixed once made, so lines keep their meaning. */
export class Snapshot {
  readonly reference: number;
  readonly text: string;
  readonly #from: number;
  readonly #to: number;

  constructor(reference: number, buffer: RecordBuffer, around: number) {
    this.reference = reference;
    this.#from = Math.max(buffer.first, around - LINES_AROUND);
    this.#to = Math.min(buffer.end, around + LINES_AROUND);
    const lines: string[] = [];
    for (let number = this.#from; number < this.#to; number += 1) {
      const timed = buffer.at(number);
      if (timed === undefined) continue;
      const { record, wallMs } = timed;
      const clock = new Date(wallMs).toISOString().slice(11, 23);
      const account = record.kind === "log.header" ? "-" : record.account;
      const arrow = ARROWS[record.dir];
      const rule = record.dir === "out" ? `   [${record.rule}]` : "";
      lines.push(
        `${clock}  ${account.padEnd(10)} ${arrow} ${record.kind.padEnd(20)} ${describeRecord(record)}${rule}`,
      );
    }
    this.text = lines.join("\n");
  }

  /** Line of a record, from 1; null when it lies outside. */
  line(number: number): number | null {
    return number >= this.#from && number < this.#to ? number - this.#from + 1 : null;
  }

  /** Number of the record on a line, from 1; null when there is no such line. */
  record(line: number): number | null {
    const number = this.#from + line - 1;
    return number >= this.#from && number < this.#to ? number : null;
  }
}

const ARROWS = { in: "<-", out: "->", world: "o " } as const;
