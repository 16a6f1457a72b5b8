import { toInboundMediaFacts } from "openclaw/plugin-sdk/channel-inbound";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { IncomingMessage } from "../../runtime/ports.ts";
import { MediaUnavailable } from "../../runtime/ports/media.ts";
import { maxMediaBytes } from "../outbound/media-host.ts";
import type { InboundHost, ShownMessage } from "./admitted-message.ts";

export type ReceivedMedia = ReturnType<typeof toInboundMediaFacts>;

/** The messages of a turn with what their texts say of their files, and the files. */
export interface WithFiles<Shown> {
  readonly shown: readonly Shown[];
  readonly media: ReceivedMedia;
}

/** More than a person sends at once; the rest is said to be there. */
const MAX_FILES_PER_TURN = 10;

interface Received {
  readonly path: string;
  readonly contentType: string | null;
  readonly fileName: string | null;
}

/**
 * Fetches the files of the messages that a turn is about, and of those they answer to, into the host's media store. A file that cannot be had
 * is named in the text with the reason; the turn is held for no more than the time limit of one file.
 */
export async function receiveFiles<Shown extends ShownMessage>(
  host: InboundHost,
  cfg: OpenClawConfig,
  shown: readonly Shown[],
): Promise<WithFiles<Shown>> {
  const maxBytes = maxMediaBytes(cfg, host.accountId);
  let places = MAX_FILES_PER_TURN;
  const fetching = shown.map(async (each) => {
    const { message } = each.entry;
    const files = [message, ...quotedIn(host, message)].filter(isMedia);
    const outcomes = files.map(async (file) => {
      places -= 1;
      const outcome = places < 0 ? MANY : await receive(host, file, maxBytes);
      return { file, outcome, isOwn: file === message };
    });
    return { each, outcomes: await Promise.all(outcomes) };
  });
  const done = await Promise.all(fetching);
  const media = done.flatMap(({ outcomes }) =>
    outcomes.flatMap(({ file, outcome }) =>
      typeof outcome === "string"
        ? []
        : [{ ...outcome, kind: kindOf(file), messageId: file.messageId }],
    ),
  );
  return {
    shown: done.map(({ each, outcomes }) => ({ ...each, text: textWith(each.text, outcomes) })),
    media: toInboundMediaFacts(media),
  };
}

/** The reason instead of a file. */
const MANY = `a turn takes ${MAX_FILES_PER_TURN} files`;

/** "What is this?" is about the picture that it answers to. */
function quotedIn(host: InboundHost, { quoted, chat }: IncomingMessage): IncomingMessage[] {
  const found = quoted === null ? null : host.memory.findMessage(quoted.messageId, chat);
  return found === null ? [] : [found];
}

type MediaMessage = IncomingMessage & { readonly content: { readonly type: "media" } };

function isMedia(message: IncomingMessage): message is MediaMessage {
  return message.content.type === "media";
}

async function receive(
  host: InboundHost,
  { raw }: IncomingMessage,
  maxBytes: number,
): Promise<Received | string> {
  try {
    const { bytes, mimeType, fileName } = await host.runtime().receiveFile(raw, maxBytes);
    const saved = await host.channel.media.saveMediaBuffer(
      bytes,
      mimeType ?? undefined,
      "inbound",
      maxBytes,
      fileName ?? undefined,
    );
    return { path: saved.path, contentType: saved.contentType ?? mimeType, fileName };
  } catch (error) {
    const why = error instanceof MediaUnavailable ? error.message : "it could not be stored";
    host.log.warn(`A file that somebody sent is missing in the agent's turn: ${why}.`, { error });
    return why;
  }
}

interface FileOutcome {
  readonly file: MediaMessage;
  readonly outcome: Received | string;
  readonly isOwn: boolean;
}

/** A file that is there needs no word beside its caption; one that is not is named with the reason. */
function textWith(text: string, outcomes: readonly FileOutcome[]): string {
  let result = text;
  for (const { file, outcome, isOwn } of outcomes) {
    const { caption, media } = file.content;
    if (typeof outcome === "string") {
      const note = `<media:${media}> (${isOwn ? "not received" : "of the message answered to, not received"}: ${outcome})`;
      result = isOwn ? [caption, note].filter(Boolean).join("\n") : `${result}\n${note}`;
    } else if (isOwn && caption !== null) {
      result = caption;
    }
  }
  return result;
}

/** The host's kinds for ours; a voice note is a recording to it. */
const KINDS: Readonly<Record<string, ReceivedMedia[number]["kind"]>> = {
  image: "image",
  video: "video",
  audio: "audio",
  voice: "audio",
  document: "document",
  sticker: "sticker",
};

function kindOf({ content }: MediaMessage): NonNullable<ReceivedMedia[number]["kind"]> {
  return KINDS[content.media] ?? "unknown";
}
