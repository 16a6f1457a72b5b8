import { MediaUnavailable } from "../runtime/ports/media.ts";
import type { Baileys, BaileysEventMap, WASocket } from "./library.ts";
import { mediaReferenceOf } from "./media-reference.ts";
import { serialiseMessage } from "./message-serialiser.ts";

/** A phone that is on answers within a second or two; one that is off never does. */
const PHONE_LIMIT_MS = 20_000;

type MediaUpdates = BaileysEventMap["messages.media-update"];

/**
 * Asks the linked phone to upload the file of a message again, and resolves with the message that names the new link. rc14's own
 * `updateMediaMessage` waits without end for a phone that is off, and says the message anew.
 *
 * @throws {MediaUnavailable} with `expired` when the phone has not got it, does not answer in time, or the connection goes
 */
export async function renewMedia(baileys: Baileys, sock: WASocket, raw: string): Promise<string> {
  const { message, file, mediaKey } = mediaReferenceOf(baileys, raw);
  const { key } = message;
  const self = sock.authState.creds.me?.id;
  if (self === undefined || !key.id) throw new MediaUnavailable("expired");
  file.directPath = await newPath(baileys, sock, { key, mediaKey, self, messageId: key.id });
  return serialiseMessage(baileys, message);
}

interface Question {
  readonly key: Parameters<Baileys["encryptMediaRetryRequest"]>[0];
  readonly mediaKey: Uint8Array;
  readonly self: string;
  readonly messageId: string;
}

async function newPath(baileys: Baileys, sock: WASocket, question: Question): Promise<string> {
  const { key, mediaKey, self, messageId } = question;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const give = (error?: unknown): void =>
    reject(new MediaUnavailable("expired", error === undefined ? {} : { cause: error }));
  const onUpdate = (updates: MediaUpdates): void => {
    const update = updates.find((each) => each.key.id === messageId);
    if (update === undefined) return;
    const path = update.media === undefined ? null : pathIn(baileys, update.media, question);
    if (path === null) give(update.error);
    else resolve(path);
  };
  const timer = setTimeout(give, PHONE_LIMIT_MS).unref();
  sock.ev.on("messages.media-update", onUpdate);
  try {
    sock.sendNode(baileys.encryptMediaRetryRequest(key, mediaKey, self)).catch(give);
    return await promise;
  } finally {
    clearTimeout(timer);
    sock.ev.off("messages.media-update", onUpdate);
  }
}

/** Null when the phone refused, or when what came is not from it. */
function pathIn(
  baileys: Baileys,
  media: NonNullable<MediaUpdates[number]["media"]>,
  { mediaKey, messageId }: Question,
): string | null {
  try {
    const answer = baileys.decryptMediaRetryData(media, mediaKey, messageId);
    const { SUCCESS } = baileys.proto.MediaRetryNotification.ResultType;
    return answer.result === SUCCESS ? answer.directPath || null : null;
  } catch {
    return null;
  }
}
