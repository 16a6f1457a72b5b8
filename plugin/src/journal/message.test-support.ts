import type { IncomingMessage } from "../runtime/ports.ts";

/** 2026-01-01, in wall clock milliseconds. */
export const START_MS = Date.UTC(2026, 0, 1);
export const ALICE_PN = "15550100001@s.whatsapp.net";
export const ALICE_LID = "200000000000001@lid";
export const BOB_PN = "15550100002@s.whatsapp.net";
export const BOB_LID = "200000000000002@lid";
export const GROUP = "120363000000000001@g.us";

/** A direct text message of Alice. */
export function incoming(changes: Partial<IncomingMessage> = {}): IncomingMessage {
  const messageId = changes.messageId ?? "M1";
  return {
    socketId: 1,
    messageId,
    chat: ALICE_LID,
    chatAlternate: null,
    chatKind: "direct",
    sender: changes.chat ?? ALICE_LID,
    senderAlternate: null,
    fromMe: false,
    pushName: "Alice",
    sentAtMs: START_MS - 1_000,
    via: "live",
    content: { type: "text", text: `hello ${messageId}` },
    mentions: [],
    quoted: null,
    raw: JSON.stringify({ key: { id: messageId } }),
    ...changes,
  };
}

export function idsOf(entries: readonly { readonly message: IncomingMessage }[]): string[] {
  return entries.map((entry) => entry.message.messageId);
}
