import { resolveChannelMediaMaxBytes } from "openclaw/plugin-sdk/account-helpers";
import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { ChannelMessageSendMediaContext } from "openclaw/plugin-sdk/channel-outbound";
import { resolveAccount } from "../accounts/account.ts";

/** What a caller of the gateway may read: its own folders, or a reader that the host vouches for. */
export type MediaReading = Pick<
  ChannelMessageSendMediaContext,
  "mediaAccess" | "mediaLocalRoots" | "mediaReadFile"
>;

export interface LoadedMedia {
  readonly bytes: Buffer;
  readonly mimeType: string | undefined;
  readonly kind: "image" | "video" | "audio" | "document";
  readonly fileName: string | undefined;
}

export interface MediaLoadRequest {
  /** HTTP(S) address, `file:` address, path or address in the host's media store. */
  readonly source: string;
  readonly reading: MediaReading;
  readonly maxBytes: number;
  /** Whether a picture may be made smaller to fit. */
  readonly optimizeImages: boolean;
}

/** The host's media functions, as sending needs them. */
export interface MediaHost {
  /** @throws Error when it cannot or must not be read, with a sentence for people */
  load(request: MediaLoadRequest): Promise<LoadedMedia>;
  /** As Ogg/Opus, the only form that WhatsApp plays as a voice note. @throws Error without a working ffmpeg */
  toVoice(audio: { readonly bytes: Buffer; readonly fileName: string }): Promise<Buffer>;
  warn(message: string): void;
}

/** `channels.whatsapp.mediaMaxMb` of the official plugin's schema. */
const DEFAULT_MAX_MEGABYTES = 50;
const MEGABYTE = 1024 * 1024;

/** Largest file that is sent or received for an account, in bytes. */
export function maxMediaBytes(cfg: OpenClawConfig, accountId: string): number {
  const limit = resolveChannelMediaMaxBytes({
    cfg,
    accountId,
    resolveChannelLimitMb: () => resolveAccount(cfg, accountId).config.mediaMaxMb,
  });
  return limit ?? DEFAULT_MAX_MEGABYTES * MEGABYTE;
}

/** Reads only through the host's loader: it knows which folders and which hosts on the network are allowed. */
export function createMediaHost(
  runtime: () => PluginRuntime,
  warn: (message: string) => void,
): MediaHost {
  return {
    async load({ source, reading, maxBytes, optimizeImages }) {
      const media = await runtime().media.loadWebMedia(source, {
        maxBytes,
        optimizeImages,
        ...rootsOf(reading),
      });
      return {
        bytes: media.buffer,
        mimeType: media.contentType,
        kind:
          media.kind === "sticker" || media.kind === "unknown"
            ? "document"
            : (media.kind ?? "document"),
        fileName: media.fileName,
      };
    },
    async toVoice({ bytes, fileName }) {
      // Half a second to import, and few gateways speak.
      const { transcodeAudioBufferToOpus } = await import("openclaw/plugin-sdk/media-runtime");
      return transcodeAudioBufferToOpus({
        audioBuffer: bytes,
        inputFileName: fileName,
        tempPrefix: "whatsapp-voice-",
        outputFileName: "voice.ogg",
        sampleRateHz: 48_000,
        channels: 1,
        bitrate: "64k",
        maxDurationSeconds: MAX_VOICE_SECONDS,
      });
    },
    warn,
  };
}

const MAX_VOICE_SECONDS = 20 * 60;

/** As the host's own outbound loader maps them: a reader of the host comes with its roots and its own checks. */
function rootsOf({ mediaAccess, mediaLocalRoots, mediaReadFile }: MediaReading) {
  const roots = mediaAccess?.localRoots ?? mediaLocalRoots;
  const readFile = mediaAccess?.readFile ?? mediaReadFile;
  return {
    ...(roots === undefined || roots.length === 0 ? {} : { localRoots: roots }),
    ...(readFile === undefined ? {} : { readFile, hostReadCapability: true }),
    ...(mediaAccess?.workspaceDir === undefined ? {} : { workspaceDir: mediaAccess.workspaceDir }),
  };
}
