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
} from "../../events/index.ts";
import type { Jid, SelfAddress } from "./messages.ts";
import type { JournalledMessage } from "./journal.ts";

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
