import { MediaUnavailable } from "../runtime/ports/media.ts";
import type { Baileys, WAMessage } from "./library.ts";
import { parseMessage } from "./message-serialiser.ts";

/** Where the file of a message lies, and what opens it. */
export interface MediaReference {
  readonly message: WAMessage;
  /** The part of the message that a new link goes into. */
  readonly file: { directPath?: string | null };
  /** By this name the library derives the keys; a round video has those of a video. */
  readonly type: "image" | "video" | "audio" | "document" | "sticker";
  readonly mediaKey: Uint8Array;
  readonly url: string;
  readonly mimeType: string | null;
  readonly fileName: string | null;
  /** As the sender says, which nobody checked. */
  readonly statedBytes: number | null;
  readonly sha256: Uint8Array | null;
}

/** Where files lie whose message names no host. Assumption: the host of WhatsApp's own clients, as in rc14. */
const DEFAULT_HOST = "mmg.whatsapp.net";
const MEDIA_HOST = /^[a-z0-9.-]+\.whatsapp\.net$/i;

/** The file that a serialised message names. @throws {MediaUnavailable} with `no-file` */
export function mediaReferenceOf(baileys: Baileys, raw: string): MediaReference {
  const message = parseMessage(baileys, raw);
  const content = baileys.normalizeMessageContent(message?.message ?? undefined);
  const candidates = [
    ["image", content?.imageMessage],
    ["video", content?.videoMessage],
    ["video", content?.ptvMessage],
    ["audio", content?.audioMessage],
    ["document", content?.documentMessage],
    ["sticker", content?.stickerMessage],
  ] as const;
  for (const [type, file] of candidates) {
    if (message === null || !file?.mediaKey || file.mediaKey.length === 0) continue;
    const url = mediaUrl(file.directPath, file.url);
    if (url === null) continue;
    return {
      message,
      file,
      type,
      url,
      mediaKey: file.mediaKey,
      mimeType: file.mimetype || null,
      fileName: ("fileName" in file ? file.fileName : null) || null,
      statedBytes: bytesOf(file.fileLength),
      sha256: file.fileSha256 && file.fileSha256.length > 0 ? file.fileSha256 : null,
    };
  }
  throw new MediaUnavailable("no-file");
}

/** The address is the sender's word: only WhatsApp's own hosts are asked, or anybody could have this machine fetch what they like. */
export function mediaUrl(
  directPath: string | null | undefined,
  url: string | null | undefined,
): string | null {
  const stated = url && URL.canParse(url) ? new URL(url) : null;
  const isTrusted =
    stated !== null &&
    stated.protocol === "https:" &&
    stated.port === "" &&
    MEDIA_HOST.test(stated.hostname);
  if (directPath) {
    const host = isTrusted ? stated.hostname : DEFAULT_HOST;
    const address = `https://${host}${directPath.startsWith("/") ? "" : "/"}${directPath}`;
    return URL.canParse(address) && new URL(address).hostname === host ? address : null;
  }
  return isTrusted ? stated.href : null;
}

function bytesOf(length: { toString(): string } | null | undefined): number | null {
  const bytes = Number(length?.toString() ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
}
