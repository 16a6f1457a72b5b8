import type { Jid, OutgoingContent } from "../runtime/ports.ts";
import type {
  AnyMessageContent,
  Baileys,
  MiscMessageGenerationOptions,
  WAMessageKey,
} from "./library.ts";
import { parseMessage } from "./message-serialiser.ts";

/** How our content is written with the library. */
export type OutgoingPlan =
  | {
      readonly type: "message";
      readonly content: AnyMessageContent;
      readonly options: MiscMessageGenerationOptions;
    }
  | { readonly type: "typing"; readonly state: "composing" | "paused" }
  | { readonly type: "read-receipt"; readonly keys: WAMessageKey[] }
  /** Nothing of it can be written, ever. */
  | { readonly type: "impossible"; readonly why: string };

/** Maps our content to the library's, with the caller's message id in place of a fresh one per attempt. */
export function planOutgoing(
  baileys: Baileys,
  chat: Jid,
  content: OutgoingContent,
  messageId: string | null,
): OutgoingPlan {
  const options = (quotedRaw: string | null): MiscMessageGenerationOptions => {
    const quoted = quotedRaw === null ? null : parseMessage(baileys, quotedRaw);
    return {
      ...(messageId === null ? {} : { messageId }),
      // A quote that cannot be read must not keep the answer back.
      ...(quoted === null ? {} : { quoted }),
    };
  };
  switch (content.operation) {
    case "text":
      return {
        type: "message",
        // No preview: the library would fetch any address that the text names from this machine.
        content: { text: content.text, mentions: [...content.mentions], linkPreview: null },
        options: options(content.quotedRaw),
      };
    case "media":
      return {
        type: "message",
        content: mediaContent(content),
        options: options(content.quotedRaw),
      };
    case "reaction":
    case "edit":
    case "delete": {
      const change = changeOf(baileys, chat, content);
      return change === null
        ? impossible("the message to react to is not readable")
        : { type: "message", content: change, options: options(null) };
    }
    case "group-query":
      return impossible("a query is asked and not written");
    case "poll":
      return {
        type: "message",
        content: {
          poll: {
            name: content.question,
            values: [...content.options],
            selectableCount: content.maxSelections,
          },
        },
        options: options(null),
      };
    case "typing":
      return { type: "typing", state: content.state };
    case "read-receipt": {
      const keys = content.raw.flatMap((raw) => parseMessage(baileys, raw)?.key ?? []);
      return keys.length === 0
        ? impossible("no message to mark as read is readable")
        : { type: "read-receipt", keys };
    }
  }
}

/** What happens to another message: a reaction, or a change to one of our own. */
function changeOf(
  baileys: Baileys,
  chat: Jid,
  content: Extract<OutgoingContent, { operation: "reaction" | "edit" | "delete" }>,
): AnyMessageContent | null {
  switch (content.operation) {
    case "reaction": {
      const key = reactionTarget(baileys, chat, content);
      return key === null ? null : { react: { text: content.emoji, key } };
    }
    case "edit": {
      const edit = ownKey(chat, content.targetMessageId);
      return { text: content.text, edit, linkPreview: null };
    }
    case "delete":
      return { delete: ownKey(chat, content.targetMessageId) };
  }
}

function reactionTarget(
  baileys: Baileys,
  chat: Jid,
  { targetRaw, targetMessageId, targetAuthor }: Extract<OutgoingContent, { operation: "reaction" }>,
): WAMessageKey | null {
  if (targetRaw !== null) return parseMessage(baileys, targetRaw)?.key ?? null;
  if (targetMessageId === undefined || targetAuthor === undefined) {
    return ownKey(chat, targetMessageId);
  }
  const participant = baileys.isJidGroup(chat) === true ? { participant: targetAuthor } : {};
  return { remoteJid: chat, fromMe: false, id: targetMessageId, ...participant };
}

/** Key of a message that we sent ourselves. */
function ownKey(chat: Jid, messageId: string): WAMessageKey;
function ownKey(chat: Jid, messageId: string | undefined): WAMessageKey | null;
function ownKey(chat: Jid, messageId: string | undefined): WAMessageKey | null {
  return messageId === undefined ? null : { remoteJid: chat, fromMe: true, id: messageId };
}

function impossible(why: string): OutgoingPlan {
  return { type: "impossible", why };
}

type Media = Extract<OutgoingContent, { operation: "media" }>;

/** By MIME type; what WhatsApp does not show inline, or shall not, goes as a document. */
function mediaContent(media: Media): AnyMessageContent {
  const source = { url: media.path };
  const caption = {
    ...(media.caption === null ? {} : { caption: media.caption }),
    ...(media.mentions === undefined ? {} : { mentions: [...media.mentions] }),
  };
  const [kind] = media.mimeType.split("/", 1);
  switch (media.shownAs === "document" ? "document" : kind) {
    case "image":
      return media.mimeType === "image/webp" && media.caption === null
        ? { sticker: source, mimetype: media.mimeType }
        : { image: source, mimetype: media.mimeType, ...caption };
    case "video":
      return {
        video: source,
        mimetype: media.mimeType,
        ...(media.shownAs === "gif" ? { gifPlayback: true } : {}),
        ...caption,
      };
    case "audio":
      return { audio: source, mimetype: media.mimeType, ptt: media.voice };
    default:
      return {
        document: source,
        mimetype: media.mimeType,
        fileName: media.fileName ?? "file",
        ...caption,
      };
  }
}
