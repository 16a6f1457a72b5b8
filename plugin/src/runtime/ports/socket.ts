import type { AccountId, Input, RawError, SocketId } from "../../events/index.ts";
import type {
  GroupInfo,
  HistoryPage,
  HistoryRequest,
  IncomingMessage,
  Jid,
  OutgoingContent,
  SelfAddress,
} from "./messages.ts";

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
