import type { IncomingContent, IncomingMessage, Jid } from "../runtime/ports.ts";
import type { Baileys, proto, WAMessage } from "./library.ts";
import { structuredContent } from "./structured-content.ts";

type Content = proto.IMessage;

/**
 * What a message says, with ephemeral, view-once, caption and edit wrappers taken off by the library. Null for stubs, which nobody
 * wrote.
 */
export function contentOf(baileys: Baileys, raw: WAMessage): IncomingContent | null {
  if (raw.category === "peer") return { type: "protocol", label: "peer" };
  const content = unwrap(baileys, raw);
  if (content === undefined) {
    return raw.key.isViewOnce === true ? { type: "other", label: "view-once" } : null;
  }
  if (isPresent(content.protocolMessage)) return protocolContent(baileys, content.protocolMessage);
  if (isPresent(content.reactionMessage)) {
    return {
      type: "reaction",
      emoji: content.reactionMessage.text ?? "",
      targetMessageId: content.reactionMessage.key?.id ?? "",
    };
  }
  const text = content.conversation ?? content.extendedTextMessage?.text;
  if (text !== null && text !== undefined && text !== "") return { type: "text", text };
  return mediaContent(content) ?? structuredContent(content) ?? otherContent(baileys, content);
}

/** Mentions and the quoted message, wherever the content type keeps its context. */
export function contextOf(
  baileys: Baileys,
  raw: WAMessage,
): Pick<IncomingMessage, "mentions" | "quoted"> {
  const content = unwrap(baileys, raw);
  const type = baileys.getContentType(content);
  const body: unknown = content === undefined || type === undefined ? undefined : content[type];
  if (typeof body !== "object" || body === null || !("contextInfo" in body)) {
    return { mentions: [], quoted: null };
  }
  const context = body.contextInfo as proto.IContextInfo | null;
  const quotedId = context?.stanzaId ?? "";
  return {
    mentions: (context?.mentionedJid ?? [])
      .map((jid) => baileys.jidNormalizedUser(jid))
      .filter((jid) => jid !== ""),
    quoted:
      quotedId === ""
        ? null
        : {
            messageId: quotedId,
            sender: normalised(baileys, context?.participant),
            text: textOf(baileys, context?.quotedMessage),
          },
  };
}

function unwrap(baileys: Baileys, raw: WAMessage): Content | undefined {
  // A wrapper may be empty; the library's type does not say so.
  return baileys.normalizeMessageContent(raw.message ?? undefined) ?? undefined;
}

/** Edits and deletions are what a person did; everything else of this type is between devices. */
function protocolContent(
  baileys: Baileys,
  protocol: proto.Message.IProtocolMessage,
): IncomingContent {
  const types = baileys.proto.Message.ProtocolMessage.Type;
  switch (protocol.type) {
    case types.MESSAGE_EDIT:
      return { type: "other", label: "edit" };
    case types.REVOKE:
      return { type: "other", label: "revoke" };
    default:
      return { type: "protocol", label: types[protocol.type ?? 0]?.toLowerCase() ?? "unknown" };
  }
}

function mediaContent(content: Content): IncomingContent | null {
  if (isPresent(content.imageMessage)) return media("image", content.imageMessage.caption);
  if (isPresent(content.videoMessage)) return media("video", content.videoMessage.caption);
  if (isPresent(content.ptvMessage)) return media("video", null);
  if (isPresent(content.audioMessage)) {
    return media(content.audioMessage.ptt === true ? "voice" : "audio", null);
  }
  if (isPresent(content.documentMessage)) {
    return media("document", content.documentMessage.caption ?? content.documentMessage.fileName);
  }
  return isPresent(content.stickerMessage) ? media("sticker", null) : null;
}

function media(kind: string, caption: string | null | undefined): IncomingContent {
  return {
    type: "media",
    media: kind,
    caption: caption === undefined || caption === "" ? null : caption,
  };
}

function otherContent(baileys: Baileys, content: Content): IncomingContent {
  const type = baileys.getContentType(content);
  if (type === undefined) return { type: "protocol", label: "key-distribution" };
  return { type: "other", label: type.replace(/Message$/, "") };
}

function textOf(baileys: Baileys, content: Content | null | undefined): string | null {
  const inner = baileys.normalizeMessageContent(content ?? undefined);
  return (
    inner?.conversation ??
    inner?.extendedTextMessage?.text ??
    inner?.imageMessage?.caption ??
    inner?.videoMessage?.caption ??
    inner?.documentMessage?.caption ??
    null
  );
}

function normalised(baileys: Baileys, jid: string | null | undefined): Jid | null {
  const address = baileys.jidNormalizedUser(jid ?? undefined);
  return address === "" ? null : address;
}

function isPresent<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
