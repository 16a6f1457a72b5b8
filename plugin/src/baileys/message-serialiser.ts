import type { Baileys, WAMessage, WAMessageKey } from "./library.ts";

/*
 * The library's message as one string for the journal: the protobuf keeps the content exactly (JSON would lose bytes and 64 bit numbers), the
 * key beside it keeps what the protobuf of a stored message has no field for (both address forms).
 */

interface Serialised {
  readonly format: 1;
  readonly key: WAMessageKey;
  readonly timestamp: number | null;
  readonly pushName: string | null;
  /** `proto.Message`, base64. */
  readonly message: string | null;
}

/** Serialises for quoting, read receipts and resending. Contains the text: the journal only, never a log. */
export function serialiseMessage(baileys: Baileys, message: WAMessage): string {
  const timestamp = Number(message.messageTimestamp?.toString() ?? Number.NaN);
  const content = message.message;
  const serialised: Serialised = {
    format: 1,
    key: message.key,
    timestamp: Number.isFinite(timestamp) ? timestamp : null,
    pushName: message.pushName ?? null,
    message:
      content === null || content === undefined
        ? null
        : Buffer.from(
            baileys.proto.Message.encode(baileys.proto.Message.fromObject(content)).finish(),
          ).toString("base64"),
  };
  return JSON.stringify(serialised);
}

/** The message again, or null when the string is not one of ours. */
export function parseMessage(baileys: Baileys, raw: string): WAMessage | null {
  let value: Partial<Serialised>;
  try {
    value = JSON.parse(raw) as Partial<Serialised>;
  } catch {
    return null;
  }
  if (value.format !== 1 || value.key === undefined) return null;
  return {
    key: value.key,
    ...(value.timestamp === null || value.timestamp === undefined
      ? {}
      : { messageTimestamp: value.timestamp }),
    ...(value.pushName === null || value.pushName === undefined
      ? {}
      : { pushName: value.pushName }),
    ...(value.message === null || value.message === undefined
      ? {}
      : { message: baileys.proto.Message.decode(Buffer.from(value.message, "base64")) }),
  };
}
