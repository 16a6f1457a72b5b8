import type { AccountId, SelfIdentity } from "../events/index.ts";
import type { Policy } from "../core/policy.ts";
import type { MediaSource, ReceivedFile } from "./ports/media.ts";
import type {
  ChannelPort,
  Clock,
  CredentialStore,
  GroupInfo,
  IncidentKeeper,
  Jid,
  Journal,
  NetworkProbe,
  OutgoingContent,
  OwnerLock,
  Pseudonymiser,
  RecordSink,
  RegistryStore,
  RejectionSource,
  Run,
  SelfAddress,
  SocketFactory,
  Timers,
  VersionSource,
} from "./ports.ts";

/*
 * What the rest of the plugin sees of one linked device. `account-runtime.ts` builds it; the channel, the RPC and the login tool
 * call it. Nothing here knows Baileys or OpenClaw.
 */

/** Everything impure that an account needs, one implementation each. */
export interface AccountPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly sockets: SocketFactory;
  readonly ownerLock: OwnerLock;
  readonly networkProbe: NetworkProbe;
  readonly credentials: CredentialStore;
  readonly versions: VersionSource;
  readonly journal: Journal;
  readonly records: RecordSink;
  readonly pseudonyms: Pseudonymiser;
  readonly channel: ChannelPort;
  readonly media: MediaSource;
  readonly incidents: IncidentKeeper;
  /** Lives in the host's channel runtime context, so that it outlives a reload of the plugin's code. */
  readonly registry: RegistryStore;
  /** Where unhandled rejections of the process are offered first; see {@link RejectionSource}. */
  readonly rejections: RejectionSource;
}

export interface AccountRuntimeOptions {
  readonly accountId: AccountId;
  /** Folder of the linked device's credentials, absolute. */
  readonly authDir: string;
  readonly policy: Policy;
  /** Shared by all accounts of the process: their records are numbered from one sequence. */
  readonly run: Run;
  readonly ports: AccountPorts;
}

/** Who wants a controller to run. `unknown` where the host does not say. */
export type StartReason =
  | "gateway-start"
  | "operator"
  | "supervisor"
  | "health-monitor"
  | "reload"
  | "login"
  | "unknown";
/** `restart` and `reload` promise a successor, so captured replies wait for it; the others end them. */
export type StopReason =
  | "restart"
  | "reload"
  | "shutdown"
  | "disabled"
  | "removed"
  | "logout"
  | "relink";

/** Which controller of which identity captured something, taken when a message arrives and kept until the reply is sent. */
export interface SendCapture {
  readonly controllerId: number;
  readonly self: SelfIdentity | null;
}

/** One logical send. Calling twice with the same `sendId` yields the same message id and the same outcome. */
export interface SendRequest {
  /** Stable across retries and restarts, e.g. derived from the gateway's delivery queue id and part. */
  readonly sendId: string;
  readonly chat: Jid;
  readonly content: OutgoingContent;
  /** Of `media` that lies in no file yet; the content's `path` is not read then. */
  readonly bytes?: Uint8Array;
  /** Defaults to the running controller. */
  readonly capture?: SendCapture;
  /** Aborting gives the caller its promise back; a message that already left stays in custody. */
  readonly signal?: AbortSignal;
  /**
   * Awaited right before the first attempt writes, for a host that has to note it; a rejection keeps the message back. Not asked again by
   * later attempts, nor when the send is continued after a restart.
   */
  readonly beforeWrite?: () => Promise<void>;
}

/** How a logical send ended. `left`: something may have reached the wire although it did not succeed. */
export type SendOutcome =
  | {
      readonly outcome: "acked";
      readonly messageId: string | null;
      /** What a group query found. */
      readonly group?: GroupInfo;
    }
  | {
      readonly outcome: "refused" | "failed" | "expired" | "cancelled";
      readonly messageId: string | null;
      /** Id in the core's catalogue of causes; null when there is nothing to say beyond the outcome. */
      readonly causeId: string | null;
      /** For people: what happened and what they can do. */
      readonly sentence: string;
      readonly left: boolean;
    };

export interface LoginRequest {
  /** Unlink first: removes the stored device and asks for a new QR code. Without it a linked account is only connected. */
  readonly force: boolean;
  /** Called with every fresh QR text. Goes to a terminal or webview, never through a log call. */
  onQr(qr: string): void;
  readonly signal: AbortSignal;
}
/** `connected` and linked, or why not, with what to do next. */
export interface LoginOutcome {
  readonly connected: boolean;
  readonly self: SelfAddress | null;
  readonly sentence: string;
}

/** Status of one account, version 1; the JSON schema lies beside this file. */
export interface AccountStatus {
  readonly version: 1;
  readonly accountId: AccountId;
  readonly phase:
    | "idle"
    | "claiming"
    | "connecting"
    | "open"
    | "waiting"
    | "inspecting"
    | "blocked"
    | "stopped";
  readonly cause: {
    readonly id: string;
    readonly sentence: string;
    readonly action: string;
    /** What was observed, in the order of the facts' names; strings, numbers, booleans. */
    readonly facts: Readonly<Record<string, string | number | boolean>>;
  } | null;
  /** Number of the running controller, null when none runs. */
  readonly controller: number | null;
  /** Controllers that were told to end and have not finished yet. */
  readonly predecessors: readonly number[];
  readonly socketId: number | null;
  readonly attemptsLastHour: number;
  /** Wall clock milliseconds of the next connect attempt. */
  readonly nextAttemptAt: number | null;
  readonly keepalive: {
    readonly mode: string;
    readonly intervalMs: number;
    /** Age at which the connection is replaced on purpose; null: never. */
    readonly rotateAfterMs: number | null;
    readonly frameAgeMs: number | null;
    /** Drops at a regular distance that go on; null: there is no rhythm. */
    readonly rhythm: { readonly drops: number; readonly medianMs: number } | null;
  };
  readonly drain: {
    readonly announced: number;
    readonly delivered: number;
    readonly journalled: number;
    readonly receipted: number;
  };
  readonly journal: {
    readonly depth: number;
    readonly oldestUnsettledMs: number | null;
    readonly spilled: number;
  };
  /** Most recent last; times are wall clock milliseconds, `endedAt` is null while it lasts. */
  readonly outages: readonly {
    readonly startedAt: number;
    readonly endedAt: number | null;
    readonly causeId: string;
    readonly attempts: number;
    readonly recoveredOffline: number;
    readonly recoveredHistory: number;
    readonly duplicates: number;
    readonly tooOld: number;
    /** Chats about which the phone was asked in vain, and those in which nobody wrote since, so that it cannot be asked. */
    readonly unanswered: number;
    readonly waiting: number;
    /** The account in one line, in the time zone of the gateway. */
    readonly line: string;
  }[];
}

/** One linked device at work. All methods may be called in any phase; none throws synchronously. */
export interface AccountRuntime {
  readonly accountId: AccountId;
  /** Begins a controller's life. Returns at once; progress comes through {@link ChannelPort.publishStatus}. */
  start(reason: StartReason): void;
  /**
   * Ends it: socket closed, owner lock released, timers cancelled. Resolves when all of that is done, bounded in time.
   * Captured replies stay in custody for `restart` and `reload`.
   */
  stop(reason: StopReason): Promise<void>;
  /** An operator's restart in place: also revives a blocked account. */
  restart(): Promise<void>;
  /** Unlinks the device on the server where it can be reached and removes its files; a QR code is needed afterwards. */
  relink(): Promise<void>;
  /** Takes custody and sends; resolves when the server has custody or the send is over. Never rejects. */
  send(request: SendRequest): Promise<SendOutcome>;
  /** Nobody wants this send any more: it is not tried again, whether or not something of it has left. */
  giveUp(sendId: string): void;
  /** What a reply needs to find its way through a successor; call when the message that is answered arrives. */
  capture(): SendCapture;
  /** Connects and links, with a QR code where needed. */
  login(request: LoginRequest): Promise<LoginOutcome>;
  status(): AccountStatus;
  /** Goes on with what the journal holds, when its file could not be read at the start and now can. */
  resumeFromJournal(): void;
  /** Takes effect from the next decision on; never closes a socket. */
  updatePolicy(policy: Policy): void;
  /**
   * The file of a received message in its serialised form, fetched within a minute; an expired link is renewed by the phone.
   *
   * @param maxBytes of the file as it was sent
   * @throws {MediaUnavailable} with a sentence for people
   */
  receiveFile(raw: string, maxBytes: number): Promise<ReceivedFile>;
  /**
   * From cache, else from the server. When the connection is lost meanwhile, or is not there, it waits for that of a successor, as a reply
   * does; rejects with {@link GroupUnknown} when there is none in time.
   */
  groupInfo(
    chat: Jid,
    options?: { readonly capture?: SendCapture; readonly signal?: AbortSignal },
  ): Promise<GroupInfo>;
  /** Both address forms of somebody, from what is stored; never asks the network. */
  resolveAddress(jid: Jid): Promise<{ readonly pn: Jid | null; readonly lid: Jid | null }>;
  /** Own addresses: of the open socket, else as stored at the last login. */
  self(): SelfAddress;
}

/** Signature of `createAccountRuntime` in `account-runtime.ts`. Continues the account's state when the registry has one. */
export type CreateAccountRuntime = (options: AccountRuntimeOptions) => AccountRuntime;
