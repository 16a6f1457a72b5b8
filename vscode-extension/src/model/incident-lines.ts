import { describeCause } from "openclaw-whatsapp-continuity-plugin/core";
import { LogReader, type LogRecord, severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import { createCursor, describeEffect } from "openclaw-whatsapp-continuity-plugin/replay";
import { describeRecord } from "./describe-record.ts";

/** A stretch of lines, from 0, both included. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Lines of routine in a row that are worth folding away. */
const MIN_ROUTINE = 4;
/** The editor shows no more by itself; the big ones come first. */
const MAX_FOLDS = 5_000;
/** Lines read, or records gone through, between two rests. */
const PORTION = 250;
/** Every hint is as wide, so that the texts behind them stand in one column. */
const HINT_CHARACTERS = 64;
const NO_BREAK_SPACE = "\u00a0";

/** The text of an incident, line by line, for somebody who reads it in an editor. Lines that are no records are simply not explained. */
export class IncidentLines {
  readonly #records: readonly (LogRecord | null)[];
  /** Record number of a line among the records; the cursor counts those. */
  readonly #numbers: readonly number[];
  readonly #cursor: ReturnType<typeof createCursor>;
  /** Wall clock minus monotonic clock of each run. */
  readonly #wallOf = new Map<string, number>();

  readonly #folds: readonly Stretch[];

  /** Reads a text; rests between portions, because a long one takes longer than an editor may be held up. */
  static *read(text: string): Generator<undefined, IncidentLines> {
    const reader = new LogReader();
    const records: (LogRecord | null)[] = [];
    for (const line of text.split("\n")) {
      records.push(readLeniently(reader, line));
      if (records.length % PORTION === 0) yield;
    }
    yield;
    const folds: Stretch[] = [];
    for (const find of [runs, outages, routine]) {
      folds.push(...find(records).slice(0, MAX_FOLDS - folds.length));
      yield;
    }
    return new IncidentLines(records, folds);
  }

  private constructor(records: readonly (LogRecord | null)[], folds: readonly Stretch[]) {
    this.#records = records;
    this.#folds = folds;
    const present = this.#records.filter((record) => record !== null);
    let number = -1;
    this.#numbers = this.#records.map((record) => (record === null ? number : (number += 1)));
    this.#cursor = createCursor(present);
    for (const record of present) {
      if (record.kind === "log.header" && !this.#wallOf.has(record.boot))
        this.#wallOf.set(record.boot, Date.parse(record.startedAt) - record.at);
    }
  }

  get count(): number {
    return this.#records.length;
  }

  /** What stands before a line: the time since the run began and the record in a few words. */
  hint(line: number): string | null {
    const record = this.#records[line];
    if (record === undefined || record === null) return null;
    if (record.kind === "log.header") return inColumn(record.title ?? "a run begins");
    const mark = record.assumed === true ? " (assumed)" : "";
    return inColumn(`${clock(record.at)} ${ARROWS[record.dir]} ${describeRecord(record)}`, mark);
  }

  /** What there is to know about a line, as Markdown paragraphs; null where no record is. Far into a long text it takes a while. */
  *explain(line: number): Generator<undefined, readonly string[] | null> {
    const number = this.#numbers[line] ?? 0;
    for (let near = this.#cursor.index + PORTION; near < number; near += PORTION) {
      this.#cursor.seek(near);
      yield;
    }
    return this.#explain(line);
  }

  #explain(line: number): readonly string[] | null {
    const record = this.#records[line];
    if (record === undefined || record === null) return null;
    if (record.kind === "log.header") {
      return [
        `**${record.title ?? "A run begins"}**`,
        `Recorded by plugin ${record.plugin}, Baileys ${record.baileys}, from ${record.startedAt}.`,
      ];
    }
    const wallMs = (this.#wallOf.get(record.boot) ?? Number.NaN) + record.at;
    const wall = Number.isNaN(wallMs) ? "" : `, ${new Date(wallMs).toISOString()}`;
    const marks = [
      record.assumed === true ? "assumed" : "",
      record.derived === true ? "derived" : "",
    ];
    return [
      `**${describeRecord(record)}**`,
      [`${clock(record.at)}${wall}, account ${record.account}`, ...marks]
        .filter((part) => part !== "")
        .join(", "),
      ...this.#decisionAt(line, record),
    ];
  }

  #decisionAt(line: number, record: LogRecord): readonly string[] {
    if (record.kind === "log.header" || record.dir !== "in") return [];
    this.#cursor.seek(this.#numbers[line] ?? 0);
    const { decision } = this.#cursor;
    if (decision === null) return [];
    const causes = decision.effects.flatMap(({ effect }) =>
      effect.kind === "status.publish" && effect.causeId !== null ? [effect.causeId] : [],
    );
    const effects = decision.effects.flatMap(({ effect }) => describeEffect(effect) ?? []);
    return [
      ...[...new Set(causes)].map((id) => {
        const { sentence, action } = describeCause(id);
        return `Cause \`${id}\`: ${sentence} ${action}.`;
      }),
      `Decided by \`${decision.rule}\`: ${effects.length === 0 ? "nothing to do" : effects.join("; ")}.`,
      ...(decision.breach === null ? [] : [`Breaks ${decision.breach.invariant}.`]),
    ];
  }

  /** What can be folded away: runs, outages, and routine. None overlaps another without lying within it. */
  folds(): readonly Stretch[] {
    return this.#folds;
  }
}

type Lines = readonly (LogRecord | null)[];

function runs(records: Lines): readonly Stretch[] {
  const starts: number[] = [];
  let boot: string | null = null;
  for (const [line, record] of records.entries()) {
    if (record?.kind !== "log.header" || record.boot === boot) continue;
    boot = record.boot;
    starts.push(line);
  }
  const last = records.findLastIndex((record) => record !== null);
  return starts.map((start, index) => ({ start, end: (starts[index + 1] ?? last + 1) - 1 }));
}

/** From a close to the next login. With several accounts their outages could cross, so they stay open. */
function outages(records: Lines): readonly Stretch[] {
  const accounts = new Set(
    records.flatMap((record) =>
      record === null || record.kind === "log.header" ? [] : [record.account],
    ),
  );
  if (accounts.size > 1) return [];
  const stretches: Stretch[] = [];
  let start: number | null = null;
  for (const [line, record] of records.entries()) {
    if (record?.kind === "log.header") start = null;
    else if (record?.kind === "socket.closed") start ??= line;
    else if (record?.kind === "socket.opened" && start !== null) {
      stretches.push({ start, end: line });
      start = null;
    }
  }
  return stretches;
}

function routine(records: Lines): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let start: number | null = null;
  for (let line = 0; line <= records.length; line += 1) {
    const record = records[line];
    const isRoutine =
      record !== undefined &&
      record !== null &&
      record.kind !== "log.header" &&
      severityOf(record) === "debug" &&
      !(record.kind === "timer.fired" && record.timer === "reconnect");
    if (isRoutine) start ??= line;
    else if (start !== null) {
      if (line - start >= MIN_ROUTINE) stretches.push({ start, end: line - 1 });
      start = null;
    }
  }
  return stretches;
}

const ARROWS = { in: "<-", out: "->", world: "o" } as const;

function inColumn(text: string, mark = ""): string {
  const room = HINT_CHARACTERS - mark.length;
  const cut = text.length <= room ? text : `${text.slice(0, room - 3)}...`;
  return `${cut}${mark}`.padEnd(HINT_CHARACTERS, NO_BREAK_SPACE);
}

function readLeniently(reader: LogReader, line: string): LogRecord | null {
  try {
    return reader.read(line);
  } catch {
    // The codec tells its mistakes where a file is opened as a whole; an editor may hold half a line.
    return null;
  }
}

/** `+0:31:03.238`. */
function clock(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  const minutes = String(Math.floor(ms / 60_000) % 60).padStart(2, "0");
  return `+${hours}:${minutes}:${((ms % 60_000) / 1_000).toFixed(3).padStart(6, "0")}`;
}
