import type { IncomingMessage, Jid, OutgoingContent, SelfAddress } from "./messages.ts";

/** The account of one outage as it is kept across restarts. Times are wall clock, because a run's own clock ends with the run. */
export interface OutageEntry {
  /** Wall clock start of the outage; identifies it within an account. */
  readonly startedAtMs: number;
  /** Null while it lasts. */
  readonly endedAtMs: number | null;
  readonly causeId: string;
  /** Counts the rewrites: a later history answer changes the figures. */
  readonly revision: number;
  readonly attempts: number;
  readonly recoveredOffline: number;
  readonly recoveredHistory: number;
  readonly duplicates: number;
  readonly tooOld: number;
  readonly unanswered: number;
  /** Chats in which nothing was written since; absent in accounts of earlier versions. */
  readonly waiting?: number;
}

export type MessageState = "received" | "admitted" | "adopted" | "settled";

export interface JournalledMessage {
  readonly message: IncomingMessage;
  /** Canonical conversation and sender: PN and LID of one person are one. */
  readonly conversation: string;
  readonly receivedAtMs: number;
  readonly duplicate: boolean;
}

export interface OutboundCustody {
  readonly sendId: string;
  readonly messageId: string;
  readonly chat: Jid;
  readonly content: OutgoingContent;
  readonly state: "queued" | "written" | "acked" | "delivered" | "failed";
  readonly attempts: number;
  readonly lastError: string | null;
  /** Some attempt may have reached the wire, also one that a crash cut short. */
  readonly left: boolean;
  /** The message as it is written in every attempt, where it holds random keys: uploaded media, polls. */
  readonly prepared: Uint8Array | null;
}

/** Why a file could not be kept: `full` is our own bound, `unreadable` the file's fault, `disk` that of the journal's disk. */
export type MediaProblem = "full" | "unreadable" | "disk";

/** The account's durable memory. All writes are synchronous: when a call returns, a crash of the process loses nothing of it. */
export interface Journal {
  /** Stores the message unless a twin is there; the returned entry says which. */
  receive(message: IncomingMessage, nowMs: number): JournalledMessage;
  /** Says whose memory this is, as soon as the server confirmed it; the memory of another number is set aside. */
  bindOwner(self: SelfAddress): "same" | "another";
  /** Whose memory it is, as last confirmed; both null for a new one. */
  owner(): SelfAddress;
  /** Forgets everything, after a logout that a person asked for. */
  purge(): void;
  advance(messageId: string, chat: Jid, state: MessageState, reason: string): void;
  /** Messages that were received but not settled, oldest first: to be admitted again after a restart. */
  unsettled(limit: number): readonly JournalledMessage[];
  /** Messages that ended as context and that no turn has shown yet, oldest first; at most the newest `limit`. */
  pendingContext(limit: number): readonly JournalledMessage[];
  /** A turn has shown it: it is not context for another one. */
  markContextShown(messageId: string, chat: Jid): void;
  findRaw(messageId: string, chat: Jid): string | null;
  /** The message as it was received, while its text is kept. */
  findMessage(messageId: string, chat: Jid): IncomingMessage | null;
  /** Takes custody of a logical send; the same `sendId` always yields the same `messageId`. */
  takeCustody(entry: {
    sendId: string;
    messageId: string;
    chat: Jid;
    content: OutgoingContent;
  }): OutboundCustody;
  updateCustody(sendId: string, state: OutboundCustody["state"], error: string | null): void;
  /** An attempt begins: from now on something may have left, until {@link nothingLeft} says otherwise. */
  beginAttempt(sendId: string): void;
  /** The attempt ended before anything could leave. */
  nothingLeft(sendId: string): void;
  /** Keeps the message of a send as it is about to leave. */
  keepPrepared(sendId: string, message: Uint8Array): void;
  /**
   * Copies a file, or writes bytes, into the journal's own folder, where they stay until the send is settled. Resolves with the copy's path,
   * or why there is none. The same send again replaces its copy.
   */
  keepMedia(
    sendId: string,
    source: string | Uint8Array,
  ): Promise<{ readonly path: string } | { readonly problem: MediaProblem }>;
  custody(sendId: string): OutboundCustody | null;
  custodyByMessageId(messageId: string): OutboundCustody | null;
  /** All sends whose id begins with `prefix`, oldest first: the parts of one delivery of the gateway. */
  custodyWithPrefix(prefix: string, limit: number): readonly OutboundCustody[];
  /** Sends that are neither acked nor failed, oldest first. */
  openCustody(limit: number): readonly OutboundCustody[];
  learnAddress(pn: Jid, lid: Jid): void;
  /** The form that stands for a person or chat: the LID where it is known. */
  canonicalAddress(address: Jid): Jid;
  /** Chats by how recently they were used, each with its newest message. */
  recentHighWater(limit: number): readonly {
    readonly conversation: Jid;
    readonly messageId: string;
    readonly sentAtMs: number;
  }[];
  /** The account of an outage; a later revision of the same replaces it. */
  recordOutage(entry: OutageEntry): void;
  /** Newest first. */
  recentOutages(limit: number): readonly OutageEntry[];
  /** Keeps a part's own memory over a restart, as text; see `kept`. */
  keep(name: string, value: string): void;
  kept(name: string): string | null;
  depth(): {
    readonly unsettled: number;
    readonly oldestUnsettledMs: number | null;
    readonly spilled: number;
  };
  close(): void;
}

/** A stanza that was decrypted, as it is kept until its message is handed over. */
export interface DecryptedStanza {
  /** Hash of the ciphertext: all that a redelivered stanza still shares with what was decrypted before. */
  readonly ciphertextHash: string;
  readonly stanzaId: string;
  readonly chat: Jid;
  readonly sender: Jid;
  /** What is needed to hand the message over without its stanza; opaque above `baileys/`. */
  readonly stanza: string;
  readonly plaintext: Uint8Array;
}

/** Plaintexts between decryption and hand-over; see `baileys/durable-decryption.ts`. Synchronous like the rest of the journal. */
export interface DecryptMemory {
  /** Must have been committed when it returns: the ratchet is written afterwards. */
  storePlaintext(stanza: DecryptedStanza): void;
  /** `handed-over` once nothing is kept of it any more, null when it was never decrypted. */
  findPlaintext(ciphertextHash: string): { readonly plaintext: Uint8Array } | "handed-over" | null;
  markUpserted(stanzaId: string): void;
  /** Decrypted but not handed over, oldest first. */
  pendingPlaintexts(limit: number): readonly (DecryptedStanza & { readonly storedAtMs: number })[];
}
