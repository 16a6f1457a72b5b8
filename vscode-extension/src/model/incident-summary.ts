import { describeCause, type RuledEffect } from "openclaw-whatsapp-continuity-plugin/core";
import { CATALOG, type LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import {
  type Decision,
  type Replay,
  replayIncident,
} from "openclaw-whatsapp-continuity-plugin/replay";

/** Rows of the table at most; a 17 hour incident decides thousands of times, and a person reads the first hundreds. */
const MAX_ROWS = 500;

/**
 * A readable account of an incident, as Markdown: what came in, what the bundled core decides now and by which rule, and
 * what was done then where the incident says so.
 *
 * @param content text of the incident file
 * @param file name for messages
 * @throws LogFormatError with the position of what is wrong; LogVersionError for an incident of the future
 */
export function summariseIncident(content: string, file: string): string {
  const replay = replayIncident({ incident: file, file, evidence: content, golden: null });
  const then = doneThen(replay);
  const rows = replay.decisions.filter(isWorthARow).map((decision) => row(decision, then));
  const left = rows.length - MAX_ROWS;
  return [
    ...heading(replay, file),
    "| time | account | what happened | done then | decided now | rule |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.slice(0, MAX_ROWS),
    ...(left > 0 ? ["", `${left} more decisions are not shown.`] : []),
    "",
  ].join("\n");
}

function heading({ log, result }: Replay, file: string): string[] {
  const first = log.records[0];
  const header = first?.kind === "log.header" ? first : undefined;
  const lastAt = log.records.at(-1)?.at ?? 0;
  const report = header?.report === undefined ? [] : [`Report: ${header.report}`, ""];
  return [
    `# ${header?.title ?? file}`,
    "",
    ...report,
    `${log.records.length} records over ${clock(lastAt - (first?.at ?? 0))}, ${result.decisions} of them decided something.`,
    "",
  ];
}

/** Routine decisions (a timer was started, a late event was dropped) are left out. */
function isWorthARow({ input, effects, breach }: Decision): boolean {
  const kinds = [input.kind, ...effects.map(({ effect }) => effect.kind)];
  return breach !== null || kinds.some((kind) => CATALOG[kind].severity !== "debug");
}

function row(decision: Decision, then: ReadonlyMap<string, string>): string {
  const { input, rule, effects } = decision;
  const now = effects
    .filter(({ effect }) => CATALOG[effect.kind].severity !== "debug")
    .map(describe);
  const cells = [
    clock(input.at),
    input.account,
    CATALOG[input.kind].title,
    then.get(`${input.boot} ${input.seq}`) ?? "",
    now.join("; "),
    `\`${rule}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function describe({ effect }: RuledEffect): string {
  if (effect.kind !== "status.publish") return CATALOG[effect.kind].title;
  if (effect.causeId === null) return effect.lifecycle;
  const cause = describeCause(effect.causeId);
  return `${effect.lifecycle}: ${cause.sentence} ${cause.action}`;
}

/** What the software of the time did, by the input that led to it. */
function doneThen({ log }: Replay): ReadonlyMap<string, string> {
  const then = new Map<string, string>();
  for (const record of log.records) {
    if (!isReported(record)) continue;
    const key = `${record.boot} ${record.cause}`;
    const earlier = then.get(key);
    then.set(key, earlier === undefined ? record.text : `${earlier}; ${record.text}`);
  }
  return then;
}

function isReported(record: LogRecord): record is Extract<LogRecord, { kind: "reported.decide" }> {
  return record.kind === "reported.decide";
}

/** Milliseconds as `h:mm:ss`. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
