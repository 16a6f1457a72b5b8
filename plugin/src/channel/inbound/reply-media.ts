import type { ChannelRuntime } from "./access.ts";
import type { LoadedMedia, MediaHost } from "../outbound/media-host.ts";
import { type OutgoingFile, prepareFile } from "../outbound/outgoing-file.ts";

/** Files of one turn's replies. */
export interface ReplyMedia {
  /**
   * Reads every file once, before a reply enters the gateway's queue: one that cannot be read must cost neither the text nor the other files. What
   * came from the network is kept from here on, because it may be gone at the next attempt.
   */
  prepare(urls: readonly string[]): Promise<PreparedMedia>;
  /** @throws Error of the host's loader */
  read(url: string, caption: string | null): Promise<OutgoingFile>;
  /** It has been sent in this turn, and a later reply that names it again does not send it twice. */
  noteSent(url: string): void;
}

interface PreparedMedia {
  readonly urls: readonly string[];
  /** What people are told instead of a file. */
  readonly problems: readonly string[];
}

export interface ReplyMediaOptions {
  readonly media: MediaHost;
  readonly store: Pick<ChannelRuntime["media"], "saveMediaBuffer">;
  /** Folders that the agent may send from. */
  readonly roots: readonly string[];
  readonly maxBytes: number;
  onUnreadable(error: unknown): void;
}

const UNREADABLE = "⚠️ A file could not be attached.";
const FOLDER = "outbound";

export function createReplyMedia(options: ReplyMediaOptions): ReplyMedia {
  const { media, roots, maxBytes } = options;
  /** By the name that the agent gave: a later reply of the turn may repeat it. */
  const kept = new Map<string, string>();
  const sent = new Set<string>();
  const reading = { mediaLocalRoots: roots };
  const load = (source: string): Promise<LoadedMedia> =>
    media.load({ source, reading, maxBytes, optimizeImages: true });
  const prepareOne = async (source: string): Promise<string> => {
    const known = kept.get(source);
    if (known !== undefined) return known;
    const loaded = await load(source);
    const url = /^https?:/i.test(source) ? await save(options, loaded) : source;
    kept.set(source, url);
    return url;
  };
  return {
    async prepare(sources) {
      const urls: string[] = [];
      let unreadable = false;
      for (const source of sources) {
        try {
          const url = await prepareOne(source);
          if (!sent.has(url)) urls.push(url);
        } catch (error) {
          options.onUnreadable(error);
          unreadable = true;
        }
      }
      return { urls, problems: unreadable ? [UNREADABLE] : [] };
    },
    read: (source, caption) =>
      prepareFile(
        media,
        { source, caption, forceDocument: false, asGif: false },
        reading,
        maxBytes,
      ),
    noteSent: (url) => void sent.add(url),
  };
}

async function save(
  { store, maxBytes }: ReplyMediaOptions,
  { bytes, mimeType, fileName }: LoadedMedia,
): Promise<string> {
  const { path } = await store.saveMediaBuffer(bytes, mimeType, FOLDER, maxBytes, fileName);
  return path;
}
