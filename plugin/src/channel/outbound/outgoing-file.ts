import {
  extensionForMime,
  mimeTypeFromFilePath,
  normalizeMimeType,
} from "openclaw/plugin-sdk/media-mime";
import type { OutgoingContent } from "../../runtime/ports.ts";
import type { LoadedMedia, MediaHost, MediaReading } from "./media-host.ts";

type MediaContent = Extract<OutgoingContent, { operation: "media" }>;

/** A file as WhatsApp gets it; `content.path` is only a name until custody has written the bytes into a file of its own. */
export interface OutgoingFile {
  readonly bytes: Uint8Array;
  readonly content: MediaContent;
}

export interface FileWish {
  /** Where it is; bytes that the caller has already come as `given`. */
  readonly source: string;
  readonly given?: LoadedMedia;
  readonly caption: string | null;
  readonly forceDocument: boolean;
  /** A video without sound that repeats. */
  readonly asGif: boolean;
  /** In place of what the source says. */
  readonly fileName?: string;
  readonly mimeType?: string;
}

const UNKNOWN_TYPE = "application/octet-stream";
const VOICE_TYPE = "audio/ogg; codecs=opus";
/** Above it WhatsApp's apps refuse a sticker; a bigger picture is sent as one. */
const MAX_STICKER_BYTES = 500 * 1024;

/** Reads a file and decides how WhatsApp shows it. @throws Error of the host's loader */
export async function prepareFile(
  host: MediaHost,
  wish: FileWish,
  reading: MediaReading,
  maxBytes: number,
): Promise<OutgoingFile> {
  const loaded = wish.given ?? (await load(host, wish, reading, maxBytes));
  const mimeType = typeOf(wish, loaded);
  const kind = wish.forceDocument ? "document" : kindOf(loaded, mimeType);
  switch (kind) {
    case "audio":
      return voiceOf(host, wish, loaded, mimeType);
    case "image":
    case "video":
      return fileOf(wish, loaded.bytes, {
        mimeType,
        ...(kind === "video" && wish.asGif ? { shownAs: "gif" } : {}),
      });
    case "document":
      return fileOf(wish, loaded.bytes, {
        mimeType,
        shownAs: "document",
        fileName: documentName(wish, loaded, mimeType),
      });
  }
}

/** A sticker keeps its form, and so does a document; any other picture may be made smaller. */
async function load(
  host: MediaHost,
  wish: FileWish,
  reading: MediaReading,
  maxBytes: number,
): Promise<LoadedMedia> {
  const request = { source: wish.source, reading, maxBytes };
  const mayBeSticker = /\.webp(?:[?#]|$)/i.test(wish.source) && wish.caption === null;
  if (!mayBeSticker) return host.load({ ...request, optimizeImages: !wish.forceDocument });
  const picture = await host.load({ ...request, optimizeImages: false });
  return picture.bytes.byteLength <= MAX_STICKER_BYTES || wish.forceDocument
    ? picture
    : host.load({ ...request, optimizeImages: true });
}

/** What is said beats what was found, and what was found beats what the name suggests. */
function typeOf(wish: FileWish, loaded: LoadedMedia): string {
  const said = normalizeMimeType(wish.mimeType) ?? normalizeMimeType(loaded.mimeType);
  if (said !== undefined && said !== UNKNOWN_TYPE) return said;
  return mimeTypeFromFilePath(wish.fileName ?? loaded.fileName) ?? UNKNOWN_TYPE;
}

function kindOf(loaded: LoadedMedia, mimeType: string): LoadedMedia["kind"] {
  const [family] = mimeType.split("/", 1);
  switch (family) {
    case "image":
    case "video":
    case "audio":
      return family;
    default:
      return loaded.mimeType === undefined ? loaded.kind : "document";
  }
}

/** WhatsApp shows no text with audio, so a caption is sent after it. */
async function voiceOf(
  host: MediaHost,
  wish: FileWish,
  { bytes, fileName }: LoadedMedia,
  mimeType: string,
): Promise<OutgoingFile> {
  const name = wish.fileName ?? fileName ?? "audio";
  const silent = { ...wish, caption: null };
  const isVoiceFormat =
    mimeType === "audio/ogg" || mimeType === "audio/opus" || /\.(?:ogg|opus)$/i.test(name);
  if (isVoiceFormat) return fileOf(silent, bytes, { mimeType: VOICE_TYPE, voice: true });
  try {
    const voice = await host.toVoice({ bytes, fileName: name });
    return fileOf(silent, voice, { mimeType: VOICE_TYPE, voice: true });
  } catch (error) {
    const why = error instanceof Error ? error.name : "unknown error";
    host.warn(
      `Audio could not be made a voice note (${why}; is ffmpeg installed?); it is sent as it is.`,
    );
    return fileOf(silent, bytes, { mimeType });
  }
}

function fileOf(
  { caption }: FileWish,
  bytes: Uint8Array,
  shape: Pick<MediaContent, "mimeType" | "shownAs"> &
    Partial<Pick<MediaContent, "fileName" | "voice">>,
): OutgoingFile {
  return {
    bytes,
    content: {
      operation: "media",
      path: "",
      caption,
      fileName: null,
      voice: false,
      quotedRaw: null,
      ...shape,
    },
  };
}

/** Without control characters, which would break the name on the other side. */
function documentName(wish: FileWish, loaded: LoadedMedia, mimeType: string): string {
  const name = wish.fileName ?? loaded.fileName ?? nameIn(wish.source);
  // oxlint-disable-next-line no-control-regex -- they are what is removed
  const clean = name.replaceAll(/[\u0000-\u001F\u007F]/g, "").trim();
  return clean === "" ? `file${extensionForMime(mimeType) ?? ""}` : clean;
}

function nameIn(source: string): string {
  const path = source.split(/[?#]/, 1)[0] ?? "";
  return path.split(/[\\/]/).pop() ?? "";
}
