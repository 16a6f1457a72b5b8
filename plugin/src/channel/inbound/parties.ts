import type { IncomingMessage, Jid, SelfAddress } from "../../runtime/ports.ts";
import { lidOf, phoneOf } from "../accounts/targets.ts";

/** Somebody in both address forms, as far as they are known. Which of the two a stanza carries depends on the server's mood. */
export interface Person {
  /** E.164. */
  readonly phone: string | null;
  /** `<id>@lid` */
  readonly lid: string | null;
}

/** Who wrote where, in canonical addresses, so that PN and LID of one person are one everywhere above. */
export interface Parties {
  readonly kind: "direct" | "group";
  /** Canonical id of the conversation: E.164, or `<id>@lid` for somebody without a known number, or the group's JID. */
  readonly conversation: string;
  readonly sender: Person;
  readonly self: Person;
  readonly fromMe: boolean;
}

type ResolveAddress = (jid: Jid) => Promise<{ readonly pn: Jid | null; readonly lid: Jid | null }>;

/**
 * Works out the parties of a message. Null for chats that have no parties an agent could talk to (status, broadcasts).
 * @param resolve both forms of an address from what is stored; asked only when the stanza gave one form
 */
export async function identifyParties(
  message: IncomingMessage,
  self: SelfAddress,
  resolve: ResolveAddress,
): Promise<Parties | null> {
  const own: Person = { phone: phoneOf(self.pn), lid: lidOf(self.lid) };
  const sender = message.fromMe
    ? own
    : await resolvePerson(message.sender, message.senderAlternate, resolve);
  switch (message.chatKind) {
    case "group":
      return {
        kind: "group",
        conversation: message.chat,
        sender,
        self: own,
        fromMe: message.fromMe,
      };
    case "direct":
    case "self": {
      const peer = await resolvePerson(message.chat, message.chatAlternate, resolve);
      const conversation = idOf(peer);
      if (conversation === null) return null;
      return { kind: "direct", conversation, sender, self: own, fromMe: message.fromMe };
    }
    case "status":
    case "other":
      return null;
  }
}

/** Stable id of a person: the number where it is known, else the hidden id. */
export function idOf(person: Person): string | null {
  return person.phone ?? person.lid;
}

/** Whether two descriptions can be the same person; unknown forms do not match anything. */
export function samePerson(a: Person, b: Person): boolean {
  return (a.phone !== null && a.phone === b.phone) || (a.lid !== null && a.lid === b.lid);
}

/** The person behind a single address, for mentions and quotes. */
export function personOf(jid: Jid | null): Person {
  return { phone: phoneOf(jid), lid: lidOf(jid) };
}

async function resolvePerson(
  jid: Jid,
  alternate: Jid | null,
  resolve: ResolveAddress,
): Promise<Person> {
  const known: Person = {
    phone: phoneOf(jid) ?? phoneOf(alternate),
    lid: lidOf(jid) ?? lidOf(alternate),
  };
  if (known.phone !== null && known.lid !== null) return known;
  const stored = await resolve(jid);
  return { phone: known.phone ?? phoneOf(stored.pn), lid: known.lid ?? lidOf(stored.lid) };
}
