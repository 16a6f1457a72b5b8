import type { SocketId } from "../events/index.ts";
import type { IncomingMessage, Jid, SelfAddress } from "../runtime/ports.ts";
import { contentOf, contextOf } from "./message-content.ts";
import { serialiseMessage } from "./message-serialiser.ts";
import type { Baileys, WAMessage } from "./library.ts";

/** A message of Baileys turned into ours, or why there is none. */
export type Intake =
  | { readonly type: "message"; readonly message: IncomingMessage }
  /** A stanza that could not be read; the ciphertext may come again. */
  | {
      readonly type: "orphan";
      readonly messageId: string;
      readonly chat: Jid;
      readonly why: "undecryptable" | "unavailable" | "key-used";
    }
  /** Group events, calls and other stubs: nobody wrote anything. */
  | { readonly type: "nothing" };

export interface IntakeContext {
  readonly socketId: SocketId;
  readonly via: IncomingMessage["via"];
  readonly self: SelfAddress;
  /** Wall clock, to recognise times that cannot be true. */
  readonly nowMs: number;
}

/** A clock that is a day ahead is wrong; less than that is a phone whose clock is set loosely. */
const MAX_FUTURE_MS = 24 * 60 * 60 * 1000;

/** Maps what `messages.upsert` carries. Pure apart from the protobuf helpers of the library. */
export function intakeOf(baileys: Baileys, raw: WAMessage, context: IntakeContext): Intake {
  const messageId = raw.key.id;
  const chat = addressOf(baileys, raw.key.remoteJid);
  if (messageId === null || messageId === undefined || messageId === "" || chat === null) {
    return { type: "nothing" };
  }
  if (raw.messageStubType === baileys.WAMessageStubType.CIPHERTEXT) {
    return { type: "orphan", messageId, chat, why: orphanReason(baileys, raw) };
  }
  const content = contentOf(baileys, raw);
  if (content === null) return { type: "nothing" };

  const fromMe = raw.key.fromMe === true;
  const alternate = addressOf(baileys, raw.key.remoteJidAlt);
  const group = baileys.isJidGroup(chat) === true;
  const sender = senderOf(baileys, raw, chat, context.self);
  const { mentions, quoted } = contextOf(baileys, raw);
  return {
    type: "message",
    message: {
      socketId: context.socketId,
      messageId,
      chat,
      // rc14 puts our own number here when the stanza of our phone names its sender (decode-wa-message.js).
      chatAlternate: fromMe && isSelf(alternate, context.self) ? null : alternate,
      chatKind: chatKindOf(baileys, chat, alternate, context.self),
      sender: sender.address,
      senderAlternate: group || !fromMe ? sender.alternate : null,
      fromMe,
      pushName: raw.pushName ?? null,
      sentAtMs: sentAt(raw.messageTimestamp, context.nowMs),
      via: context.via,
      content,
      mentions,
      quoted,
      raw: serialiseMessage(baileys, raw),
    },
  };
}

function orphanReason(
  baileys: Baileys,
  raw: WAMessage,
): "undecryptable" | "unavailable" | "key-used" {
  const text = raw.messageStubParameters?.[0];
  if (text === baileys.NO_MESSAGE_FOUND_ERROR_TEXT) return "unavailable";
  return text === baileys.MISSING_KEYS_ERROR_TEXT ? "key-used" : "undecryptable";
}

/** In groups the participant, in direct chats the chat, or ourselves in the form the chat is addressed in. */
function senderOf(
  baileys: Baileys,
  raw: WAMessage,
  chat: Jid,
  self: SelfAddress,
): { readonly address: Jid; readonly alternate: Jid | null } {
  const participant = addressOf(baileys, raw.key.participant);
  if (participant !== null) {
    return { address: participant, alternate: addressOf(baileys, raw.key.participantAlt) };
  }
  if (raw.key.fromMe !== true) {
    return { address: chat, alternate: addressOf(baileys, raw.key.remoteJidAlt) };
  }
  const own = baileys.isLidUser(chat) === true ? (self.lid ?? self.pn) : (self.pn ?? self.lid);
  return { address: own ?? chat, alternate: null };
}

function chatKindOf(
  baileys: Baileys,
  chat: Jid,
  alternate: Jid | null,
  self: SelfAddress,
): IncomingMessage["chatKind"] {
  if (baileys.isJidGroup(chat) === true) return "group";
  if (baileys.isJidStatusBroadcast(chat)) return "status";
  if (baileys.isPnUser(chat) === true || baileys.isLidUser(chat) === true) {
    return isSelf(chat, self) || (self.pn === null && isSelf(alternate, self)) ? "self" : "direct";
  }
  return "other";
}

function isSelf(address: Jid | null, self: SelfAddress): boolean {
  return address !== null && (address === self.pn || address === self.lid);
}

/** Without device suffix; empty strings, which rc14 uses for "no participant", are null. */
function addressOf(baileys: Baileys, jid: string | null | undefined): Jid | null {
  const normalised = baileys.jidNormalizedUser(jid ?? undefined);
  return normalised === "" ? null : normalised;
}

/** Seconds as number, Long or string; null when missing, zero, not a number or beyond tomorrow. */
function sentAt(timestamp: WAMessage["messageTimestamp"], nowMs: number): number | null {
  if (timestamp === null || timestamp === undefined) return null;
  const milliseconds = Math.round(Number(timestamp.toString()) * 1000);
  if (!Number.isSafeInteger(milliseconds) || milliseconds <= 0) return null;
  return milliseconds > nowMs + MAX_FUTURE_MS ? null : milliseconds;
}
