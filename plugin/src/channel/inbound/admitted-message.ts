import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { AccountRuntime, SendCapture } from "../../runtime/account.ts";
import type {
  AdmitAs,
  GroupInfo,
  Journal,
  JournalledMessage,
  MessageEnd,
} from "../../runtime/ports.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import type { ChannelLog } from "../log.ts";
import type { MediaHost } from "../outbound/media-host.ts";
import type { Access, ChannelRuntime } from "./access.ts";
import type { HandoverOrder } from "./handover-order.ts";
import type { OwnerNotices } from "./owner-notices.ts";
import type { Parties } from "./parties.ts";
import type { PendingHistory } from "./pending-history.ts";

export type Admission = MessageEnd;
export type { AdmitAs };

/** What inbound messages need of the world; one per running account. */
export interface InboundHost {
  readonly accountId: string;
  readonly channel: ChannelRuntime;
  readonly media: MediaHost;
  readonly history: PendingHistory;
  /** Which messages kept as context no turn has shown yet, and what an answered message was. */
  readonly memory: Pick<Journal, "pendingContext" | "findMessage">;
  readonly order: HandoverOrder;
  readonly notices: OwnerNotices;
  readonly log: ChannelLog;
  /** The config as it is now; policy is never remembered. */
  config(): OpenClawConfig;
  /** The account's runtime; a function because the runtime is built around the port that admits. */
  runtime(): AccountRuntime;
  /** `late.maxAgeMinutes` of the account. */
  maxAgeMinutes(): number;
  /** Whether an id is one of our own sends, which come back in the chat with oneself. */
  isOwnSend(messageId: string): boolean;
  nowMs(): number;
}

/** One message on its way to the agent, with everything that was found out about it. */
export interface AdmittedMessage {
  readonly host: InboundHost;
  readonly cfg: OpenClawConfig;
  readonly account: WhatsAppAccount;
  readonly entry: JournalledMessage;
  readonly parties: Parties;
  readonly access: Extract<Access, { decision: "allow" }>;
  readonly text: string;
  readonly route: ReturnType<ChannelRuntime["routing"]["resolveAgentRoute"]>;
  readonly mention: { readonly wasMentioned: boolean; readonly requireMention: boolean } | null;
  /** Somebody switched the group's session to answer everything. */
  readonly isActivated: boolean;
  readonly group: GroupInfo | null;
  readonly capture: SendCapture;
}

/** Why a turn is about several messages: they were missed, or somebody typed one after the other. */
export type Gathered = "catch-up" | "typing";

/** A message as a turn shows it. */
export type ShownMessage = Pick<AdmittedMessage, "entry" | "parties" | "text">;

/** Messages kept as context when the config says nothing. */
const DEFAULT_HISTORY_LIMIT = 50;

export function historyLimitOf(cfg: OpenClawConfig, account: WhatsAppAccount): number {
  return (
    account.config.historyLimit ?? cfg.messages?.groupChat?.historyLimit ?? DEFAULT_HISTORY_LIMIT
  );
}

export function timestampOf({ message, receivedAtMs }: JournalledMessage): number {
  return message.sentAtMs ?? receivedAtMs;
}
