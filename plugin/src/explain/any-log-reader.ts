import { isLogFormatError, isLogVersionError, type LogRecord, LogReader } from "../events/index.ts";
import { isOwnLogLine, LogImporter, recordOfLogLine } from "../recorder/importers/index.ts";
import { type TimedRecord, WallClock } from "./timed-record.ts";

export interface AnyLogReaderOptions {
  /** Names the log in messages. */
  readonly label: string;
  /** Wall clock for lines that give no date; the file's modification time, or now. */
  readonly fallbackMs: number;
  readonly scrub: (text: string) => string;
}

/** What was wrong with a line that looked like one of ours. */
export interface LineProblem {
  readonly line: number;
  readonly sentence: string;
  /** A log of a future version: nothing that follows can be read. */
  readonly fatal: boolean;
}

export interface LineResult {
  readonly records: readonly TimedRecord[];
  readonly problem: LineProblem | null;
}

const NOTHING: LineResult = { records: [], problem: null };
/** A record, or the beginning of one, plain or as text inside a text. */
const OWN = /\\?"boot\\?"\s*:\s*\\?"/;
const MAX_READERS = 64;

/**
 * Reads any log that can tell about a WhatsApp account, line by line: our records as they are, our records inside the gateway's
 * JSON log or the output of `openclaw logs --json`, and the lines of the official plugin and of the gateway's supervision.
 */
export class AnyLogReader {
  readonly #options: AnyLogReaderOptions;
  readonly #clock = new WallClock();
  readonly #importer: LogImporter;
  /** Each run is checked for its own order: in a gateway's log the lines of two runs may be interleaved. */
  readonly #readers = new Map<string, LogReader>();
  readonly #seen = new SeenRecords();
  /** A log of records and nothing else: there, a line that is no record is damage and not somebody else's line. */
  #isPlain = false;
  #line = 0;
  #recognised = 0;

  constructor(options: AnyLogReaderOptions) {
    this.#options = options;
    this.#importer = new LogImporter(options);
  }

  /** Lines read so far. */
  get lines(): number {
    return this.#line;
  }

  /** Lines that said something about a WhatsApp account. */
  get recognised(): number {
    return this.#recognised;
  }

  read(line: string): LineResult {
    this.#line += 1;
    const result = this.#readAny(line);
    if (result.records.length > 0) this.#recognised += 1;
    return result;
  }

  /**
   * Records that came another way (a live event, an RPC): those already read are left out. Where no header gave the time of their run,
   * the latest of them is taken to have just happened.
   */
  accept(records: readonly LogRecord[], seenMs: number): readonly TimedRecord[] {
    const latest = records.findLast((record) => record.kind !== "log.header");
    const headers = records.some((record) => record.kind === "log.header");
    if (latest !== undefined && !headers) this.#clock.assume(latest, seenMs);
    return records.flatMap((record) => this.#timed(record, seenMs) ?? []);
  }

  #readAny(line: string): LineResult {
    if (OWN.test(line)) {
      const own = this.#readOwn(line);
      if (own !== null) return own;
    }
    if (this.#isPlain && line.trim() !== "") {
      return { records: [], problem: this.#notARecord() };
    }
    const { records, ms } = this.#importer.read(line);
    if (records.length === 0) return NOTHING;
    return { records: records.flatMap((record) => this.#timed(record, ms) ?? []), problem: null };
  }

  #readOwn(line: string): LineResult | null {
    const trimmed = line.trim();
    const isPlain = trimmed.startsWith('{"boot"');
    const wrapped = isPlain ? null : unwrap(trimmed);
    if (wrapped === null && !isPlain) return null;
    this.#isPlain ||= isPlain;
    const texts = wrapped?.texts ?? [trimmed];
    const records: TimedRecord[] = [];
    for (const text of texts) {
      try {
        const record = this.#reader(text).read(text);
        records.push(...(this.#timed(record, wrapped?.ms ?? this.#options.fallbackMs) ?? []));
      } catch (error) {
        return { records, problem: this.#problem(error) };
      }
    }
    return { records, problem: null };
  }

  #reader(text: string): LogReader {
    const boot = /"boot"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? "";
    const known = this.#readers.get(boot);
    if (known !== undefined) return known;
    if (this.#readers.size >= MAX_READERS) {
      const [oldest] = this.#readers.keys();
      if (oldest !== undefined) this.#readers.delete(oldest);
    }
    const reader = new LogReader({ startAnywhere: true, file: this.#options.label });
    this.#readers.set(boot, reader);
    return reader;
  }

  #timed(record: LogRecord, seenMs: number): readonly [TimedRecord] | null {
    if (record.kind === "log.header") this.#clock.header(record);
    else if (!this.#seen.add(record)) return null;
    this.#clock.assume(record, seenMs);
    return [{ record, wallMs: this.#clock.wallMs(record) }];
  }

  #notARecord(): LineProblem {
    const sentence = `${this.#options.label}:${this.#line}: this line is not a record; it was left out.`;
    return { line: this.#line, sentence, fatal: false };
  }

  #problem(error: unknown): LineProblem {
    const own = isLogFormatError(error) || isLogVersionError(error) ? error : null;
    if (own === null) throw error;
    // The reader of a run counts its own lines; people count those of the file.
    const sentence = own.message.replace(/:\d+(?=[: ])/, `:${this.#line}`);
    return { line: this.#line, sentence, fatal: isLogVersionError(error) };
  }
}

/** A record is told twice when a live event and the log carry it; runs and their highest numbers are enough to notice. */
class SeenRecords {
  readonly #byBoot = new Map<string, Set<number>>();

  /** @returns false when it was there before */
  add(record: LogRecord): boolean {
    const seen = this.#byBoot.get(record.boot) ?? new Set<number>();
    this.#byBoot.set(record.boot, seen);
    if (seen.has(record.seq)) return false;
    seen.add(record.seq);
    if (seen.size > MAX_SEEN) {
      for (const seq of seen) {
        if (seen.size <= MAX_SEEN / 2) break;
        seen.delete(seq);
      }
    }
    return true;
  }
}
const MAX_SEEN = 200_000;

/** The records that a line of the gateway's log carries, each as the text of one record. */
function unwrap(
  line: string,
): { readonly texts: readonly string[]; readonly ms: number | undefined } | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const texts: string[] = [];
  collect(value, texts, 0);
  const time = (value as { readonly time?: unknown } | null)?.time;
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return texts.length === 0 ? null : { texts, ms: Number.isFinite(ms) ? ms : undefined };
}

const MAX_DEPTH = 4;

function collect(value: unknown, into: string[], depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (typeof value === "string") {
    if (!value.includes('"dir"') || !value.startsWith("{")) return;
    const inner = unwrap(value);
    if (inner !== null) into.push(...inner.texts);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into, depth + 1);
    return;
  }
  const object = value as Readonly<Record<string, unknown>>;
  if (isOwnLogLine(object)) {
    const record = recordOfLogLine(object);
    if (record !== null) into.push(JSON.stringify(record));
    return;
  }
  if (typeof object["dir"] === "string" && typeof object["boot"] === "string") {
    into.push(JSON.stringify(object));
    return;
  }
  for (const item of Object.values(object)) {
    collect(item, into, depth + 1);
    // The message text and the bindings repeat what the record says.
    if (into.length > 0) return;
  }
}
