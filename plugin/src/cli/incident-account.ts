import type { HeaderRecord } from "../events/index.ts";
import {
  type Chapter,
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
  const header = replay.log.records.find((record) => record.kind === "log.header");
  const chapters = thenAndNow(replay);
  const shown = chapters.slice(0, MAX_CHAPTERS);
  const hidden = chapters.length - shown.length;
  const manyAccounts = new Set(replay.decisions.map(({ input }) => input.account)).size > 1;
  return [
    headline(replay, header, ms, ink),
    ...shown.flatMap((chapter) => chapterLines(chapter, header, manyAccounts, ink)),
    ...(hidden > 0 ? [`${INDENT}${ink.dim(`... and ${hidden} more of the same kind`)}`] : []),
    "",
  ].join("\n");
}

function headline(
  { result, decisions }: Replay,
  header: HeaderRecord | undefined,
  ms: number,
  ink: Ink,
): string {
  const last = decisions.at(-1)?.input.at ?? 0;
  const verdict = result.ok ? ink.good("as expected") : ink.bad(failureOf(result));
  const counts = `${result.decisions} decisions over ${formatDuration(last)}, ${result.exact} exact, replayed in ${ms} ms`;
  const title = header?.title === undefined ? "" : `  ${header.title}`;
  const report = header?.report === undefined ? "" : ink.dim(`  (${header.report})`);
  return `${ink.bold(result.incident)}${title}${report}\n  ${verdict}: ${counts}`;
}

function failureOf(result: Replay["result"]): string {
  if (result.comparedWith === "nothing")
    return "nothing to compare with (no golden; --update writes one)";
  if (result.invariants > 0) return `${result.invariants} broken invariants`;
  return `${result.diverged} decisions differ, the first at seq ${result.first?.seq}`;
}

function chapterLines(
  chapter: Chapter,
  header: HeaderRecord | undefined,
  manyAccounts: boolean,
  ink: Ink,
): readonly string[] {
  const [first] = chapter.moments;
  const account = manyAccounts ? `[${first.account}] ` : "";
  const marks = first.label === "exact" ? "" : ink.bad(` ${first.label}`);
  const times = repetition(chapter.moments);
  const head = `  ${clock(first, header)}  ${account}${chapter.happened}${times}${marks}`;
  const then = thenOf(chapter);
  return [
    ...wrapped(head, INDENT),
    ...(then === null ? [] : wrapped(`${INDENT}${ink.dim("then")}  ${then}`, `${INDENT}      `)),
    ...wrapped(
      `${INDENT}${ink.dim("now")}   ${chapter.now}  ${ink.dim(`[${chapter.rule}]`)}`,
      `${INDENT}      `,
    ),
  ];
}

/** What was decided then, once per kind of decision; the published words are kept. */
function thenOf(chapter: Chapter): string | null {
  const texts = new Map<string, string>();
  for (const record of chapter.moments.flatMap((moment) => moment.recorded)) {
    if (record.kind === "reported.decide") {
      const key = `${record.by} ${record.decision}`;
      if (!texts.has(key)) texts.set(key, `${record.by}: ${record.text}`);
    }
  }
  return texts.size === 0 ? null : [...texts.values()].join("; ");
}

function repetition(moments: Chapter["moments"]): string {
  if (moments.length === 1) return "";
  const [first] = moments;
  const last = moments.at(-1) ?? first;
  const every = Math.round((last.at - first.at) / (moments.length - 1));
  return ` (${moments.length} times, every ${formatDuration(every)} on average)`;
}

/** Wall clock of the run in UTC; the date is in the report. */
function clock(moment: Moment, header: HeaderRecord | undefined): string {
  const startedMs = Date.parse(header?.startedAt ?? "");
  if (Number.isNaN(startedMs)) return `+${formatDuration(moment.at)}`.padEnd(8);
  return new Date(startedMs + moment.at).toISOString().slice(11, 19);
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
