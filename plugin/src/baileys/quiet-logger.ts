import type { UserFacingSocketConfig } from "./library.ts";

type Logger = NonNullable<UserFacingSocketConfig["logger"]>;

/**
 * What rc14 says only in its log and nowhere else. The texts are those of the pinned version; a test fails when they change.
 * - `receipt`: a delivery receipt is about to be written (`sendReceipt`).
 * - `stanza`: a message stanza is about to be written (`relayMessage`); before this line nothing of the message left.
 * - `undecryptable`: decryption of a message failed (`decryptMessageNode`); for redelivered messages there is no event at all.
 */
export type LibraryFact =
  | { readonly type: "receipt"; readonly messageIds: readonly string[] }
  | { readonly type: "stanza"; readonly messageId: string }
  | {
      readonly type: "undecryptable";
      readonly messageId: string;
      readonly chat: string | null;
      readonly error: unknown;
    };

/** A line the library wrote at warn or error, without its fields: they hold stanzas and keys. */
export interface LibraryWarning {
  readonly level: "warn" | "error";
  readonly message: string;
}

/** A logger that prints nothing. `level` is neither `trace` nor `debug`, at which rc14 would render every stanza as text. */
export function createQuietLogger(
  onFact: (fact: LibraryFact) => void,
  onWarning: (warning: LibraryWarning) => void,
): Logger {
  const observe = (fields: unknown, message: string | undefined): void => {
    const fact = factOf(fields, message);
    if (fact !== null) onFact(fact);
  };
  const warn =
    (level: LibraryWarning["level"]) =>
    (fields: unknown, message?: string): void => {
      observe(fields, message);
      const text = message ?? (typeof fields === "string" ? fields : "");
      if (text !== "") onWarning({ level, message: text });
    };
  const logger: Logger = {
    level: "warn",
    child: () => logger,
    trace: () => undefined,
    debug: observe,
    info: () => undefined,
    warn: warn("warn"),
    error: warn("error"),
  };
  return logger;
}

function factOf(fields: unknown, message: string | undefined): LibraryFact | null {
  if (message === undefined || typeof fields !== "object" || fields === null) return null;
  if (message === "sending receipt for messages") return receiptFact(fields);
  if (
    message.startsWith("sending message to ") ||
    message.startsWith("sending newsletter message")
  ) {
    return "msgId" in fields && typeof fields.msgId === "string"
      ? { type: "stanza", messageId: fields.msgId }
      : null;
  }
  return message === "failed to decrypt message" ? undecryptableFact(fields) : null;
}

/** Read, retry and history receipts say nothing about delivery. */
const DELIVERY_TYPES: ReadonlySet<unknown> = new Set([undefined, "inactive", "sender", "peer_msg"]);

function receiptFact(fields: object): LibraryFact | null {
  const attrs: unknown = "attrs" in fields ? fields.attrs : null;
  const messageIds: unknown = "messageIds" in fields ? fields.messageIds : null;
  if (typeof attrs !== "object" || attrs === null || !Array.isArray(messageIds)) return null;
  if (!DELIVERY_TYPES.has("type" in attrs ? attrs.type : undefined)) return null;
  return { type: "receipt", messageIds: messageIds.filter((id) => typeof id === "string") };
}

function undecryptableFact(fields: object): LibraryFact | null {
  const key: unknown = "key" in fields ? fields.key : null;
  if (typeof key !== "object" || key === null || !("id" in key)) return null;
  if (typeof key.id !== "string") return null;
  const chat: unknown = "remoteJid" in key ? key.remoteJid : null;
  return {
    type: "undecryptable",
    messageId: key.id,
    chat: typeof chat === "string" ? chat : null,
    error: "err" in fields ? fields.err : null,
  };
}
