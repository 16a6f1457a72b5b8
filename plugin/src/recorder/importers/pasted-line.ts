/**
 * Undoes what browsers, chat programs and word processors do to the characters of a line, and takes away what other tools put before or around
 * it. What the line says is not changed.
 */
export function plainLine(line: string): string {
  const plain = line
    .replace(CAT_NUMBER, "")
    .replaceAll(INVISIBLE, "")
    .replaceAll(SPACES, " ")
    .replaceAll(DOUBLE_QUOTES, '"')
    .replaceAll(SINGLE_QUOTES, "'")
    .replaceAll("\u2212", "-")
    .replaceAll(HTML, "");
  return withoutMarks(withoutPrefix(plain));
}

/** Zero width, soft hyphen, byte order mark. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
/** Whatever is as wide as a space or wider; runs of them are alignment. */
const SPACES = /[\t \u00a0\u2000-\u200a\u202f\u205f\u3000]+/g;
const DOUBLE_QUOTES = /[\u201c-\u201f\u00ab\u00bb]/g;
const SINGLE_QUOTES = /[\u2018-\u201b]/g;
/** Tags of a page; `<stream:error>` and `<conflict/>` are what a log says. */
const HTML =
  /<\/?(?:b|blockquote|br|code|details|div|em|i|kbd|li|ol|p|pre|samp|span|strong|summary|td|tr|ul)(?:\s[^<>]*)?\/?>/gi;
/** `cat -n` and editors number lines. */
const CAT_NUMBER = /^\s*\d{1,6}(?:\t|\s*[|\u2502]\s)/;

/** Names of containers, pods and files that tools put before each line, and numbers of lines. */
const PREFIXES: readonly RegExp[] = [
  /^ ?[A-Za-z][\w.-]* \| (?=\S)/,
  /^ ?\[pod\/[^\]\s]+\] /,
  /^ ?[\w./-]+\.(?:log|txt|jsonl?)(?:\.\d+)?:(?:\d+:(?=\d{1,2}:\d{2}:\d{2}|\d{4}-|[[{A-Za-z]))? ?/,
  /^ ?\d{1,6}: (?=\S)/,
];

function withoutPrefix(line: string): string {
  return PREFIXES.reduce((rest, prefix) => rest.replace(prefix, ""), line);
}

/** Bold and italic lines, and the backslash that ends a line in Markdown. */
function withoutMarks(line: string): string {
  const ended = line.replace(/\\ *$/, "");
  return /^ *(\*\*|__|\*)(?=\S)(.+)(?<=\S)\1 *$/.exec(ended)?.[2] ?? ended;
}
