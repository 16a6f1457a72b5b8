import { canonicalJson, keyOrder, type KeyOrder } from "./canonical-json.ts";
import { columnOfPath, findSyntaxProblem } from "./json-position.ts";
import { LogFormatError, type LogPosition, LogVersionError } from "./log-error.ts";
import { bootOfOld, modernize, shapeOfOld, versionOf } from "./modernize.ts";
import {
  type Dir,
  type Effect,
  type EffectKind,
  effectTable,
  envelopeFields,
  FORMAT,
  FORMAT_VERSION,
  type HeaderRecord,
  headerFields,
  inputTable,
  type LogRecord,
  worldTable,
} from "./record.ts";
import { checkFields, count, literal, type ShapeProblem, text } from "./schema.ts";

/** The longest line a log may hold. The scrubber and the shapes keep real records far below it. */
export const MAX_LINE_CHARACTERS = 65_536;

/** A log as read: the records in order, and the line each of them stands on. */
export interface ParsedLog {
  readonly records: readonly LogRecord[];
  /** Line number of `records[i]`, from 1. */
  readonly lines: readonly number[];
  /** The format version the file was written in, before modernising. */
  readonly version: number;
  /** The last line was cut off in the middle (a crash while writing) and was left out. */
  readonly tornTail: boolean;
}

export interface ReadOptions {
  /** Name for messages; never opened. */
  readonly file?: string;
  /** Read from the middle of a log: records before the first header are taken to be of today's version. */
  readonly startAnywhere?: boolean;
  /** A last line without line end that is not a record is left out instead of refused. */
  readonly allowTornTail?: boolean;
}

/**
 * Reads a whole log.
 *
 * @throws LogFormatError with line, column and field of the first thing that is wrong
 * @throws LogVersionError for a log from the future
 */
export function parseLog(content: string, options: ReadOptions = {}): ParsedLog {
  const reader = new LogReader(options);
  const texts = content.split("\n");
  const endsWithNewline = texts.at(-1) === "";
  if (endsWithNewline) texts.pop();
  const records: LogRecord[] = [];
  const lines: number[] = [];
  let tornTail = false;
  for (const [index, line] of texts.entries()) {
    const isLast = index === texts.length - 1;
    try {
      records.push(reader.read(line));
      lines.push(index + 1);
    } catch (error) {
      if (!(isLast && !endsWithNewline && options.allowTornTail === true)) throw error;
      tornTail = true;
    }
  }
  if (records.length === 0 && !tornTail && options.startAnywhere !== true) {
    throw new LogFormatError(
      { file: options.file ?? null, line: 1, column: 1, path: "" },
      "a log header in the first line, but the file is empty",
    );
  }
  return { records, lines, version: reader.version, tornTail };
}

/** Reads a log line by line, for a file that is still growing. Remembers what the headers said. */
export class LogReader {
  readonly #file: string | null;
  readonly #startAnywhere: boolean;
  #line = 0;
  #version: number | null = null;
  #boot: string | null = null;
  #lastSeq = -1;
  readonly #lastAt = new Map<string, number>();

  constructor(options: ReadOptions = {}) {
    this.#file = options.file ?? null;
    this.#startAnywhere = options.startAnywhere ?? false;
  }

  /** Format version of the part read last. */
  get version(): number {
    return this.#version ?? FORMAT_VERSION;
  }

  /**
   * The record on the next line (without its line end).
   *
   * @throws LogFormatError, LogVersionError; the reader may go on with the following line
   */
  read(line: string): LogRecord {
    this.#line += 1;
    if (line.length > MAX_LINE_CHARACTERS) {
      this.#fail(
        MAX_LINE_CHARACTERS + 1,
        "",
        `a line of at most ${MAX_LINE_CHARACTERS} characters`,
      );
    }
    const value = this.#parse(line);
    const record =
      value["kind"] === "log.header" ? this.#header(value, line) : this.#record(value, line);
    this.#checkOrder(record, line);
    return record;
  }

  #parse(line: string): Readonly<Record<string, unknown>> {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      const problem = findSyntaxProblem(line);
      this.#fail(problem?.column ?? 1, "", problem?.expected ?? "a JSON object");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.#fail(1, "", "a JSON object");
    }
    return value as Readonly<Record<string, unknown>>;
  }

  #header(value: Readonly<Record<string, unknown>>, line: string): HeaderRecord {
    const version = versionOf(value["format"], value["version"]);
    if (version === null) {
      const path = value["format"] === FORMAT ? "version" : "format";
      const expected = path === "format" ? JSON.stringify(FORMAT) : `${FORMAT_VERSION}`;
      this.#fail(columnOfPath(line, path), path, expected);
    }
    if (version > FORMAT_VERSION) {
      throw new LogVersionError(
        this.#position(columnOfPath(line, "version"), "version"),
        version,
        FORMAT_VERSION,
      );
    }
    this.#version = version;
    let current: unknown = value;
    if (version < FORMAT_VERSION) {
      this.#check(shapeOfOld(version, "log.header")?.check(value, "") ?? null, line);
      current = modernize(value, version, { boot: bootOfOld(version, value) });
    }
    this.#check(checkHeader(current), line);
    // Checked in the line above.
    const header = current as HeaderRecord;
    if (header.boot !== this.#boot) {
      this.#lastSeq = -1;
      this.#lastAt.clear();
    }
    this.#boot = header.boot;
    return header;
  }

  #record(value: Readonly<Record<string, unknown>>, line: string): LogRecord {
    const version = this.#version;
    if (version === null && !this.#startAnywhere) {
      this.#fail(columnOfPath(line, "kind"), "kind", '"log.header" in the first line');
    }
    if (version === null || version === FORMAT_VERSION) {
      this.#check(checkRecord(value), line);
      // Checked in the line above.
      return value as unknown as LogRecord;
    }
    const kind = value["kind"];
    const shape = typeof kind === "string" ? shapeOfOld(version, kind) : null;
    if (shape === null) {
      this.#fail(columnOfPath(line, "kind"), "kind", `a kind of format version ${version}`);
    }
    this.#check(shape.check(value, ""), line);
    const current = modernize(value, version, { boot: this.#boot ?? "" });
    this.#check(checkRecord(current as Readonly<Record<string, unknown>>), line);
    // Checked in the line above.
    return current as LogRecord;
  }

  /** Within a run `seq` rises, an account's time never goes back, and a decision follows what caused it. */
  #checkOrder(record: LogRecord, line: string): void {
    if (record.kind === "log.header") return;
    if (this.#boot !== null && record.boot !== this.#boot) {
      this.#fail(columnOfPath(line, "boot"), "boot", `"${this.#boot}" or a header of the new run`);
    }
    if (record.seq <= this.#lastSeq) {
      this.#fail(columnOfPath(line, "seq"), "seq", `a number above ${this.#lastSeq}`);
    }
    const lastAt = this.#lastAt.get(record.account) ?? 0;
    if (record.at < lastAt) {
      this.#fail(columnOfPath(line, "at"), "at", `a time not before ${lastAt}`);
    }
    if (record.dir === "out" && record.cause >= record.seq) {
      this.#fail(columnOfPath(line, "cause"), "cause", "the seq of an earlier record");
    }
    this.#lastSeq = record.seq;
    this.#lastAt.set(record.account, record.at);
  }

  #check(problem: ShapeProblem | null, line: string): void {
    if (problem !== null) {
      this.#fail(columnOfPath(line, problem.path), problem.path, problem.expected);
    }
  }

  #position(column: number | null, path: string): LogPosition {
    return { file: this.#file, line: this.#line, column, path };
  }

  #fail(column: number | null, path: string, expected: string): never {
    throw new LogFormatError(this.#position(column, path), expected);
  }
}

const TABLES = { in: inputTable, out: effectTable, world: worldTable } as const;

type Fields = Parameters<typeof checkFields>[0];
const NOTHING_ELSE: ReadonlySet<string> = new Set();
const decisionFields = { cause: count, rule: text } as const;

/** All fields of a record of this kind, envelope included; a kind's own field wins over one of the envelope with its name. */
const recordFields = new Map<string, Fields>();
for (const [dir, table] of Object.entries(TABLES)) {
  for (const [kind, fields] of Object.entries(table)) {
    recordFields.set(`${dir} ${kind}`, {
      ...envelopeFields,
      dir: literal(dir),
      kind: literal(kind),
      ...(dir === "out" ? decisionFields : {}),
      ...fields,
    });
  }
}

function checkRecord(value: Readonly<Record<string, unknown>>): ShapeProblem | null {
  const dir = value["dir"];
  if (dir !== "in" && dir !== "out" && dir !== "world") {
    return { path: "dir", expected: 'one of "in", "out", "world"' };
  }
  const fields = recordFields.get(`${dir} ${String(value["kind"])}`);
  if (fields === undefined) return { path: "kind", expected: `a kind of direction "${dir}"` };
  return checkFields(fields, value, "", NOTHING_ELSE);
}

const headerEnvelope = { dir: literal("in"), kind: literal("log.header") } as const;

function checkHeader(value: unknown): ShapeProblem | null {
  return checkFields({ ...headerEnvelope, ...headerFields }, value, "", NOTHING_ELSE);
}

/**
 * A record as one line of text, without line end. The same record always gives the same bytes: fields stand in the order of
 * the envelope, the kind's table, then `cause`, `rule` and the marks.
 */
export function serialiseRecord(record: LogRecord): string {
  return canonicalJson(record, recordOrder(record.dir, record.kind));
}

/** A whole log as text, one record per line. */
export function serialiseLog(records: readonly LogRecord[]): string {
  return records.map((record) => `${serialiseRecord(record)}\n`).join("");
}

/** The decided part of an effect or of its record (no envelope, no rule) as canonical text: equal texts, equal decisions. */
export function effectText(effect: Effect): string {
  return canonicalJson(effect, EFFECT_ORDERS[effect.kind]);
}

// Built from the table's own entries, so every kind has one.
const EFFECT_ORDERS = Object.fromEntries(
  Object.entries(effectTable).map(([kind, fields]) => [
    kind,
    keyOrder(["kind", ...Object.keys(fields)]),
  ]),
) as Readonly<Record<EffectKind, KeyOrder>>;

const RECORD_ORDERS = new Map<string, KeyOrder>([
  [
    "in log.header",
    keyOrder(["boot", "seq", "at", "dir", "kind"].concat(Object.keys(headerFields))),
  ],
]);
for (const [dir, table] of Object.entries(TABLES)) {
  for (const [kind, fields] of Object.entries(table)) {
    const envelope = ["boot", "seq", "at", "account", "dir", "kind"];
    const marks = ["cause", "rule", "assumed", "derived", "source"];
    RECORD_ORDERS.set(`${dir} ${kind}`, keyOrder(envelope.concat(Object.keys(fields), marks)));
  }
}

function recordOrder(dir: Dir, kind: string): KeyOrder {
  return RECORD_ORDERS.get(`${dir} ${kind}`) ?? [];
}
