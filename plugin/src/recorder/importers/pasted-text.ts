import { plainLine } from "./pasted-line.ts";

/** A text as somebody pasted it, as lines of a log again. */
export interface PastedText {
  /** One line of log each, without what it was quoted or decorated with. */
  readonly lines: readonly string[];
  /** Places where the person left lines out and said so (`...`). */
  readonly ellipses: number;
  /** Minutes east of UTC, where the text says so in words (`EDT`, `UTC-4`); null where it does not. */
  readonly utcOffsetMinutes: number | null;
}

/** A pasted log is rarely longer; the rest is a log file, which is read line by line. */
export const MAX_PASTED_CHARACTERS = 64 * 1024 * 1024;
/** A printed error is about twenty lines; an open brace that never closes must not swallow the log. */
const MAX_JOINED_LINES = 60;

/**
 * Undoes what happens to a log on its way into an issue: quoting, fences, list bullets, entities, ANSI colours, a JSON object spread over
 * lines, several times on one line, ellipses, and notes with arrows. What a line says is not changed.
 *
 * @param year of dates that are written without one
 */
export function readPastedText(text: string, year: number): PastedText {
  const raw = text.split(/\r\n|\n|\r/).map((line) => dayAlone(undecorated(line), year));
  const offset = raw.map(offsetIn).find((minutes) => minutes !== null) ?? null;
  let ellipses = 0;
  const lines: string[] = [];
  for (const line of withTimes(joinedObjects(raw))) {
    if (ELLIPSIS.test(line)) ellipses += 1;
    else if (line !== "") lines.push(line);
  }
  return { lines, ellipses, utcOffsetMinutes: offset };
}

// oxlint-disable-next-line no-control-regex -- an escape sequence begins with this character.
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;
const QUOTE = /^(?:\s*(?:>|&gt;))+\s?/;
const FENCE = /^\s*(?:```|~~~)\w*\s*$/;
const BULLET = /^\s*(?:[-*•]|\d{1,3}[.)])\s+(?=\S)/;
const CELL = /^\s*\|\s*|\s*\|\s*$/g;
const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
};
/** Lines left out: dots alone, or a word for it, perhaps in brackets or between dashes, with a remark about how many. */
const ELLIPSIS =
  /^(?:[[(<]?\s*(?:\.{3,}|…|⋮)\s*(?:[\])>]|\(.*\))?|[^\p{L}\d]*(?:(?:snip(?:ped)?|cut|truncated)|(?:\d+ |some |many )?(?:more )?(?:log )?lines?(?: were| are)?(?: (?:omitted|snipped|skipped|removed|truncated|deleted|cut|left out))?|(?:omitted|skipped) \d+ lines?)[^\p{L}\d]*)$/iu;
const ARROW_NOTE = /\s+[←⟵↑]\s.*$/;

function undecorated(line: string): string {
  const unquotedLine = line
    .replaceAll(ANSI, "")
    .replace(QUOTE, "")
    .replaceAll(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
  const plain = plainLine(unquotedLine);
  if (FENCE.test(plain)) return "";
  const bare = plain.replaceAll(CELL, "").replace(BULLET, "").replace(ARROW_NOTE, "").trim();
  const inTicks = /^`([^`]+)`$/.exec(bare)?.[1] ?? bare;
  return levelAfterTime(unquoted(inTicks));
}

/** `12:00 "Listening"` and `"the whole line"` as they stood in the log. */
function unquoted(line: string): string {
  return line.replace(/(^|^[\d:.TZ+-]{5,40}\s+)"([^"{}]*)"(?=$|\s+\()/, "$1$2");
}

/** `ERROR [2022-08-12 05:46:46.514 +0800]: text` with its time in front, as everywhere else. */
function levelAfterTime(line: string): string {
  const match =
    /^([A-Z]{3,7})\s+[[(](\d{4}-\d{2}-\d{2}[ T][\d:.,]+\s*(?:Z|[+-]\d{2}:?\d{2})?)[\])]:?\s*(.*)$/.exec(
      line,
    );
  if (match === null) return writtenDate(line);
  const [, level = "", time = "", rest = ""] = match;
  return `${time.replace(/\s+([+-])/, "$1")} ${level} ${rest}`;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** `1/26/2026, 4:20:34 AM` and the journal's `Jan 26 04:20:34 host openclaw[77]:` with the date as ISO writes it. */
function writtenDate(line: string): string {
  const slashed = /^\[?(\d{1,2})[/.](\d{1,2})[/.](\d{4}),?\s+(?=\d{1,2}:\d{2})/.exec(line);
  if (slashed !== null) {
    const [whole, first = "", second = "", year = ""] = slashed;
    // Which comes first depends on the country; a number above twelve is a day, and without one the American way is taken.
    const [month, day] = Number(first) > 12 ? [second, first] : [first, second];
    return dated(
      `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`,
      line.slice(whole.length),
    );
  }
  const journal =
    /^([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{2}:\d{2}:\d{2}(?:\.\d+)?)\s+(?:\S+\s+\S+\[\d+\]:\s*)?/.exec(
      line,
    );
  const month = MONTHS.indexOf(journal?.[1]?.toLowerCase() ?? "") + 1;
  if (journal === null || month === 0) return line;
  return `${journal[3]} ${line.slice(journal[0].length)}`;
}

/** A date and a clock of any sort in one: the clock is given on 24 hours. */
function dated(date: string, rest: string): string {
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*([AaPp])?\.?[Mm]?\.?\]?\s*/.exec(rest);
  if (clock === null) return rest;
  const [whole, hour = "0", minute = "00", second = "00", fraction = "", half] = clock;
  const base = half === undefined ? Number(hour) : Number(hour) % 12;
  const hours = base + (half?.toLowerCase() === "p" ? 12 : 0);
  const time = `${String(hours).padStart(2, "0")}:${minute}:${second}${fraction}`;
  return `${date}T${time} ${rest.slice(whole.length)}`;
}

/** Puts an object that was printed over several lines back on the line it began on. Whole lines that stand in between follow it. */
function joinedObjects(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? "";
    const end = opensObject(line) ? endOfObject(lines, index) : null;
    const inside = end === null ? [] : lines.slice(index + 1, end + 1);
    const parts = inside.filter((part) => !isLineOfItsOwn(part));
    joined.push([line, ...parts].join(" "), ...inside.filter(isLineOfItsOwn));
    index = (end ?? index) + 1;
  }
  return joined;
}

function isLineOfItsOwn(line: string): boolean {
  return ELLIPSIS.test(line) || /^(?:\[[\w/:-]+\]|\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2})/.test(line);
}

function opensObject(line: string): boolean {
  return line.endsWith("{") || (line.includes("{") && depthOf(line) > 0);
}

function endOfObject(lines: readonly string[], from: number): number | null {
  let depth = 0;
  const limit = Math.min(lines.length, from + MAX_JOINED_LINES);
  for (let index = from; index < limit; index += 1) {
    const line = lines[index] ?? "";
    if (index === from || !isLineOfItsOwn(line)) depth += depthOf(line);
    if (depth <= 0) return index;
  }
  return null;
}

/** Braces opened and not closed, outside of texts. */
function depthOf(line: string): number {
  const outside = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  return (outside.match(/\{/g) ?? []).length - (outside.match(/\}/g) ?? []).length;
}

/** A line that is nothing but a date (and a zone) begins a day. */
function dayAlone(line: string, year: number): string {
  const match = /^(?:(\d{4})-)?(\d{2})-(\d{2})(?:\s*\([^)]*\))?:?$/.exec(line);
  return match === null ? line : `${match[1] ?? year}-${match[2]}-${match[3]}T00:00:00 ${line}`;
}

const DATE = String.raw`\d{4}-\d{2}-\d{2}[T ]`;
const CLOCK = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?(?:\s?[AaPp]\.?[Mm]\.?)?(?:Z|[+-]\d{2}:?\d{2})?`;
const SEVERAL = new RegExp(String.raw`(?:^|[\s,;|])((?:${DATE})?${CLOCK})(?=$|[\s,;|…])`, "g");
const RANGE = new RegExp(
  String.raw`^((?:${DATE})?${CLOCK})\s*(?:→|->|–)\s*((?:${DATE})?${CLOCK})\s+(\D.*)$`,
);

/**
 * A line with several times tells the same thing at each of them; with nothing but times it tells what the lines below it say. A range
 * (`12:02:34 → 12:02:35 controller B boots`) tells the begin and the end.
 */
function withTimes(lines: readonly string[]): readonly string[] {
  const told: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const range = RANGE.exec(line);
    if (range !== null) {
      told.push(`${range[1]} begins: ${range[3]}`, `${range[2]} ends: ${range[3]}`);
      continue;
    }
    const parts = partsByTime(line);
    if (parts === null) {
      told.push(line);
      continue;
    }
    const below = parts.every(({ text }) => text === "") ? untimedBelow(lines, index) : [];
    index += below.length;
    for (const part of filledIn(parts)) {
      if (below.length === 0) told.push(`${part.time} ${part.text}`);
      for (const text of below) told.push(`${part.time} ${text}`);
    }
  }
  return told;
}

interface TimedPart {
  readonly time: string;
  readonly text: string;
}

/** Null unless the line begins with a time and holds another. */
function partsByTime(line: string): readonly TimedPart[] | null {
  // Times inside an object or in parentheses belong to what the line says.
  const head = line.split(/[{(]/, 1)[0] ?? "";
  const matches = [...head.matchAll(SEVERAL)];
  const [first, second] = matches;
  if (first === undefined || second === undefined || first.index > 0) return null;
  return matches.map((match, index) => {
    const end = match.index + match[0].length;
    const next = matches[index + 1];
    const text = line.slice(end, next === undefined ? undefined : next.index);
    return { time: match[1] ?? "", text: text.replace(/^[\s,;|…]+/, "").replace(/[\s,;|]+$/, "") };
  });
}

/** `a=1  …=2  …=3` and `t1 t2 t3 text`: what is left out is what stands at the part before, or at the end. */
function filledIn(parts: readonly TimedPart[]): readonly TimedPart[] {
  const last = parts.findLast(({ text }) => text !== "")?.text ?? "";
  const head = /^[^=]*/.exec(parts[0]?.text ?? "")?.[0] ?? "";
  return parts.map(({ time, text }) => ({
    time,
    text: text === "" ? last : /^=\d/.test(text) ? `${head}${text}` : text,
  }));
}

/** The lines that say what happened at the times above them. */
function untimedBelow(lines: readonly string[], index: number): readonly string[] {
  const below: string[] = [];
  for (const line of lines.slice(index + 1, index + 1 + MAX_BELOW)) {
    if (line === "" || /^\d{1,2}:\d{2}|^\d{4}-/.test(line)) break;
    below.push(line);
  }
  return below;
}
const MAX_BELOW = 4;

const ZONES: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  EDT: -240,
  EST: -300,
  CDT: -300,
  CST: -360,
  MDT: -360,
  MST: -420,
  PDT: -420,
  PST: -480,
  CEST: 120,
  CET: 60,
  BST: 60,
  IST: 330,
};

/** `(EDT, UTC-4)`, `times are in CET`: said in words and not as part of a time. */
function offsetIn(line: string): number | null {
  const numeric = /\b(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?\b/.exec(line);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3] ?? 0);
    return numeric[1] === "-" ? -minutes : minutes;
  }
  const named =
    /\((UTC|GMT|EDT|EST|CDT|CST|MDT|MST|PDT|PST|CEST|CET|BST|IST)\b|times? (?:are )?in (\w{3,4})\b/.exec(
      line,
    );
  const zone = named?.[1] ?? named?.[2];
  return zone === undefined ? null : (ZONES[zone] ?? null);
}
