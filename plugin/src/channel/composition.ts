import type { Capture, CaptureRequest, RecordBatch, RecorderStatus } from "../recorder/index.ts";
import type { AccountRuntime } from "../runtime/account.ts";
import type {
  ChannelPort,
  CredentialState,
  Jid,
  Journal,
  Pseudonymiser,
  RegistryStore,
  RejectionSource,
} from "../runtime/ports.ts";
import type { Settings } from "./config/settings.ts";
import type { StandingIssue } from "./status/status-issues.ts";

/*
 * What the channel asks of the code that puts an account together. The implementation knows Baileys, journal and recorder, lies
 * outside this folder and is loaded when the first account starts, so that registering the plugin costs little.
 */

/** What only the host can provide. */
export interface HostServices {
  /** Folder for everything the plugin keeps, absolute; the gateway's state directory. */
  readonly stateDir: string;
  readonly openclawVersion: string;
  readonly registry: RegistryStore;
  readonly rejections: RejectionSource;
  readonly acquireFileLock: AcquireFileLock;
  /** One structured line in the gateway's log. */
  logRecord(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void;
  /** A batch of records for live readers. */
  emitRecords(batch: RecordBatch): void;
}

/** `acquireFileLock` of the host: the same lock file as the official plugin's. */
export type AcquireFileLock = (
  path: string,
  options: {
    readonly retries: {
      readonly retries: number;
      readonly factor: number;
      readonly minTimeout: number;
      readonly maxTimeout: number;
    };
    readonly stale: number;
    readonly staleRecovery: "remove-if-unchanged";
  },
) => Promise<{ readonly lockPath: string; release(): Promise<void> }>;

export interface RecordQuery {
  readonly accountId?: string;
  /** First sequence number wanted. */
  readonly fromSeq?: number;
  readonly limit: number;
}

/** What the journal keeps of messages, newest last, with texts and addresses: for the owner only, never for a log. */
export interface StoredMessagesQuery {
  /** A chat under any of its addresses; all chats when absent. */
  readonly chat?: Jid;
  /** Received at or after this wall clock time. */
  readonly sinceMs: number;
  readonly limit: number;
}

export interface OpenedAccount {
  readonly runtime: AccountRuntime;
  readonly journal: Journal;
  /** Details for the status answer; `journal` in `status.schema.json`. */
  journalStatus(): object;
  messages(query: StoredMessagesQuery): readonly object[];
  applySettings(settings: Settings): void;
  /** After the runtime has stopped: closes the journal and flushes the records. */
  close(): Promise<void>;
}

export interface DeviceInspection {
  readonly credentials: CredentialState;
  /** The process that holds the device, null when it is free. */
  readonly holder: string | null;
}

/** The plugin at work in one process: shared services, and accounts built on them. */
export interface Composition {
  readonly pseudonyms: Pseudonymiser;
  openAccount(request: {
    readonly accountId: string;
    readonly authDir: string;
    readonly settings: Settings;
    readonly channel: ChannelPort;
  }): Promise<OpenedAccount>;
  /** Who uses a device's credentials now, and whether there are any. Takes the owner lock for a moment. */
  inspectDevice(authDir: string): Promise<DeviceInspection>;
  records(query: RecordQuery): RecordBatch;
  /** How the recording of records itself is; `recorder` in `status.schema.json`. */
  recorderStatus(): RecorderStatus;
  /** An incident file of the last minutes, to be shared: renumbered, without anything that leads back to people. */
  capture(request: CaptureRequest): Capture;
  /** What is wrong or unusual about the whole process. */
  issues(): readonly StandingIssue[];
  close(): Promise<void>;
}

export type LoadComposition = (host: HostServices) => Promise<Composition>;
