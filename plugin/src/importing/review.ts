import { type LogRecord, parseLog } from "../events/index.ts";
import type { ImportedIncident } from "./import-incident.ts";

/** What a person looks at before an incident is saved or published. */
export interface IncidentReview {
  readonly records: number;
  /** Stand-ins for people, groups and other addresses, with the records that name them; the most frequent first. */
  readonly pseudonyms: readonly Counted[];
  /** Texts that other software wrote and that stay as they are; patterns cannot know every name, so a person reads them. */
  readonly texts: readonly Counted[];
  /** Facts that nobody saw, by kind. */
  readonly assumed: readonly Counted[];
  readonly kinds: readonly Counted[];
}

/** A text and in how many records it stands. */
export interface Counted {
  readonly text: string;
  readonly records: number;
}

/** More rows than this nobody reads; the rest is counted. */
const MAX_ROWS = 200;
const STAND_IN =
  /\b(?:user|group|newsletter|broadcast|bot|address)-(?:[0-9a-f]{8}|[1-9]\d{0,5})\b/g;
/** Where an account stood, and its policy: objects of ours, written as texts. */
const NESTED: ReadonlySet<string> = new Set(["checkpoint", "policy"]);
/** Fields whose values are words of ours. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  "account",
  "baileys",
  "boot",
  "by",
  "causeId",
  "decision",
  "dir",
  "format",
  "kind",
  "node",
  "openclaw",
  "origin",
  "plugin",
  "reason",
  "rule",
  "seed",
  "startedAt",
  "timer",
]);
/** Fields that hold whatever somebody else wrote. */
const FREE_TEXT: ReadonlySet<string> = new Set([
  "detail",
  "host",
  "message",
  "source",
  "text",
  "title",
]);

/**
 * What an incident file holds, for somebody who is about to save it.
 *
 * @throws LogFormatError when it is no incident
 */
export function reviewIncident(text: string): IncidentReview {
  const { records } = parseLog(text);
  const pseudonyms = new Tally();
  const texts = new Tally();
  const assumed = new Tally();
  const kinds = new Tally();
  for (const record of records) {
    const found = stringsOf(record);
    pseudonyms.add(found.flatMap(({ value }) => standInsIn(value)));
    texts.add(found.filter(isForeign));
    kinds.add([{ value: record.kind }]);
    if (isAssumed(record)) assumed.add([{ value: record.kind }]);
  }
  return {
    records: records.length,
    pseudonyms: pseudonyms.rows(),
    texts: texts.rows(),
    assumed: assumed.rows(),
    kinds: kinds.rows(),
  };
}

/**
 * The same as a page.
 *
 * @param summary what was done to it, in a sentence or two
 */
export function writeReview(review: IncidentReview, fileName: string, summary: string): string {
  const { pseudonyms, texts, assumed, kinds, records } = review;
  return [
    `# ${fileName}: read this before it is saved`,
    summary,
    "## Removed",
    "Texts of messages, names, keys and QR codes are never in a record. People and groups are numbers:",
    tableOf(pseudonyms, "number", "No person and no group is in it."),
    "## Kept as it was written",
    "Errors and lines of other software. What looks like a number or an address was taken out; whether a name is left only a person can tell:",
    tableOf(texts, "text", "There is no such text."),
    "## Assumed",
    'Nobody saw these facts: they are added because the story needs them, and carry `"assumed":true`.',
    tableOf(assumed, "fact", "Every fact was seen."),
    `## All ${records} records`,
    tableOf(kinds, "kind", "There is none."),
    "",
  ].join("\n\n");
}

/** What an import found, in two sentences. */
export function describeImport(imported: Omit<ImportedIncident, "text">): string {
  const { lines, recognised, told, observed, added, ellipses, isOwnLog, records } = imported;
  if (isOwnLog) return `A log of this plugin with all its ${records} records.`;
  const gaps = ellipses === 0 ? "" : `, and lines were left out at ${counted(ellipses, "place")}`;
  const times = observed === told ? "" : `, ${told - observed} of them without the exact time`;
  return `${recognised} of ${counted(lines, "line")} tell about WhatsApp${gaps}. ${counted(told, "fact")} come from the text${times}; ${added} were added and are assumed.`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function tableOf(rows: readonly Counted[], head: string, none: string): string {
  if (rows.length === 0) return none;
  const shown = rows.slice(0, MAX_ROWS);
  const more = rows.length - shown.length;
  return [
    `| records | ${head} |`,
    "| ---: | --- |",
    ...shown.map(({ text, records }) => `| ${records} | ${inCell(text)} |`),
    ...(more > 0 ? [`| | and ${more} more |`] : []),
  ].join("\n");
}

/** A text between backticks, whatever it holds, on one line of a table. */
function inCell(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  const pad = longest === 0 ? "" : " ";
  return `${ticks}${pad}${text.replaceAll(/\s+/g, " ").replaceAll("|", String.raw`\|`)}${pad}${ticks}`;
}

interface Found {
  readonly value: string;
  readonly key?: string;
}

class Tally {
  readonly #counts = new Map<string, number>();

  /** A value that stands in a record several times counts once. */
  add(found: readonly Found[]): void {
    for (const value of new Set(found.map((each) => each.value)))
      this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  rows(): readonly Counted[] {
    return [...this.#counts]
      .map(([text, records]) => ({ text, records }))
      .toSorted((one, other) => other.records - one.records || (one.text < other.text ? -1 : 1));
  }
}

/** Everybody that a text names. */
function standInsIn(text: string): readonly Found[] {
  return [...text.matchAll(STAND_IN)].map(([value]) => ({ value }));
}

/** Fields of free text, and whatever has more than one part: an identifier of ours is a single word. */
function isForeign({ value, key = "" }: Found): boolean {
  if (OWN_WORDS.has(key) || value.replaceAll(STAND_IN, "") === "") return false;
  return FREE_TEXT.has(key) || /[\s.:/@]/.test(value);
}

function isAssumed(record: LogRecord): boolean {
  return record.kind !== "log.header" && record.assumed === true;
}

function stringsOf(value: unknown, key = ""): readonly Found[] {
  if (typeof value === "string") return nestedIn(value, key) ?? [{ value, key }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    stringsOf(member, Array.isArray(value) ? key : name),
  );
}

/** The texts in an object that is written as a text; null for any other. */
function nestedIn(text: string, key: string): readonly Found[] | null {
  if (!NESTED.has(key)) return null;
  try {
    return stringsOf(JSON.parse(text));
  } catch {
    // Damaged, so it is shown as the text that it is.
    return null;
  }
}
