import { createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { type DownloadLimits, type MediaSource, MediaUnavailable } from "../runtime/ports/media.ts";
import { type Baileys, loadBaileys } from "./library.ts";
import { type MediaReference, mediaReferenceOf } from "./media-reference.ts";
import { proxyAgent } from "./proxy.ts";

/*
 * rc14 has a function for this, which is not used: a connection that breaks in the middle of a file ends the process (its stream has no error
 * listener), the check value is not looked at, and the renewal of an expired link is never asked for.
 */

/** Ends the encrypted file: the first bytes of an HMAC over initialisation vector and ciphertext. */
const MAC_BYTES = 10;
/** CBC adds a block at most. */
const BLOCK_BYTES = 16;
const NOT_FOUND: ReadonlySet<number> = new Set([404, 410]);
/** Statuses of a server that may answer otherwise in a moment. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Downloads through the proxy that the environment names, with Node's certificate checks. */
export function createMediaSource(
  env: Readonly<Record<string, string | undefined>>,
  load: () => Promise<Baileys> = loadBaileys,
): MediaSource {
  return {
    async download(raw, limits) {
      const baileys = await load();
      const reference = mediaReferenceOf(baileys, raw);
      const { statedBytes, mimeType, fileName } = reference;
      if ((statedBytes ?? 0) > limits.maxBytes) throw new MediaUnavailable("too-large");
      const bytes = await fetchEncrypted(baileys, reference, env, limits);
      return { bytes, mimeType, fileName };
    },
  };
}

/** An encrypted file on a media server; pages of history lie there as well. */
export interface EncryptedFile {
  readonly url: string;
  /** By this name the library derives the keys. */
  readonly type: MediaReference["type"] | "md-msg-hist";
  readonly mediaKey: Uint8Array;
  readonly sha256: Uint8Array | null;
}

/** Fetches, checks and decrypts. @throws {MediaUnavailable} */
export async function fetchEncrypted(
  baileys: Baileys,
  file: EncryptedFile,
  env: Readonly<Record<string, string | undefined>>,
  limits: DownloadLimits,
): Promise<Buffer> {
  const body = await encryptedBytes(file.url, env, limits);
  return open(baileys, file, body, limits.maxBytes);
}

async function encryptedBytes(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  { maxBytes, signal }: DownloadLimits,
): Promise<Buffer> {
  const agent = proxyAgent(env);
  try {
    const response = await respond(url, {
      signal,
      ...(agent === undefined ? {} : { agent }),
      headers: { origin: "https://web.whatsapp.com" },
    });
    return await bodyOf(response, maxBytes + MAC_BYTES + BLOCK_BYTES);
  } catch (error) {
    if (error instanceof MediaUnavailable) throw error;
    throw new MediaUnavailable(signal.aborted ? "not-in-time" : "unreachable", { cause: error });
  }
}

function respond(url: string, options: Parameters<typeof get>[1]): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, options, resolve).once("error", reject);
  });
}

/** Redirects are not followed: WhatsApp's media servers make none, and the next address would be nobody's. */
async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    response.destroy();
    throw new MediaUnavailable(problemOf(statusCode));
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop by an error ends the response as well.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new MediaUnavailable("too-large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function problemOf(status: number): "expired" | "unreachable" | "refused" {
  if (NOT_FOUND.has(status)) return "expired";
  return BUSY.has(status) ? "unreachable" : "refused";
}

async function open(
  baileys: Baileys,
  { type, mediaKey, sha256 }: EncryptedFile,
  body: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await baileys.getMediaKeys(mediaKey, type);
  if (macKey === undefined || body.length < MAC_BYTES) throw new MediaUnavailable("damaged");
  const ciphertext = body.subarray(0, -MAC_BYTES);
  const mac = createHmac("sha256", macKey).update(iv).update(ciphertext).digest();
  if (!timingSafeEqual(mac.subarray(0, MAC_BYTES), body.subarray(-MAC_BYTES))) {
    throw new MediaUnavailable("damaged");
  }
  const bytes = decrypted(ciphertext, cipherKey, iv);
  if (bytes.length > maxBytes) throw new MediaUnavailable("too-large");
  if (sha256 !== null && !createHash("sha256").update(bytes).digest().equals(sha256)) {
    throw new MediaUnavailable("damaged");
  }
  return bytes;
}

function decrypted(ciphertext: Buffer, key: Uint8Array, iv: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv("aes-256-cbc", key, iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (error) {
    throw new MediaUnavailable("damaged", { cause: error });
  }
}
