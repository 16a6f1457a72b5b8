import {
  effectTable,
  envelopeFields,
  inputTable,
  isPseudonym,
  type LogRecord,
  MAX_INNER_ERRORS,
  type RawError,
  worldTable,
} from "../events/index.ts";
import type { Pseudonymiser } from "../runtime/ports.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields that hold an address. They hold a pseudonym already; a raw one that slipped through becomes one here. */
const ADDRESS_FIELDS: ReadonlySet<string> = new Set(["chat", "contact", "pn", "lid"]);
/** Numbers of an error; its texts are scrubbed one by one. */
const ERROR_NUMBERS = ["statusCode", "httpStatus", "closeCode"] as const;
const ERROR_TEXTS = ["errorCode", "syscall", "via", "tag"] as const;

/** WhatsApp's own message ids: hexadecimal and too long for a phone number. */
const MESSAGE_ID = /^[0-9A-F]{16,40}$/;
/** Words of our own vocabulary: nothing in them could be an address, a number or a key. */
const PLAIN_WORD = /^(?!.*\d{5})[\w .:/-]{0,20}$/;

const DIRECTIONS = { in: inputTable, out: effectTable, world: worldTable } as const;

/**
 * The last look before a record leaves the process or reaches a disk: only fields of its kind stay, addresses are pseudonyms, and every
 * other text goes through the scrubber. Null for what is no record. Records are clean when they come here; this holds when a mistake
 * elsewhere let something through.
 */
export function cleanRecord(record: LogRecord, pseudonyms: Pseudonymiser): LogRecord | null {
  if (record.kind === "log.header") return record;
  const table: Readonly<Record<string, Fields>> = DIRECTIONS[record.dir];
  const known = Object.hasOwn(table, record.kind) ? table[record.kind] : undefined;
  if (known === undefined) return null;
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const isKnown =
      Object.hasOwn(known, name) ||
      Object.hasOwn(envelopeFields, name) ||
      name === "dir" ||
      name === "kind" ||
      (record.dir === "out" && (name === "cause" || name === "rule"));
    if (!isKnown) continue;
    clean[name] = cleanValue(name, value, pseudonyms);
  }
  // Fields were only removed or replaced by ones of the same type.
  return clean as unknown as LogRecord;
}

function cleanValue(name: string, value: unknown, pseudonyms: Pseudonymiser): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(name, value, pseudonyms);
    case "number":
    case "boolean":
      return value;
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (name === "self") return cleanSelf(value as Fields, pseudonyms);
  if (name === "error") return cleanError(value as RawError, pseudonyms);
  return undefined;
}

function cleanText(name: string, text: string, pseudonyms: Pseudonymiser): string {
  if (isPseudonym(text)) return text;
  if (ADDRESS_FIELDS.has(name)) return pseudonyms.address(text);
  if (PLAIN_WORD.test(text) || MESSAGE_ID.test(text)) return text;
  // Made by the process itself, and needed letter by letter to put records together.
  if (name === "boot" || name === "account" || name === "rule") return text;
  if (name === "policy" && isPolicy(text)) return text;
  return pseudonyms.text(text);
}

/** Settings as JSON: switches, words and durations, some of which are as long as a phone number. */
function isPolicy(text: string): boolean {
  try {
    return isPolicyValue(JSON.parse(text));
  } catch {
    return false;
  }
}

function isPolicyValue(value: unknown): boolean {
  if (typeof value === "string") return /^[a-z-]{1,30}$/.test(value);
  if (typeof value !== "object" || value === null) return typeof value !== "object";
  return Object.entries(value).every(
    ([key, item]) => /^\w{1,40}$/.test(key) && isPolicyValue(item),
  );
}

function cleanSelf(self: Fields, pseudonyms: Pseudonymiser): Fields {
  const form = (value: unknown): string | null =>
    typeof value === "string" ? cleanText("pn", value, pseudonyms) : null;
  return { pn: form(self["pn"]), lid: form(self["lid"]) };
}

/** Rebuilt field by field, so that nothing that hangs on an error object comes along. */
function cleanError(error: RawError, pseudonyms: Pseudonymiser): RawError {
  const fields: Record<string, unknown> = {
    name: error.name,
    message: error.message,
  };
  for (const name of ERROR_NUMBERS) {
    if (typeof error[name] === "number") fields[name] = error[name];
  }
  for (const name of ERROR_TEXTS) {
    if (typeof error[name] === "string") fields[name] = error[name];
  }
  if (error.attrs !== undefined) {
    fields["attrs"] = Object.fromEntries(
      Object.entries(error.attrs).filter(([, value]) => typeof value === "string"),
    );
  }
  if (Array.isArray(error.errors)) {
    fields["errors"] = error.errors
      .slice(0, MAX_INNER_ERRORS)
      .map((inner: RawError) => cleanError(inner, pseudonyms));
  }
  return pseudonyms.error(fields as unknown as RawError);
}

const KEYED_PSEUDONYM = /\b(user|group|newsletter|broadcast|bot|address)-[0-9a-f]{8}\b/g;

/** The record without any identity, for `log.identities: none`: people and groups can no longer be told apart. */
export function withoutIdentities(record: LogRecord): LogRecord {
  return mapTexts(record, (text) => text.replaceAll(KEYED_PSEUDONYM, "$1")) as LogRecord;
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
