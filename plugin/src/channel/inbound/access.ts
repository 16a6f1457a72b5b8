import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import {
  resolveChannelGroupPolicy,
  resolveChannelGroupRequireMention,
} from "openclaw/plugin-sdk/channel-policy";
import {
  resolveDefaultGroupPolicy,
  resolveOpenProviderRuntimeGroupPolicy,
} from "openclaw/plugin-sdk/runtime-group-policy";
import { channelSection, type WhatsAppAccount } from "../accounts/account.ts";
import { lidOf, normalizeTarget } from "../accounts/targets.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { idOf, type Parties } from "./parties.ts";

/** The host's helpers, bound to this plugin instance; the result of an access check is only good for the same instance. */
export type ChannelRuntime = PluginRuntime["channel"];
type ContextBinding = NonNullable<
  Parameters<ChannelRuntime["inbound"]["ingress"]["resolveStable"]>[0]["contextBinding"]
>;

/** The account's rules at the moment a message is looked at; read from the current config every time. */
export interface AccessPolicy {
  readonly dmPolicy: "pairing" | "allowlist" | "open" | "disabled";
  readonly allowFrom: readonly string[];
  readonly groupPolicy: "open" | "disabled" | "allowlist";
  readonly groupAllowFrom: readonly string[];
  /** No `channels.whatsapp` at all: the strictest group policy applies. */
  readonly providerMissingFallbackApplied: boolean;
  /** The linked number is the person's own: their notes to self reach the agent, without receipts. */
  readonly selfChat: boolean;
}

/** Reads the rules the way the official plugin does, defaults included. */
export function readAccessPolicy(
  cfg: OpenClawConfig,
  account: WhatsAppAccount,
  parties: Pick<Parties, "self">,
): AccessPolicy {
  const { config } = account;
  const configured = (config.allowFrom ?? []).map(String);
  const ownPhone = parties.self.phone;
  const group = resolveOpenProviderRuntimeGroupPolicy({
    providerConfigPresent: channelSection(cfg) !== undefined,
    ...definedOnly({
      groupPolicy: config.groupPolicy,
      defaultGroupPolicy: resolveDefaultGroupPolicy(cfg),
    }),
  });
  const groupAllowFrom = (config.groupAllowFrom ?? []).map(String);
  return {
    dmPolicy: config.dmPolicy ?? "pairing",
    allowFrom: configured.length > 0 ? configured : ownPhone === null ? [] : [ownPhone],
    groupPolicy: group.groupPolicy,
    groupAllowFrom: groupAllowFrom.length > 0 ? groupAllowFrom : configured,
    providerMissingFallbackApplied: group.providerMissingFallbackApplied,
    selfChat: config.selfChatMode ?? listsSelf(configured, ownPhone),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The host's types tell an absent key from an undefined one; its own resolvers return the latter. */
function definedOnly<T extends object>(values: T): Defined<T> {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Defined<T>;
}

function listsSelf(allowFrom: readonly string[], ownPhone: string | null): boolean {
  return ownPhone !== null && allowFrom.some((entry) => normalizeTarget(entry) === ownPhone);
}

export type Access =
  | {
      readonly decision: "allow";
      readonly policy: AccessPolicy;
      /** The host's verdict, to be bound to the turn it admits; see the SDK's channel ingress contract. */
      readonly verdict: (binding: ContextBinding) => Promise<ResolvedChannelMessageIngress>;
    }
  | { readonly decision: "pair"; readonly policy: AccessPolicy }
  | { readonly decision: "deny"; readonly policy: AccessPolicy; readonly reason: string };

/** Asks the host whether this sender may reach the agent here. All rules are the host's; only identities are ours. */
export async function checkAccess(request: {
  readonly cfg: OpenClawConfig;
  readonly runtime: ChannelRuntime;
  readonly account: WhatsAppAccount;
  readonly parties: Parties;
}): Promise<Access> {
  const { cfg, account, parties } = request;
  const policy = readAccessPolicy(cfg, account, parties);
  const resolve = (binding?: ContextBinding, command = false) =>
    resolveIngress(request, policy, binding, command);
  if (parties.kind === "direct" && parties.fromMe) {
    // What the owner writes to others from the phone is none of the agent's business.
    const { phone, lid } = parties.self;
    if (parties.conversation !== phone && parties.conversation !== lid) {
      return { decision: "deny", policy, reason: "own-message-to-another-person" };
    }
    if (account.config.selfChatMode === false) {
      return { decision: "deny", policy, reason: "self-chat-off" };
    }
  }
  const { senderAccess } = await resolve();
  switch (senderAccess.decision) {
    case "allow":
      return { decision: "allow", policy, verdict: (binding) => resolve(binding, true) };
    case "pairing":
      return parties.kind === "direct" && !parties.fromMe
        ? { decision: "pair", policy }
        : { decision: "deny", policy, reason: senderAccess.reasonCode };
    case "block":
      return { decision: "deny", policy, reason: senderAccess.reasonCode };
  }
}

function resolveIngress(
  {
    cfg,
    runtime,
    account,
    parties,
  }: {
    readonly cfg: OpenClawConfig;
    readonly runtime: ChannelRuntime;
    readonly account: WhatsAppAccount;
    readonly parties: Parties;
  },
  policy: AccessPolicy,
  contextBinding: ContextBinding | undefined,
  command: boolean,
): Promise<ResolvedChannelMessageIngress> {
  const senderId = idOf(parties.sender) ?? "";
  // One's own number may always write to oneself, unless selfChatMode says no (checked before) or all direct messages are off.
  const allowFrom =
    parties.kind === "direct" && parties.fromMe && senderId !== ""
      ? [...policy.allowFrom, senderId]
      : [...policy.allowFrom];
  return runtime.inbound.ingress.resolveStable({
    channelId: CHANNEL_ID,
    accountId: account.accountId,
    cfg,
    useDefaultPairingStore: true,
    identity: {
      key: "whatsapp-sender-phone",
      kind: "phone",
      normalize: phoneEntry,
      sensitivity: "pii",
      entryIdPrefix: "whatsapp-entry",
      aliases: [
        { key: LID_ALIAS, kind: "plugin:whatsapp-lid", normalize: lidEntry, sensitivity: "pii" },
      ],
    },
    subject: { stableId: senderId, aliases: { [LID_ALIAS]: parties.sender.lid } },
    conversation: { kind: parties.kind, id: parties.conversation },
    ...(contextBinding === undefined ? {} : { contextBinding }),
    dmPolicy: policy.dmPolicy,
    groupPolicy: policy.groupPolicy,
    policy: { groupAllowFromFallbackToAllowFrom: false },
    providerMissingFallbackApplied: policy.providerMissingFallbackApplied,
    allowFrom,
    groupAllowFrom: [...policy.groupAllowFrom],
    ...(command ? { command: {} } : {}),
  });
}

const LID_ALIAS = "whatsapp-sender-lid";

function phoneEntry(value: string): string | null {
  const target = normalizeTarget(value);
  return target?.startsWith("+") === true ? target : null;
}

function lidEntry(value: string): string | null {
  return lidOf(normalizeTarget(value));
}

/** Whether the group may be talked to at all, and whether it takes a mention, from `groups` of the account. */
export function readGroupRules(
  account: WhatsAppAccount,
  policy: AccessPolicy,
  groupId: string,
): { readonly listed: boolean; readonly requireMention: boolean } {
  // The account's own map after inheritance, presented as a channel section, because the host resolves sections.
  const section = { groupPolicy: policy.groupPolicy, groups: account.config.groups };
  const cfg = { channels: { [CHANNEL_ID]: section } } as OpenClawConfig;
  const registry = resolveChannelGroupPolicy({
    cfg,
    channel: CHANNEL_ID,
    groupId,
    hasGroupAllowFrom: policy.groupAllowFrom.length > 0,
  });
  return {
    listed: !registry.allowlistEnabled || registry.allowed,
    requireMention: resolveChannelGroupRequireMention({ cfg, channel: CHANNEL_ID, groupId }),
  };
}
