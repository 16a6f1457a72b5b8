import type { SelfIdentity } from "./identity.ts";
import type { RawError } from "./raw-error.ts";
import type { LogRecord } from "./record.ts";
import { scrubError, scrubText } from "./scrub.ts";

/**
 * HMAC-SHA-256 of a text with the installation's key, in lower case hex. Injected, because this folder imports nothing; a plain hash
 * would not do: all phone numbers can be hashed in minutes.
 */
export type KeyedHash = (text: string) => string;

export interface PseudonymiserOptions {
  readonly keyedHash: KeyedHash;
  /**
   * The form of an address that stands for the person: maps a LID to its PN (or the other way round) where the pair is known, so that
   * both give one pseudonym. Called without device suffix. Defaults to the address itself.
   */
  readonly canonical?: (jid: string) => string;
}

/** The only way from a raw address or a foreign text to a record. */
export interface AddressPseudonyms {
  readonly address: (jid: string) => string;
  readonly self: (self: {
    readonly pn: string | null;
    readonly lid: string | null;
  }) => SelfIdentity;
  readonly text: (text: string) => string;
  readonly error: (error: RawError) => RawError;
}

/**
 * Stable pseudonyms for one installation: the same address always gives the same `user-<8 hex>` or `group-<8 hex>`. Without the key
 * nothing leads back. What is a pseudonym already stays as it is.
 */
export function createPseudonymiser(options: PseudonymiserOptions): AddressPseudonyms {
  const { keyedHash, canonical = (jid) => jid } = options;
  // The two forms of one's own address stay apart: which of them is known is itself a fact that decisions depend on.
  const exact = (jid: string): string => pseudonymOf(jid, keyedHash);
  const address = (jid: string): string =>
    isPseudonym(jid) ? jid : exact(canonical(withoutDevice(jid)));
  return {
    address,
    self: ({ pn, lid }) => ({
      pn: pn === null ? null : exact(withoutDevice(pn)),
      lid: lid === null ? null : exact(withoutDevice(lid)),
    }),
    text: (text) => scrubText(text, address),
    error: (error) => scrubError(error, address),
  };
}

/** Hex digits of a pseudonym: 32 bits tell thousands of contacts apart and are short enough to read. */
const PSEUDONYM_DIGITS = 8;

/** Prefix per kind of address. Both forms of a person are `user`; `@c.us` is the old spelling of `@s.whatsapp.net`. */
const PREFIXES: Readonly<Record<string, string>> = {
  "s.whatsapp.net": "user",
  "c.us": "user",
  hosted: "user",
  lid: "user",
  "hosted.lid": "user",
  "g.us": "group",
  newsletter: "newsletter",
  broadcast: "broadcast",
  bot: "bot",
};

const PSEUDONYM =
  /^(?:(?:user|group|newsletter|broadcast|bot|address)-(?:[0-9a-f]{8}|[1-9]\d{0,5})|status|unknown)$/;

/** Whether a text is a pseudonym already, keyed (`user-1f3a9c07`) or numbered for a fixture (`user-1`). */
export function isPseudonym(text: string): boolean {
  return PSEUDONYM.test(text);
}

/** A JID without its device (`:12`) and agent (`_1`) part: devices of one person are one person. */
export function withoutDevice(jid: string): string {
  const at = jid.lastIndexOf("@");
  if (at < 0) return jid;
  return `${jid.slice(0, at).replace(/[:_]\d+.*$/, "")}${jid.slice(at)}`;
}

function pseudonymOf(address: string, keyedHash: KeyedHash): string {
  if (isPseudonym(address)) return address;
  if (address === "") return "unknown";
  if (address === "status@broadcast") return "status";
  const at = address.lastIndexOf("@");
  const user = at < 0 ? address : address.slice(0, at);
  const domain = at < 0 ? "" : address.slice(at + 1).toLowerCase();
  const digits = user.replaceAll(/\D/g, "");
  // A bare number is a phone number: +1 (555) 010-0199 and 15550100199@s.whatsapp.net are the same person.
  const isPhone = at < 0 && digits.length >= MIN_PHONE_DIGITS && !/\p{L}/u.test(user);
  const prefix = isPhone ? "user" : Object.hasOwn(PREFIXES, domain) ? PREFIXES[domain] : "address";
  const space = prefix === "user" && domain.endsWith("lid") ? "lid" : (prefix ?? "address");
  const identity = prefix === "user" && digits !== "" ? digits : user;
  const hash = keyedHash(`${space}:${identity}`);
  return `${prefix ?? "address"}-${hash.slice(0, PSEUDONYM_DIGITS)}`;
}
const MIN_PHONE_DIGITS = 7;

/**
 * Numbers the pseudonyms of a log anew, in order of appearance: `user-1f3a9c07` becomes `user-1` everywhere. For captured incidents: what
 * leaves the machine cannot be compared with another capture of the same installation. A number that the log uses already stays with whom it
 * stands for.
 */
export function renumberPseudonyms(records: readonly LogRecord[]): readonly LogRecord[] {
  const numbers = new Map<string, string>();
  const counts = new Map<string, number>();
  const taken = numberedIn(records);
  const renumber = (pseudonym: string, prefix: string): string => {
    const known = numbers.get(pseudonym);
    if (known !== undefined) return known;
    let number = (counts.get(prefix) ?? 0) + 1;
    while (taken.has(`${prefix}-${number}`)) number += 1;
    counts.set(prefix, number);
    const replacement = `${prefix}-${number}`;
    numbers.set(pseudonym, replacement);
    return replacement;
  };
  const inText = (text: string): string =>
    text.replaceAll(KEYED_PSEUDONYM, (whole, prefix: string) => renumber(whole, prefix));
  // The structure is untouched, so the record keeps its type.
  return records.map((record) => mapStrings(record, inText) as LogRecord);
}
const KEYED_PSEUDONYM = /\b(user|group|newsletter|broadcast|bot|address)-[0-9a-f]{8}\b/g;
const NUMBERED_PSEUDONYM = /\b(?:user|group|newsletter|broadcast|bot|address)-[1-9]\d{0,5}\b/g;

function numberedIn(records: readonly LogRecord[]): ReadonlySet<string> {
  const taken = new Set<string>();
  const note = (text: string): string => {
    for (const [pseudonym] of text.matchAll(NUMBERED_PSEUDONYM)) taken.add(pseudonym);
    return text;
  };
  for (const record of records) mapStrings(record, note);
  return taken;
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]),
  );
}
