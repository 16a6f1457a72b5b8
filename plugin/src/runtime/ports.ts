import type {
  AccountId,
  ControllerId,
  Effect,
  EffectRecord,
  Input,
  InputRecord,
  LogRecord,
  RawError,
  SelfIdentity,
  SocketId,
} from "../events/index.ts";

/*
 * Everything impure that a controller needs, as small interfaces named after what is needed and not after the
 * library that provides it. `baileys/`, `journal/`, `recorder/` and `channel/` implement or consume these; none of them sees
 * another's types. Addresses here are raw JIDs: pseudonyms are made where a record is written (see RecordSink).
 */

/** Monotonic time for decisions, wall time only for people and for the status the gateway compares with its own clock. */
export interface Clock {
  /** Milliseconds on the monotonic clock; never jumps with the wall clock. */
  monotonicMs(): number;
  /** Milliseconds since the epoch. */
  wallMs(): number;
}

export interface Timers {
  /** Calls `run` once after `delayMs`; returns how to cancel it. Must not keep the process alive. */
  start(delayMs: number, run: () => void): () => void;
}

/** A WhatsApp address as it is on the wire: `<number>@s.whatsapp.net`, `<id>@lid`, `<id>@g.us`. */
export type Jid = string;

/** The account's own addresses without device suffix; raw counterpart of {@link SelfIdentity}. */
export interface SelfAddress {
  readonly pn: Jid | null;
  readonly lid: Jid | null;
}

// --- sockets ------------------------------------------------------------------------------------

/** Inputs that a socket may report; everything else comes from the runtime itself. */
export type SocketInput = Extract<
  Input,
  {
    kind:
      | "socket.upgraded"
      | "qr.offered"
      | "socket.paired"
      | "socket.opened"
      | "socket.closed"
      | "ping.answered"
      | "ping.failed"
      | "liveness.sampled"
      | "keepalive.written"
      | "drain.previewed"
      | "stanza.received"
      | "stanza.receipted"
      | "drain.ended"
      | "message.orphaned"
      | "message.skipped"
      | "send.acked"
      | "send.receipted"
      | "identity.mapped"
      | "fault.raised"
      | "credentials.changed";
  }
>;

/** What the socket tells its controller. All calls are synchronous, from inside the library's event handlers. */
export interface SocketListener {
  /** A fact, with raw addresses still in it; the controller pseudonymises before it reaches the core or a record. */
  onInput(input: SocketInput): void;
  /** The QR text to show to a person. Goes to a terminal or webview, never through a log call. */
  onQr(qr: string): void;
  /** Our own addresses, as soon as the server confirmed them. */
  onSelf(self: SelfAddress): void;
  /** A message, before anything else sees it: must be journalled before this returns. */
  onMessage(message: IncomingMessage): void;
  /** The phone's answer to a history request: its messages must be journalled before this returns. */
  onHistory(page: HistoryPage): void;
}

/** What the phone is asked with: it answers with messages that were written before this one. */
export interface HistoryAnchor {
  readonly messageId: string;
  readonly fromMe: boolean;
  readonly sentAtMs: number | null;
}

export interface HistoryRequest {
  readonly requestId: string;
  /** In one of its forms. */
  readonly chat: Jid;
  /** The form to ask in, where both are known; null for groups. */
  readonly addressing: "lid" | "pn" | null;
  readonly anchor: HistoryAnchor;
  readonly messages: number;
}

/** One answer of the phone about one chat. */
export interface HistoryPage {
  readonly socketId: SocketId;
  /** Null when this socket did not ask: a phone that was off answers later. */
  readonly requestId: string | null;
  /** As the phone addresses it, which need not be the form that was asked for. */
  readonly chat: Jid;
  /** How many messages the page had, those included that nobody wrote. */
  readonly total: number;
  /** Oldest first. */
  readonly messages: readonly IncomingMessage[];
  readonly oldest: HistoryAnchor | null;
  /** The phone has nothing older. */
  readonly endOfHistory: boolean;
}

/** Text forms of a message that reaches the agent; media and the rest arrive as `other` with a label. */
export type IncomingContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "media"; readonly media: string; readonly caption: string | null }
  | { readonly type: "reaction"; readonly emoji: string; readonly targetMessageId: string }
  /** `text`: what can be said of it in words, e.g. a place or the options of a poll. */
  | { readonly type: "other"; readonly label: string; readonly text?: string }
  /** Protocol, peer and key distribution messages: never for the agent. */
  | { readonly type: "protocol"; readonly label: string };

/** One message from WhatsApp in the plugin's own terms, independent of Baileys. */
export interface IncomingMessage {
  readonly socketId: SocketId;
  readonly messageId: string;
  /** Chat as addressed on the wire, and its other address form where the stanza gave one. */
  readonly chat: Jid;
  readonly chatAlternate: Jid | null;
  readonly chatKind: "direct" | "group" | "self" | "status" | "other";
  /** Author; in a direct chat the same as `chat` (or ourselves when `fromMe`). */
  readonly sender: Jid;
  readonly senderAlternate: Jid | null;
  readonly fromMe: boolean;
  readonly pushName: string | null;
  /** Milliseconds since the epoch as stated by the message, null when missing or unusable. */
  readonly sentAtMs: number | null;
  readonly via: "live" | "offline" | "history" | "decrypt-buffer";
  readonly content: IncomingContent;
  readonly mentions: readonly Jid[];
  readonly quoted: {
    readonly messageId: string;
    readonly sender: Jid | null;
    readonly text: string | null;
  } | null;
  /** The library's own serialised message, kept for quoting and read receipts; opaque above `baileys/`. */
  readonly raw: string;
}

/** What can be written to WhatsApp in this plugin's own terms. */
export type OutgoingContent =
  | {
      readonly operation: "text";
      readonly text: string;
      readonly quotedRaw: string | null;
      readonly mentions: readonly Jid[];
    }
  | {
      readonly operation: "media";
      /** Absolute. Custody copies the file, so it may be removed once the send was taken. */
      readonly path: string;
      readonly mimeType: string;
      readonly caption: string | null;
      readonly fileName: string | null;
      readonly voice: boolean;
      readonly quotedRaw: string | null;
      /** How it is shown, where that does not follow from the MIME type. */
      readonly shownAs?: "document" | "gif";
      /** People named in the caption. */
      readonly mentions?: readonly Jid[];
    }
  | {
      readonly operation: "reaction";
      /** The message of somebody else; null when it is named by its id. */
      readonly targetRaw: string | null;
      readonly targetMessageId?: string;
      /** Who wrote the message that is named by its id; absent for one of our own. */
      readonly targetAuthor?: Jid;
      /** Empty takes the reaction back. */
      readonly emoji: string;
    }
  /** Both name a message of our own in the same chat by its WhatsApp id; it may still be in custody. */
  | { readonly operation: "edit"; readonly targetMessageId: string; readonly text: string }
  | { readonly operation: "delete"; readonly targetMessageId: string }
  | {
      readonly operation: "poll";
      readonly question: string;
      readonly options: readonly string[];
      readonly maxSelections: number;
    }
  | { readonly operation: "typing"; readonly state: "composing" | "paused" }
  | { readonly operation: "read-receipt"; readonly raw: readonly string[] }
  /** Asks for the chat's subject and members; the answer comes with the outcome. */
  | { readonly operation: "group-query" };

export interface GroupInfo {
  readonly chat: Jid;
  readonly subject: string;
  readonly addressing: "lid" | "pn";
  readonly participants: readonly {
    readonly jid: Jid;
    readonly alternate: Jid | null;
    readonly admin: boolean;
  }[];
}

/** One live WebSocket. Every method is bounded in time and never throws synchronously. */
export interface LiveSocket {
  readonly socketId: SocketId;
  /**
   * Writes with the given message id. Resolves when the bytes are with the operating system; rejects with
   * {@link SendFailure}. The server's ack comes later as input `send.acked`.
   */
  write(
    sendId: string,
    messageId: string | null,
    to: Jid,
    content: OutgoingContent,
    attempt?: WriteAttempt,
  ): Promise<void>;
  /** Resolves with the message under a link that the phone has made anew; rejects with `MediaUnavailable`. */
  renewMedia(raw: string): Promise<string>;
  ping(pingId: number, probe: "transport" | "session"): void;
  sampleLiveness(): void;
  /** Milliseconds since the last decodable frame, on the monotonic clock. */
  frameAgeMs(): number;
  sendKeepalive(mode: "presence-unavailable" | "presence-available" | "iq" | "off"): void;
  pullOffline(batch: number): void;
  /** Makes new Signal sessions with who wrote the unreadable messages of the chat that this one belongs to. */
  resetSessions(messageId: string): void;
  requestPlaceholder(messageId: string): void;
  /** Asks the phone for older messages of a chat; resolves when that left. Answers come as {@link SocketListener.onHistory}. */
  requestHistory(request: HistoryRequest): Promise<void>;
  groupInfo(chat: Jid): Promise<GroupInfo>;
  /** Both address forms of somebody, from what is stored; never asks the network. */
  resolveAddress(jid: Jid): Promise<{ readonly pn: Jid | null; readonly lid: Jid | null }>;
  /** Ends the socket within milliseconds: flush events, end, terminate. Reported as `socket.closed` with origin `local`. */
  close(reason: string): void;
  /** Unlinks this device on the server; best effort, bounded. */
  logout(): Promise<void>;
}

/** What an attempt knows of the ones before it. */
export interface WriteAttempt {
  /** The message as an earlier attempt had it, random keys included; opaque above `baileys/`. */
  readonly prepared: Uint8Array | null;
  /** Called before anything leaves when the message holds keys that no later attempt could make again. */
  onPrepared(message: Uint8Array): void;
  /** Ask for the recipients' devices and sessions first: the known ones were refused. */
  readonly renewSessions: boolean;
}

/** A write that did not happen or whose outcome is unknown. `left`: something may have reached the wire. */
export class SendFailure extends Error {
  readonly left: boolean;
  readonly raw: RawError;
  constructor(left: boolean, raw: RawError, options?: { cause?: unknown }) {
    super(raw.message, options);
    this.name = "SendFailure";
    this.left = left;
    this.raw = raw;
  }
}

export interface SocketFactory {
  /**
   * Creates a socket with listeners attached before anything can arrive. Never throws: a failure to create is reported as
   * `socket.closed`. `pairing` asks for a QR code instead of a login.
   */
  open(request: {
    readonly accountId: AccountId;
    readonly socketId: SocketId;
    readonly authDir: string;
    readonly pairing: boolean;
    readonly listener: SocketListener;
  }): LiveSocket;
  /** Resolves when what sockets wrote into the folder is there, bounded in time: before somebody else may use it. */
  whenStored(authDir: string): Promise<void>;
}

// --- machine ------------------------------------------------------------------------------------

/** A lock that was taken. */
export interface HeldLock {
  release(): Promise<void>;
  /** Who has the lock file now, null while it is the one that was taken: a process elsewhere may have judged its owner dead. */
  takenBy(): Promise<string | null>;
}

/** One process per auth directory, by the same lock file as the official plugin. */
export interface OwnerLock {
  acquire(
    authDir: string,
  ): Promise<
    | ({ readonly result: "acquired" } & HeldLock)
    | { readonly result: "busy"; readonly holder: string | null }
  >;
}

export interface NetworkProbe {
  /** Asks the system resolver (or the proxy) once, bounded in time. Resolves to null when reachable. */
  probe(): Promise<RawError | null>;
}

export interface CredentialState {
  readonly state: "linked" | "missing" | "corrupt";
  /** Own addresses as stored at the last login. */
  readonly self: SelfAddress;
  /** What was wrong, for people; contains no secret. */
  readonly problem: string | null;
}

export interface CredentialStore {
  /** Looks at the folder, restoring creds.json from its backup when it is torn. Never deletes anything. */
  inspect(authDir: string): CredentialState;
  /** Both address forms of somebody as stored with the keys, without a socket. */
  addressForms(authDir: string, jid: Jid): { readonly pn: Jid | null; readonly lid: Jid | null };
  /** Who, beside this process, has written the credentials since they were last written or read here; null for nobody. */
  writtenBy(authDir: string): Promise<string | null>;
  /** Removes the managed files of a linked device after an explicit logout by a person; nothing else. */
  remove(authDir: string): Promise<void>;
}

/** A WhatsApp Web version as the login states it. */
export type WhatsAppVersion = readonly [number, number, number];

/**
 * Which WhatsApp Web version a login states. `current` is asked in the connect path and never goes to the network; `refresh` looks
 * it up in the background, bounded in time, and remembers what was found for the next login.
 */
export interface VersionSource {
  current(): {
    readonly version: WhatsAppVersion;
    readonly source: "bundled" | "last-good" | "network";
  };
  refresh(): Promise<{
    readonly version: WhatsAppVersion;
    readonly source: "bundled" | "last-good" | "network";
    readonly error: RawError | null;
  }>;
}

/** One run of the process. Its accounts number their records from one sequence, so that a log has one order. */
export interface Run {
  readonly boot: string;
  /** Seed of the decisions' random numbers. */
  readonly seed: string;
  nextSeq(): number;
}

/**
 * What outlives a reload of the plugin's code, kept by the host. The values are ours and carry a format number, because the code that
 * reads them may be newer than the code that wrote them.
 */
export interface RegistryStore {
  get(accountId: AccountId): unknown;
  /** Undefined removes the entry. */
  set(accountId: AccountId, entry: unknown): void;
}

/** `exception`: thrown where nobody could catch it, e.g. by a stream without an `error` listener. */
export type UncaughtKind = "rejection" | "exception";

/**
 * The process' unhandled rejections and uncaught exceptions. A handler returns true when it belongs to it, which keeps the gateway alive;
 * the host offers each one to its handlers before it would crash.
 */
export interface RejectionSource {
  subscribe(handler: (reason: unknown, kind: UncaughtKind) => boolean): () => void;
}

// --- journal ------------------------------------------------------------------------------------

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

// --- sinks --------------------------------------------------------------------------------------

/** Receives every record of every account, already pseudonymised. Never throws, never blocks. */
export interface RecordSink {
  append(record: LogRecord): void;
  /** Told now and then, and whenever a controller begins, so that an incident can be cut out of the middle of a run. */
  checkpoint?(checkpoint: AccountCheckpoint): void;
}

/** Where an account stood just before one of its records. */
export interface AccountCheckpoint {
  readonly accountId: AccountId;
  readonly beforeSeq: number;
  /** The records before do not lead here: a controller began anew. */
  readonly isReplaced: boolean;
  /** The state as JSON data without identities; made only when an incident is cut there. */
  readonly read: () => unknown;
}
export type AccountRecord = InputRecord | EffectRecord;

/** Makes stable pseudonyms for addresses and scrubs free text; the only way from a raw address to a record. */
export interface Pseudonymiser {
  /** `user-...` / `group-...` for a JID or phone number; the same address always gives the same pseudonym. */
  address(jid: Jid): string;
  self(self: SelfAddress): SelfIdentity;
  text(text: string): string;
  error(error: RawError): RawError;
}

/** What the gateway's status shows; the channel turns it into a status patch. */
export type StatusEffect = Extract<Effect, { kind: "status.publish" }>;

/** What the core decided about a message. */
export type AdmitAs = Extract<Effect, { kind: "message.admit" }>["as"];
/** How a message ended, with the reason. */
export type MessageEnd = Pick<Extract<Input, { kind: "message.settled" }>, "state" | "reason">;

/** One message of several that become one turn. */
export interface BurstMessage {
  readonly entry: JournalledMessage;
  readonly as: AdmitAs;
  readonly late: boolean;
}

/** What the channel provides to a controller. */
export interface ChannelPort {
  publishStatus(status: StatusEffect): void;
  /**
   * Hands a journalled message to the agent. `as` is the core's decision; resolves when the turn was adopted or ended, with the end
   * state; a rejection leaves the message unsettled so that it is admitted again after a restart.
   */
  admit(entry: JournalledMessage, as: AdmitAs, late: boolean): Promise<MessageEnd>;
  /**
   * Hands messages of one chat to the agent as one turn, oldest first; at least one of them is to be answered. Resolves like {@link admit}, with
   * one end per message in the same order.
   */
  admitBurst(messages: readonly BurstMessage[]): Promise<readonly MessageEnd[]>;
  /** Tells the owner, in one message, of those messages that were admitted as `notify-owner` since the last notice. */
  notifyOwner(messages: number): void;
  raiseAlert(causeId: string, downMs: number): void;
  clearAlert(downMs: number): void;
}

/** Keeps the records that led to a fault of our own, as an incident file that a person can send. Never throws. */
export interface IncidentKeeper {
  keep(accountId: AccountId, title: string): void;
}

/** Identifies a controller in the registry that outlives plugin reloads. */
export interface ControllerKey {
  readonly accountId: AccountId;
  readonly controllerId: ControllerId;
}
