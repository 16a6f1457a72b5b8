import { describeCause } from "openclaw-whatsapp-continuity-plugin/core";
import { LogReader, type LogRecord, severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import {
  createCursor,
  describeEffect,
  formatDuration,
} from "openclaw-whatsapp-continuity-plugin/replay";
import { describeRecord } from "./describe-record.ts";

/** A stretch of lines, from 0, both included. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Lines of routine in a row that are worth folding away. */
const MIN_ROUTINE = 4;
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

  constructor(text: string) {
    const reader = new LogReader();
    this.#records = text.split("\n").map((line) => readLeniently(reader, line));
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
    return inColumn(`${clock(record.at)} ${ARROWS[record.dir]} ${describeRecord(record)}`);
  }

  /** What there is to know about a line, as Markdown paragraphs; null where no record is. */
  explain(line: number): readonly string[] | null {
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
    return [...this.#runs(), ...this.#outages(), ...this.#routine()];
  }

  #runs(): readonly Stretch[] {
    const starts: number[] = [];
    let boot: string | null = null;
    for (const [line, record] of this.#records.entries()) {
      if (record?.kind !== "log.header" || record.boot === boot) continue;
      boot = record.boot;
      starts.push(line);
    }
    return starts.map((start, index) => ({
      start,
      end: (starts[index + 1] ?? this.#lastLine() + 1) - 1,
    }));
  }

  /** From a close to the next login. With several accounts their outages could cross, so they stay open. */
  #outages(): readonly Stretch[] {
    const accounts = new Set(
      this.#records.flatMap((record) =>
        record === null || record.kind === "log.header" ? [] : [record.account],
      ),
    );
    if (accounts.size > 1) return [];
    const stretches: Stretch[] = [];
    let start: number | null = null;
    for (const [line, record] of this.#records.entries()) {
      if (record?.kind === "log.header") start = null;
      else if (record?.kind === "socket.closed") start ??= line;
      else if (record?.kind === "socket.opened" && start !== null) {
        stretches.push({ start, end: line });
        start = null;
      }
    }
    return stretches;
  }

  #routine(): readonly Stretch[] {
    const stretches: Stretch[] = [];
    let start: number | null = null;
    for (let line = 0; line <= this.#records.length; line += 1) {
      const record = this.#records[line];
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

  #lastLine(): number {
    return this.#records.findLastIndex((record) => record !== null);
  }

  /** Length of the story, for a lens. */
  span(): string {
    const lastOfRun = new Map<string, number>();
    for (const record of this.#records) if (record !== null) lastOfRun.set(record.boot, record.at);
    return formatDuration([...lastOfRun.values()].reduce((sum, at) => sum + at, 0));
  }
}

const ARROWS = { in: "<-", out: "->", world: "o" } as const;

function inColumn(text: string): string {
  const cut = text.length <= HINT_CHARACTERS ? text : `${text.slice(0, HINT_CHARACTERS - 3)}...`;
  return cut.padEnd(HINT_CHARACTERS, NO_BREAK_SPACE);
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
