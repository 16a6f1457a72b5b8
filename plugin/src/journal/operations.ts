import type {
  IncomingContent,
  IncomingMessage,
  Jid,
  Journal,
  JournalledMessage,
  MessageState,
  OutageEntry,
  OutboundCustody,
  OutgoingContent,
  SelfAddress,
} from "../runtime/ports.ts";
import type { BufferedPlaintext } from "./decrypt-buffer.ts";
import type { HighWaterMark } from "./high-water.ts";

export type Depth = ReturnType<Journal["depth"]>;

/** A send as its caller hands it over. */
export interface SendEntry {
  readonly sendId: string;
  readonly messageId: string;
  readonly chat: Jid;
  readonly content: OutgoingContent;
}

/** A decrypted stanza as the decrypting side hands it over. */
export type DecryptedStanza = Omit<BufferedPlaintext, "storedAtMs" | "upserted">;

/** Which messages to read back; see {@link MessageEntry}. */
export interface MessageQuery {
  /** A chat in either form; all chats when absent. */
  readonly chat?: Jid;
  /** Received at or after this wall clock time. */
  readonly sinceMs: number;
  readonly limit: number;
}

/** A message as `whatsapp-continuity messages` shows it. Holds text and addresses: for the owner only, never for a log. */
export interface MessageEntry {
  readonly messageId: string;
  readonly conversation: Jid;
  readonly chatKind: IncomingMessage["chatKind"];
  readonly sender: Jid;
  readonly senderName: string | null;
  readonly fromMe: boolean;
  readonly sentAtMs: number | null;
  readonly receivedAtMs: number;
  readonly via: IncomingMessage["via"];
  readonly state: MessageState;
  readonly reason: string;
  /** Null once the text was purged. */
  readonly content: IncomingContent | null;
  readonly quotedMessageId: string | null;
}

/** What a journal can do, whether on the account's file or in memory while the file cannot be used. `nowMs` is wall clock. */
export interface JournalOperations {
  receive(message: IncomingMessage, nowMs: number): JournalledMessage;
  advance(messageId: string, chat: Jid, state: MessageState, reason: string, nowMs: number): void;
  unsettled(limit: number, nowMs: number): readonly JournalledMessage[];
  pendingContext(limit: number): readonly JournalledMessage[];
  markContextShown(messageId: string, chat: Jid): void;
  findRaw(messageId: string, chat: Jid): string | null;
  findMessage(messageId: string, chat: Jid): IncomingMessage | null;
  messages(query: MessageQuery): readonly MessageEntry[];
  counts(): Readonly<Record<MessageState, number>>;
  depth(nowMs: number): Depth;

  takeCustody(entry: SendEntry, nowMs: number): OutboundCustody;
  updateCustody(
    sendId: string,
    state: OutboundCustody["state"],
    error: string | null,
    nowMs: number,
  ): void;
  beginAttempt(sendId: string): void;
  nothingLeft(sendId: string): void;
  keepPrepared(sendId: string, message: Uint8Array): void;
  custody(sendId: string): OutboundCustody | null;
  custodyByMessageId(messageId: string): OutboundCustody | null;
  custodyWithPrefix(prefix: string, limit: number): readonly OutboundCustody[];
  openCustody(limit: number): readonly OutboundCustody[];

  readOwner(): SelfAddress;
  learnAddress(a: Jid, b: Jid, nowMs: number): void;
  canonicalAddress(address: Jid): Jid;

  storePlaintext(stanza: DecryptedStanza, nowMs: number): void;
  findPlaintext(ciphertextHash: string): BufferedPlaintext | "handed-over" | null;
  markUpserted(stanzaId: string, nowMs: number): void;
  pendingPlaintexts(limit: number): readonly BufferedPlaintext[];

  highWater(chat: Jid): HighWaterMark | null;
  recentHighWater(limit: number): readonly HighWaterMark[];

  recordOutage(entry: OutageEntry): void;
  recentOutages(limit: number): readonly OutageEntry[];

  keep(name: string, value: string): void;
  kept(name: string): string | null;
}
