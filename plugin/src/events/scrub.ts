import { MAX_INNER_ERRORS, type RawError } from "./raw-error.ts";

/** The longest free text a record keeps. */
export const MAX_TEXT_CHARACTERS = 1_000;
/** What is looked at before cutting; a foreign error text can be megabytes. */
const MAX_SCANNED_CHARACTERS = 4_096;

/** Turns an address or phone number into its pseudonym. */
export type PseudonymOf = (address: string) => string;

/**
 * Removes what identifies people or opens doors from a text that somebody else wrote: error messages, paths, proxy URLs. Kept is what
 * explains a failure: error codes, status codes, times, versions, host names and loopback addresses. When in doubt it removes.
 */
export function scrubText(text: string, pseudonymOf: PseudonymOf): string {
  const scanned = cutAtWord(text.replaceAll(INVISIBLE, ""), MAX_SCANNED_CHARACTERS);
  let clean = scanned;
  for (const rule of RULES) clean = rule(clean, pseudonymOf);
  return cutAtWord(clean, MAX_TEXT_CHARACTERS);
}

/** An error with every text in it scrubbed; numbers and codes stay. */
export function scrubError(error: RawError, pseudonymOf: PseudonymOf): RawError {
  const clean = (text: string): string => scrubText(text, pseudonymOf);
  const { name, message, errorCode, syscall, via, tag, attrs, errors, ...numbers } = error;
  return {
    ...numbers,
    name: NAME.test(name) ? name : clean(name),
    message: clean(message),
    ...(errorCode === undefined
      ? {}
      : { errorCode: CODE.test(errorCode) ? errorCode : clean(errorCode) }),
    ...(syscall === undefined ? {} : { syscall: clean(syscall) }),
    ...(via === undefined ? {} : { via: clean(via) }),
    ...(tag === undefined ? {} : { tag: clean(tag) }),
    ...(attrs === undefined ? {} : { attrs: scrubAttributes(attrs, clean) }),
    ...(errors === undefined
      ? {}
      : {
          errors: errors.slice(0, MAX_INNER_ERRORS).map((inner) => scrubError(inner, pseudonymOf)),
        }),
  };
}

/** Names of classes (`PreKeyError`) and of codes (`ERR_TLS_CERT_ALTNAME_INVALID`): letters first, no seven digits in a row. */
const NAME = /^(?!.*\d{7})[A-Za-z][A-Za-z]{0,63}$/;
const CODE = /^(?!.*\d{7})[A-Z][A-Z0-9_]{0,63}$/;

/** Attributes of stanzas whose value explains a failure and identifies nobody, e.g. seconds until a ban expires. */
const PLAIN_ATTRIBUTES: ReadonlySet<string> = new Set([
  "reason",
  "code",
  "expire",
  "type",
  "location",
  "error",
]);
const PLAIN_VALUE = /^[\w-]{1,32}$/;
const ONLY_DIGITS = /^\d{7,}$/;

function scrubAttributes(
  attrs: Readonly<Record<string, string>>,
  clean: (text: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(attrs).map(([key, value]) => {
      const isPlain =
        PLAIN_ATTRIBUTES.has(key) && PLAIN_VALUE.test(value) && !hasSevenDigits(key, value);
      return [clean(key), isPlain ? value : clean(value)];
    }),
  );
}

/** `expire` holds a time in seconds, which is as long as a phone number; everything else with seven digits is not plain. */
function hasSevenDigits(key: string, value: string): boolean {
  return key === "expire" && ONLY_DIGITS.test(value) ? value.length > 10 : /\d{7}/.test(value);
}

/** Zero width characters, direction marks and soft hyphens: used to break a number apart without anybody seeing it. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/** Cuts between words, because half a number or key would no longer be recognised by the rules. */
function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let end = limit - 1;
  while (end > 0 && !WORD_END.test(text.charAt(end))) end -= 1;
  return `${text.slice(0, end)}…`;
}
const WORD_END = /[\s,;{}()"'<>]/;

type Rule = (text: string, pseudonymOf: PseudonymOf) => string;

/** Decimal digits in any script. */
const DIGIT = String.raw`\p{Nd}`;
/** What people put between the digits of a phone number. */
const SEPARATOR = String.raw`[ \u00a0\u202f().\/\-\u2010-\u2015~_]|%20|%2D`;

const QR_REFERENCE =
  /(?:https:\/\/wa\.me\/settings\/linked_devices#)?\b\d@[\w+/=-]{8,}(?:,[\w+/=-]{8,})*/g;
const BYTES =
  /<Buffer(?: [0-9a-f]{2})*(?: \.{3}[^>]*)?>|\{\s*"type"\s*:\s*"Buffer"[^}]*\}?|(?:Uint8Array|Buffer)\s*(?:\(\d+\))?\s*\[[^\]]*\]?|\[(?:\s*\d{1,3}\s*,){7,}[^\]]*\]?/g;
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/@"'<>]*(?:@[^\s/@"'<>]*)*@/gi;
const URL_QUERY = /(\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi;
const SECRET_FIELD =
  /(["']?\b(?:[\w-]*(?:secret|password|passwd|token|api[_-]?key|priv(?:ate)?[_-]?key|pub(?:lic)?[_-]?key|(?:noise|identity|chain|root|base|message|app|adv|signed(?:pre)?|pre|media)[_-]?key))["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;}\]]+)/gi;
/** Headers whose value may hold several secrets: everything up to the end of the line or string goes. */
const SECRET_HEADER =
  /(\b(?:(?:proxy-)?authorization|(?:set-)?cookie)["']?\s*[:=]\s*["']?)[^\r\n"']+/gi;
const PAIRING_CODE_NAMED =
  /\b((?:pairing|link(?:ing)?)[ -]?code\b["']?\s*(?:[:=]|is)?\s*["']?)[A-Z0-9]{4}-?[A-Z0-9]{4}\b/gi;
const PAIRING_CODE =
  /(?<![\w-])(?=[A-Z1-9-]*\d)(?=[A-Z1-9-]*[A-Z])[1-9A-HJ-NP-TV-Z]{4}-?[1-9A-HJ-NP-TV-Z]{4}(?![\w-])/g;
const JID =
  /[\p{L}\p{N}._+-]{1,128}(?::\d{1,4})?@(?:s\.whatsapp\.net|c\.us|hosted\.lid|hosted|lid|g\.us|newsletter|broadcast|bot)\b/giu;
const EMAIL = /[\p{L}\p{N}._%+-]{1,128}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;
const HOME =
  /(?:\/(?:home|Users)\/|\b[A-Za-z]:[\\/]{1,2}(?:Users|Documents and Settings)[\\/]{1,2})(?:[^\r\n/\\:"'<>|]+(?=[/\\])|[^\s/\\:"'<>|]+)/g;
const ROOT_HOME = /(?<![\w/])\/root(?=\/)/g;
const IPV6 =
  /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?(?:%\w+)?(?![\w:])/gi;
const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g;
const LONG_HEX = /(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{32,}(?![0-9A-Za-z])/g;
const LONG_BASE64 = /[A-Za-z0-9+/_-]{20,}(?:={1,2}(?!\w))?/g;
const MASKED_PHONE = /\+\d[\d ]*[xX*•][\dxX*• ]*/g;

/** Rules in their order: the specific before the general, so that the general ones cannot tear the specific apart. */
const RULES: readonly Rule[] = [
  (text) => text.replaceAll(BYTES, "<bytes>"),
  (text) => text.replaceAll(QR_REFERENCE, "<qr>"),
  (text) => text.replaceAll(SECRET_HEADER, "$1<secret>").replaceAll(SECRET_FIELD, "$1<secret>"),
  (text) => text.replaceAll(PAIRING_CODE_NAMED, "$1<pairing-code>"),
  (text, pseudonymOf) => text.replaceAll(JID, (jid) => pseudonymOf(jid)),
  (text) => text.replaceAll(URL_CREDENTIALS, "$1<credentials>@"),
  (text) => text.replaceAll(URL_QUERY, "$1?<query>"),
  (text) => text.replaceAll(EMAIL, "<email>"),
  (text) => text.replaceAll(HOME, "~").replaceAll(ROOT_HOME, "~"),
  (text) => text.replaceAll(LONG_HEX, "<hex>"),
  (text) => text.replaceAll(LONG_BASE64, (run) => (looksLikeKey(run) ? "<base64>" : run)),
  (text) => text.replaceAll(PAIRING_CODE, "<pairing-code>"),
  (text) => text.replaceAll(IPV6, (address) => (isIpv6(address) ? "<ip>" : address)),
  (text) => text.replaceAll(IPV4, (address) => (isKeptIpv4(address) ? address : "<ip>")),
  (text) => text.replaceAll(MASKED_PHONE, "<phone>"),
  scrubPhoneNumbers,
];

/**
 * Random base64 changes between lower case, upper case and digits at two of three places; identifiers, paths and codes do not. A key may
 * hang on a path, so pieces are looked at too. A run that could be either is removed.
 */
function looksLikeKey(run: string): boolean {
  if (run.endsWith("=")) return true;
  if (run.length < KEY_WINDOW || !/[a-z]/.test(run) || !/[A-Z]/.test(run)) return false;
  if (isRandom(run, 1 / 4, 1 / 2)) return true;
  for (let start = 0; start + KEY_WINDOW <= run.length; start += 1) {
    if (isRandom(run.slice(start, start + KEY_WINDOW), 1 / 3, 0.3)) return true;
  }
  return false;
}
/** 16 bytes in base64: nothing shorter opens anything here. */
const KEY_WINDOW = 24;

/**
 * With digits many turns betray a key. Names of classes (`SocketOperationTimeoutError`) turn often too but consist of words, so what
 * stands in no word counts as well, and alone where there are only letters.
 */
function isRandom(run: string, leastTurns: number, mostWords: number): boolean {
  const inWords = run.match(LOWER_RUN)?.join("").length ?? 0;
  if (!/[0-9+]/.test(run)) return inWords < run.length * mostWords;
  return countOf(run, TURN) >= run.length * leastTurns || inWords < run.length * FEW_WORDS;
}
const FEW_WORDS = 0.3;
const TURN = /[a-z](?=[A-Z0-9+])|[A-Z](?=[a-z0-9+])|[0-9+](?=[A-Za-z])/g;
const LOWER_RUN = /[a-z]{4,}/g;

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Loopback and the unspecified address say nothing about anybody; 255.255.255.255 and the like neither. */
function isKeptIpv4(address: string): boolean {
  const parts = address.split(".").map(Number);
  if (parts.some((part) => part > 255)) return false;
  return parts[0] === 127 || address === "0.0.0.0";
}

/** Not `::1`, not a time of day (`12:00:39`), not a lone `::`. */
function isIpv6(candidate: string): boolean {
  if (/^(?:::1|::|(?:0{1,4}:){7}0{0,3}1)$/.test(candidate)) return false;
  if (/^\d{1,2}:\d{2}:\d{2}$/.test(candidate)) return false;
  return candidate.includes("::") || candidate.split(":").length === 8;
}

/**
 * Rows of digits that are no phone numbers: pseudonyms, WhatsApp Web versions, ISO dates, durations, loopback addresses, and a
 * status code right behind its name.
 */
const KEPT_NUMBERS = new RegExp(
  [
    String.raw`(?<![A-Za-z0-9])(?:user|group|newsletter|broadcast|bot|address)-[0-9a-f]{8}(?![0-9A-Za-z])`,
    String.raw`\b2\.\d{4}\.\d{6,10}\b`,
    String.raw`\b\d{4}-[01]\d-[0-3]\d(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?![\d-])`,
    String.raw`\b\d{1,10}(?:\.\d{1,6})?ms\b`,
    String.raw`(?<![+\d.])127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![.\d])`,
    String.raw`\b(?:status|code|reason|http(?:\/\d(?:\.\d)?)?)(?:code)?["']?\s*[:=]?\s*["'(]?\d{3}\b(?![-. ]?\d)`,
  ].join("|"),
  "gi",
);
const SEVEN_IN_A_ROW = new RegExp(`\\+?${DIGIT}{7,}`, "gu");
const GROUPED_WITH_PLUS = new RegExp(
  `(?:\\+|%2B|\\b00)${DIGIT}(?:(?:${SEPARATOR}){0,3}${DIGIT}){5,20}`,
  "giu",
);
const GROUPED = new RegExp(
  `(?<![${DIGIT}.])\\(?${DIGIT}{1,5}\\)?(?:(?:${SEPARATOR}){1,3}${DIGIT}{2,5}){1,6}(?![${DIGIT}])`,
  "giu",
);
function isWord(character: string): boolean {
  return /^[\p{L}\p{N}]$/u.test(character);
}
const PHONE_PATTERNS = [GROUPED_WITH_PLUS, SEVEN_IN_A_ROW, GROUPED];
/** Shortest number with a country code, and the length of local ones without. */
const MIN_PHONE_DIGITS = 7;

/**
 * Phone numbers in the forms people, logs and files write them. A number becomes its pseudonym, so that equality survives.
 */
function scrubPhoneNumbers(text: string, pseudonymOf: PseudonymOf): string {
  let clean = text;
  for (const pattern of PHONE_PATTERNS) {
    clean = outside(clean, KEPT_NUMBERS, (part) =>
      part.replaceAll(pattern, (found, at: number) => {
        const digits = digitsOf(found.replaceAll(/%2B|%20|%2D/gi, " "));
        if (digits.length < MIN_PHONE_DIGITS) return found;
        const isInWord = isWord(part.charAt(at - 1)) || isWord(part.charAt(at + found.length));
        return isInWord ? `<${pseudonymOf(digits)}>` : pseudonymOf(digits);
      }),
    );
  }
  return clean;
}

/** Applies `change` to everything between the matches of `kept`. */
function outside(text: string, kept: RegExp, change: (part: string) => string): string {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(kept)) {
    result += change(text.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return result + change(text.slice(end));
}

function digitsOf(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => String(decimalValue(digit))).replaceAll(/\D/g, "");
}

/** Value of a decimal digit of any script: Unicode keeps each script's ten digits in a row that starts at a zero. */
function decimalValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  if (code <= 0x39) return code - 0x30;
  let zero = code;
  while (zero > code - 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (code - zero) % 10;
}
