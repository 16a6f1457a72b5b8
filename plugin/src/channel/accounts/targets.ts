import { normalizeE164 } from "openclaw/plugin-sdk/account-core";

/*
 * What people write when they name somebody: a phone number in any notation, `whatsapp:` in front, a JID. Canonical is E.164 for
 * people, `<id>@g.us` for groups, `<id>@newsletter` for channels, `<id>@lid` for somebody known only by hidden id.
 */

const PREFIX = /^whatsapp:/i;
const PHONE_JID = /^(\d+)(?::\d+)?@(?:s\.whatsapp\.net|c\.us|hosted)$/i;
const LID_JID = /^(\d+)(?::\d+)?@(?:lid|hosted\.lid)$/i;
const GROUP_JID = /^(\d+(?:-\d+)*)@g\.us$/i;
const NEWSLETTER_JID = /^(\d+)@newsletter$/i;
const OTHER_SCHEME = /^[a-z][a-z0-9-]*:/i;

export type TargetKind = "direct" | "group" | "channel";

/** Canonical form of a target, or null when it names nobody on WhatsApp. */
export function normalizeTarget(raw: string): string | null {
  const target = stripPrefix(raw);
  const group = GROUP_JID.exec(target.replace(/^group:/i, "").trim())?.[1];
  if (group !== undefined) return `${group}@g.us`;
  const newsletter = NEWSLETTER_JID.exec(target)?.[1];
  if (newsletter !== undefined) return `${newsletter}@newsletter`;
  const lid = LID_JID.exec(target)?.[1];
  if (lid !== undefined) return `${lid}@lid`;
  const phone = PHONE_JID.exec(target)?.[1] ?? (looksWritten(target) ? target : null);
  if (phone === null) return null;
  const e164 = normalizeE164(phone);
  return e164.length > 1 ? e164 : null;
}

/** Kind of chat behind a canonical target. */
export function targetKind(canonical: string): TargetKind {
  if (canonical.endsWith("@g.us")) return "group";
  return canonical.endsWith("@newsletter") ? "channel" : "direct";
}

/** The address to write to on the wire. A person's hidden id, where known, is found by the library itself. */
export function targetJid(canonical: string): string {
  if (canonical.includes("@")) return canonical;
  return `${canonical.replace(/\D/g, "")}@s.whatsapp.net`;
}

/** E.164 of a phone number JID, null for every other address: a hidden id is not a number. */
export function phoneOf(jid: string | null | undefined): string | null {
  const digits = jid === null || jid === undefined ? undefined : PHONE_JID.exec(jid)?.[1];
  return digits === undefined ? null : `+${digits}`;
}

/** `<id>@lid` without device suffix, null for every other address. */
export function lidOf(jid: string | null | undefined): string | null {
  const id = jid === null || jid === undefined ? undefined : LID_JID.exec(jid)?.[1];
  return id === undefined ? null : `${id}@lid`;
}

/** Entry of an allowlist or of the pairing store: digits without plus, or a JID; `*` stays. Null when it names nobody. */
export function normalizeAllowEntry(entry: string): string | null {
  if (entry.trim() === "*") return "*";
  const target = normalizeTarget(entry);
  return target?.startsWith("+") === true ? target.slice(1) : target;
}

export function looksLikeTarget(raw: string): boolean {
  return PREFIX.test(raw.trim()) || normalizeTarget(raw) !== null;
}

function stripPrefix(raw: string): string {
  let target = raw.trim();
  while (PREFIX.test(target)) target = target.replace(PREFIX, "").trim();
  return target;
}

/** A number as written by a person; an address of another kind or channel is not one. */
function looksWritten(target: string): boolean {
  return target !== "" && !target.includes("@") && !OTHER_SCHEME.test(target);
}
