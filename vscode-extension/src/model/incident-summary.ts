import {
  type Chapter,
  formatDuration,
  type Replay,
  replayIncident,
  thenAndNow,
} from "openclaw-whatsapp-continuity-plugin/replay";

/** Rows of the table at most. Repetitions are one row, so only a very long incident has more. */
const MAX_ROWS = 500;

/**
 * A readable account of an incident, as Markdown: what came in, what was done about it then, and what the bundled core decides
 * now and by which rule.
 *
 * @param content text of the incident file
 * @param file name for messages
 * @throws LogFormatError with the position of what is wrong; LogVersionError for an incident of the future
 */
export function summariseIncident(content: string, file: string): string {
  const replay = replayIncident({ incident: file, file, evidence: content, golden: null });
  const chapters = thenAndNow(replay);
  const left = chapters.length - MAX_ROWS;
  return [
    ...heading(replay, file),
    "| time | account | what happened | done then | decided now | rule |",
    "| --- | --- | --- | --- | --- | --- |",
    ...chapters.slice(0, MAX_ROWS).map(row),
    ...(left > 0 ? ["", `${left} more are not shown.`] : []),
    "",
  ].join("\n");
}

function heading({ log, result }: Replay, file: string): string[] {
  const header = log.records.find((record) => record.kind === "log.header");
  const span = (log.records.at(-1)?.at ?? 0) - (log.records[0]?.at ?? 0);
  return [
    `# ${header?.title ?? file}`,
    "",
    ...(header?.report === undefined ? [] : [`Report: ${header.report}`, ""]),
    `${log.records.length} records over ${formatDuration(span)}; ${result.decisions} of them are inputs that something was decided about.`,
    "",
  ];
}

function row({ moments, happened, now, rule }: Chapter): string {
  const [first] = moments;
  const times = moments.length === 1 ? "" : ` (${moments.length} times)`;
  const then = moments
    .flatMap((moment) => moment.recorded)
    .map((record) => (record.kind === "reported.decide" ? record.text : record.kind));
  const cells = [
    `+${formatDuration(first.at)}`,
    first.account,
    happened + times,
    [...new Set(then)].join("; "),
    now,
    `\`${rule}\``,
  ];
  return `| ${cells.map(cell).join(" | ")} |`;
}

/** Text that stays within its cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/gu, " ");
}
