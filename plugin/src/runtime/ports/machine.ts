import type { AccountId, RawError } from "../../events/index.ts";
import type { Jid, SelfAddress } from "./messages.ts";

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
