import type { LogRecord } from "../events/index.ts";
import {
  type Chapter,
  describeEffect,
  formatDuration,
  type Moment,
  type Replay,
  thenAndNow,
} from "../replay/index.ts";

/** Chapters printed per incident; the rest is counted. */
const MAX_CHAPTERS = 24;
const WIDTH = 110;
const INDENT = " ".repeat(13);

/** Colours for a terminal, or none. */
export interface Ink {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

function sgr(code: number): (text: string) => string {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}
const plain = (text: string): string => text;
export const COLOURED: Ink = { dim: sgr(2), bold: sgr(1), good: sgr(32), bad: sgr(31) };
export const PLAIN: Ink = { dim: plain, bold: plain, good: plain, bad: plain };

/**
 * The readable account of one replayed incident: what happened, what the software of the time did, what is decided now and by which
 * rule.
 */
export function describeIncident(replay: Replay, ms: number, ink: Ink): string {
  const clock = clockOf(replay);
  const chapters = thenAndNow(replay);
  const shown = chapters.slice(0, MAX_CHAPTERS);
  const hidden = chapters.length - shown.length;
  const manyAccounts = new Set(replay.decisions.map(({ input }) => input.account)).size > 1;
  return [
    headline(replay, ms, ink),
    ...shown.flatMap((chapter) => chapterLines(chapter, clock, manyAccounts, ink)),
    ...(hidden > 0 ? [`${INDENT}${ink.dim(`... and ${hidden} more of the same kind`)}`] : []),
    "",
  ].join("\n");
}

function headline({ result, log }: Replay, ms: number, ink: Ink): string {
  const header = log.records.find((record) => record.kind === "log.header");
  const verdict = result.ok ? ink.good("as expected") : ink.bad(failureOf(result));
  const counts = `${result.decisions} decisions over ${formatDuration(spanOf(log.records))}, ${result.exact} exact, decided in ${ms} ms`;
  const title = header?.title === undefined ? "" : `  ${header.title}`;
  const report = header?.report === undefined ? "" : ink.dim(`  (${header.report})`);
  return `${ink.bold(result.incident)}${title}${report}\n  ${verdict}: ${counts}`;
}

/** Time of the story: of every run, from its header to its last record. */
function spanOf(records: readonly LogRecord[]): number {
  const lastOfRun = new Map(records.map((record) => [record.boot, record.at]));
  return [...lastOfRun.values()].reduce((sum, at) => sum + at, 0);
}

function failureOf(result: Replay["result"]): string {
  if (result.comparedWith === "nothing")
    return "nothing to compare with (no golden; --update writes one)";
  if (result.invariants > 0) return `${result.invariants} broken invariants`;
  return `${result.diverged} decisions differ, the first at seq ${result.first?.seq}`;
}

function chapterLines(
  chapter: Chapter,
  clock: Clock,
  manyAccounts: boolean,
  ink: Ink,
): readonly string[] {
  const [first] = chapter.moments;
  const account = manyAccounts ? `[${first.account}] ` : "";
  const marks = first.label === "exact" ? "" : ink.bad(` (${first.label})`);
  const then = thenOf(chapter, clock);
  const happened = chapter.happened === "" ? "nothing new" : chapter.happened;
  const times = chapter.happened === "" ? "" : repetition(chapter.moments);
  const at = chapter.happened === "" ? (first.recorded[0]?.at ?? first.at) : first.at;
  const head = `  ${clock(first.boot, at)}  ${account}${happened}${times}${marks}`;
  return [
    ...wrapped(head, INDENT),
    ...then.flatMap((line, index) =>
      wrapped(`${INDENT}${index === 0 ? ink.dim("then") : "    "}  ${line}`, `${INDENT}      `),
    ),
    ...wrapped(
      `${INDENT}${ink.dim("now")}   ${chapter.now}  ${ink.dim(`[${chapter.rule}]`)}`,
      `${INDENT}      `,
    ),
  ];
}

/** What was decided then, in order; what repeats but for its numbers is told once and counted. */
function thenOf(chapter: Chapter, clock: Clock): readonly string[] {
  const told = new Map<string, { readonly line: string; times: number }>();
  for (const record of chapter.moments.flatMap(worthTelling)) {
    const [by, text] =
      record.kind === "reported.decide"
        ? [record.by, record.text]
        : [`recorded [${record.rule}]`, describeEffect(record)];
    if (text === null) continue;
    const key = `${by} ${text.replaceAll(/\d+(?:\.\d+)?/g, "#")}`;
    const same = told.get(key);
    if (same === undefined) {
      told.set(key, { line: `${clock(record.boot, record.at)} ${by}: ${text}`, times: 1 });
    } else same.times += 1;
  }
  return [...told.values()].map(({ line, times }) =>
    times === 1 ? line : `${line} (${times} times)`,
  );
}

/** What a plugin of our own recorded is news only where today's decision differs. */
function worthTelling(moment: Moment): Moment["recorded"] {
  return moment.recorded.filter(
    (record) => record.kind === "reported.decide" || moment.label !== "exact",
  );
}

function repetition(moments: Chapter["moments"]): string {
  if (moments.length === 1) return "";
  const [first] = moments;
  const last = moments.at(-1) ?? first;
  const every = Math.round((last.at - first.at) / (moments.length - 1));
  return ` (${moments.length} times, every ${formatDuration(every)} on average)`;
}

/** Time of day of a record, for people. */
type Clock = (boot: string, at: number) => string;

/** Wall clock of each run in UTC; the date is in the report. */
function clockOf(replay: Replay): Clock {
  const startedMs = new Map<string, number>();
  for (const record of replay.log.records) {
    if (record.kind === "log.header" && !startedMs.has(record.boot)) {
      startedMs.set(record.boot, Date.parse(record.startedAt) - record.at);
    }
  }
  return (boot, at) => {
    const wallMs = (startedMs.get(boot) ?? Number.NaN) + at;
    return Number.isNaN(wallMs)
      ? `+${formatDuration(at)}`.padEnd(8)
      : new Date(wallMs).toISOString().slice(11, 19);
  };
}

function wrapped(line: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  while (visibleLength(rest) > WIDTH) {
    const cut = rest.lastIndexOf(" ", WIDTH);
    if (cut <= indent.length) break;
    lines.push(rest.slice(0, cut));
    rest = `${indent}${rest.slice(cut + 1)}`;
  }
  return [...lines, rest];
}

function visibleLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- these are the colour codes written above.
  return text.replaceAll(/\u001b\[\d+m/g, "").length;
}
