import type { OutgoingContent } from "../runtime/ports.ts";
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
    case "reaction": {
      const target = parseMessage(baileys, content.targetRaw);
      if (target === null) return impossible("the message to react to is not readable");
      return {
        type: "message",
        content: { react: { text: content.emoji, key: target.key } },
        options: options(null),
      };
    }
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

function impossible(why: string): OutgoingPlan {
  return { type: "impossible", why };
}

type Media = Extract<OutgoingContent, { operation: "media" }>;

/** By MIME type; what WhatsApp does not show inline goes as a document. */
function mediaContent(media: Media): AnyMessageContent {
  const source = { url: media.path };
  const caption = media.caption === null ? {} : { caption: media.caption };
  const [kind] = media.mimeType.split("/", 1);
  switch (kind) {
    case "image":
      return media.mimeType === "image/webp" && media.caption === null
        ? { sticker: source, mimetype: media.mimeType }
        : { image: source, mimetype: media.mimeType, ...caption };
    case "video":
      return { video: source, mimetype: media.mimeType, ...caption };
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
