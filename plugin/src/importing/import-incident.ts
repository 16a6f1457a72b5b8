import {
  isLogFormatError,
  isLogVersionError,
  type LogRecord,
  parseLog,
  renumberPseudonyms,
  scrubText,
  serialiseLog,
} from "../events/index.ts";
import { AnyLogReader } from "../explain/index.ts";
import {
  inOrderOfTime,
  LogImporter,
  MAX_PASTED_CHARACTERS,
  type PastedText,
  readPastedText,
} from "../recorder/importers/index.ts";
import { completeReport, type Report } from "../replay/index.ts";
import { reportOfRecords, type ToldRecord } from "./report-of-records.ts";

export interface ImportOptions {
  /** What the text is, in a few words: a file name, or where it was published. */
  readonly label: string;
  readonly title?: string;
  /** Stands in for dates that the text does not give; wall clock milliseconds. */
  readonly fallbackMs: number;
  /** Zone of times that give none, minutes east of UTC; null: what the text says, else UTC. */
  readonly utcOffsetMinutes: number | null;
  readonly versions: { readonly plugin: string; readonly baileys: string };
  /** Removes what identifies people; see `createPseudonymiser`. */
  readonly scrub: (text: string) => string;
}

/** An incident that was read from somebody's text, and what a person should know before trusting it. */
export interface ImportedIncident {
  /** Content of an incident file. */
  readonly text: string;
  readonly records: number;
  readonly accounts: readonly string[];
  /** Lines of the text, and how many of them said something about a WhatsApp account. */
  readonly lines: number;
  readonly recognised: number;
  /** Facts that stand in the text, those of them with their exact time, and facts that were added because they must have been so. */
  readonly told: number;
  readonly observed: number;
  readonly added: number;
  /** Facts that are marked so: what was added, and what was told without its exact time. */
  readonly assumed: number;
  /** Places where the text says that lines were left out. */
  readonly ellipses: number;
  /** It was a log of this plugin with every record: nothing had to be completed. */
  readonly isOwnLog: boolean;
}

/** The text cannot become an incident. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly code: "WA_ERR_NOTHING_TO_IMPORT" | "WA_ERR_IMPORT_TOO_LARGE" | "WA_ERR_FUTURE_LOG";

  constructor(code: ImportError["code"], cause: string, action: string) {
    super(`${cause}. ${action}.`);
    this.code = code;
  }
}

/**
 * Reads a text pasted from an issue, a log of the official plugin, or a log of this one, into an incident that can be replayed.
 * What the text does not say is completed in virtual time and marked `assumed`; what the software of the time decided is kept.
 *
 * @throws ImportError with cause and next action
 */
export function importIncident(text: string, options: ImportOptions): ImportedIncident {
  if (text.length > MAX_PASTED_CHARACTERS) {
    throw new ImportError(
      "WA_ERR_IMPORT_TOO_LARGE",
      `The text has ${text.length} characters, more than the ${MAX_PASTED_CHARACTERS} that are read`,
      "Cut it down to the hours around the incident",
    );
  }
  return ownLog(text, options) ?? completedStory(text, options);
}

/** A log with every record of this plugin is an incident already. */
function ownLog(text: string, options: ImportOptions): ImportedIncident | null {
  const trimmed = text.trimStart();
  if (!trimmed.startsWith('{"') || !(trimmed.split("\n", 1)[0] ?? "").includes('"log.header"')) {
    return null;
  }
  let parsed: readonly LogRecord[];
  try {
    parsed = parseLog(trimmed, { allowTornTail: true }).records;
  } catch (error) {
    if (isLogVersionError(error)) {
      throw new ImportError(
        "WA_ERR_FUTURE_LOG",
        "The log was written by a newer version of this plugin",
        "Update whatsapp-continuity and import it again",
      );
    }
    if (isLogFormatError(error)) return null;
    throw error;
  }
  const title = options.title;
  const titled = parsed.map((record, index) =>
    index === 0 && record.kind === "log.header" && title !== undefined
      ? { ...record, title }
      : record,
  );
  const records = renumberPseudonyms(titled);
  return summary(records, {
    lines: records.length,
    recognised: records.length,
    ellipses: 0,
    isOwnLog: true,
  });
}

function completedStory(text: string, options: ImportOptions): ImportedIncident {
  const { report, pasted, recognised } = reportOfText(text, options);
  const records = renumberPseudonyms(completed(report, options.label));
  const { ellipses } = pasted;
  return summary(records, { lines: pasted.lines.length, recognised, ellipses, isOwnLog: false });
}

/**
 * The facts of a pasted text, before anything is completed.
 *
 * @throws ImportError when it holds none
 */
export function reportOfText(
  text: string,
  options: ImportOptions,
): { readonly report: Report; readonly pasted: PastedText; readonly recognised: number } {
  const year = new Date(options.fallbackMs).getUTCFullYear();
  const pasted = readPastedText(text, year);
  const told = toldRecords(pasted.lines, pasted.utcOffsetMinutes, text, options);
  const report = reportOfRecords(told.records, {
    title: options.title ?? `Imported from ${options.label}`,
    report: options.label,
    seed: "imported",
    ...options.versions,
  });
  if (report !== null) return { report, pasted, recognised: told.recognised };
  throw new ImportError(
    "WA_ERR_NOTHING_TO_IMPORT",
    `None of the ${pasted.lines.length} lines of ${options.label} says anything about a WhatsApp account`,
    "Paste the lines of the gateway's log around the incident, with their times",
  );
}

function completed(report: Report, label: string): readonly LogRecord[] {
  try {
    return completeReport(report);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("shorten the report")) throw error;
    throw new ImportError(
      "WA_ERR_IMPORT_TOO_LARGE",
      `${label} tells a story of more records than an incident holds`,
      "Cut it down to the hours around the incident",
    );
  }
}

/** Own lines of the gateway's log and foreign ones, in one order. */
function toldRecords(
  lines: readonly string[],
  utcOffsetInText: number | null,
  text: string,
  options: ImportOptions,
): { readonly records: readonly ToldRecord[]; readonly recognised: number } {
  const { label, fallbackMs, scrub } = options;
  const zone = options.utcOffsetMinutes ?? utcOffsetInText ?? 0;
  const own = new AnyLogReader({ label, fallbackMs, scrub });
  const foreign = new LogImporter({
    label,
    fallbackMs,
    scrub,
    utcOffsetMinutes: zone,
    shorthand: { usualStatus: usualStatusOf(text) },
  });
  const records: ToldRecord[] = [];
  const seen = new Set<string>();
  let recognised = 0;
  let beganMs: number | null = null;
  for (const line of inOrderOfTime(lines, fallbackMs, zone)) {
    // Two people paste the same log, or one quotes the other; what happened twice has two times.
    if (FULL_TIME.test(line) && seen.size === seen.add(line).size) continue;
    if (line.includes('"boot"')) {
      const result = own.read(line);
      records.push(...result.records);
      if (result.records.length > 0) recognised += 1;
      continue;
    }
    const { records: read, ms } = foreign.read(line);
    beganMs ??= read.length === 0 ? null : ms;
    for (const record of read) records.push({ record, wallMs: (beganMs ?? ms) + record.at });
    if (read.length > 0) recognised += 1;
  }
  const left = foreign.end();
  beganMs ??= left.ms;
  for (const record of left.records) records.push({ record, wallMs: beganMs + record.at });
  return { records, recognised };
}
/** Date and time to the millisecond: no two lines of one log are the same then. */
const FULL_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}[.,]\d{3}/;

/** The status that the text speaks of most: what a drop without one was. */
function usualStatusOf(text: string): number | null {
  const counts = new Map<number, number>();
  for (const [, code] of text.matchAll(/\bstatus[ =](\d{3})\b/g)) {
    counts.set(Number(code), (counts.get(Number(code)) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function summary(
  records: readonly LogRecord[],
  facts: Pick<ImportedIncident, "lines" | "recognised" | "ellipses" | "isOwnLog">,
): ImportedIncident {
  const inputs = records.filter((record) => record.dir === "in" && record.kind !== "log.header");
  const isAssumed = (record: LogRecord): boolean =>
    record.kind !== "log.header" && record.assumed === true;
  // A line that was quoted says it, with its exact time or without.
  const isTold = (record: LogRecord): boolean =>
    !isAssumed(record) || ("source" in record && record.source !== undefined);
  const accounts = new Set(
    records.flatMap((record) => (record.kind === "log.header" ? [] : [record.account])),
  );
  return {
    // The last net: what a template let through as it stood is scrubbed like any foreign text.
    text: serialiseLog(records.map((record) => scrubbedSource(record))),
    records: records.length,
    accounts: [...accounts],
    told: inputs.filter((record) => isTold(record)).length,
    observed: inputs.filter((record) => !isAssumed(record)).length,
    added: inputs.filter((record) => !isTold(record)).length,
    assumed: inputs.filter(isAssumed).length,
    ...facts,
  };
}

function scrubbedSource(record: LogRecord): LogRecord {
  if (!("source" in record) || typeof record.source !== "string") return record;
  if (record.kind === "version.resolved") return record;
  return { ...record, source: scrubText(record.source, () => "user-99") };
}
