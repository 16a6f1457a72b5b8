import { type ChannelPlugin, createChannelPluginBase } from "openclaw/plugin-sdk/channel-core";
import {
  buildChannelGroupsScopeTree,
  resolveScopeRequireMention,
  resolveScopeToolsPolicy,
} from "openclaw/plugin-sdk/channel-policy";
import { defineChannelSetupContract } from "openclaw/plugin-sdk/channel-setup";
import { createPatchedAccountSetupAdapter } from "openclaw/plugin-sdk/setup";
import type { WhatsAppAccount } from "./accounts/account.ts";
import { configAdapter } from "./accounts/config-adapter.ts";
import { channelHints } from "./config/channel-hints.ts";
import { channelSchema } from "./config/channel-schema.ts";
import { CHANNEL_ID } from "./identifiers.ts";
import { security } from "./security.ts";

type Plugin = ChannelPlugin<WhatsAppAccount>;
type ConfigSchema = NonNullable<Plugin["configSchema"]>;
type Base = ReturnType<typeof createChannelPluginBase<WhatsAppAccount>> &
  Pick<Plugin, "capabilities" | "config">;

/**
 * What the setup entry and the full plugin share: names, config, accounts and access policy. Loads neither Baileys nor the
 * runtime, so that listing channels stays cheap.
 */
export function createWhatsAppBase(): Base {
  const capabilities: Plugin["capabilities"] = {
    chatTypes: ["direct", "group", "channel"],
    reply: true,
    media: true,
    polls: true,
    reactions: true,
    edit: true,
    unsend: true,
  };
  const base = createChannelPluginBase<WhatsAppAccount>({
    id: CHANNEL_ID,
    meta,
    capabilities,
    reload,
    gatewayMethodDescriptors: [{ name: "web.login.start" }, { name: "web.login.wait" }],
    // The host types schemas as TypeBox values, which are plain JSON Schema objects at run time.
    configSchema: {
      schema: channelSchema as unknown as ConfigSchema["schema"],
      uiHints: channelHints,
    },
    config: configAdapter,
    security,
    setupContract,
    groups,
  });
  // The builder's result types both as optional although they were given.
  return { ...base, capabilities, config: configAdapter };
}

const meta: Partial<Plugin["meta"]> = {
  label: "WhatsApp",
  selectionLabel: "WhatsApp (QR link)",
  detailLabel: "WhatsApp Web",
  docsPath: "/channels/whatsapp",
  docsLabel: "whatsapp",
  blurb: "links to a WhatsApp number by QR code and stays connected.",
  systemImage: "message",
  quickstartAllowFrom: true,
  forceAccountBinding: true,
  preferSessionLookupForAnnounceTarget: true,
};

/** Keys of one account that are read at the moment of use; the others (`enabled`, `authDir`) need a new controller. */
const LIVE_ACCOUNT_KEYS = [
  "allowFrom",
  "dmPolicy",
  "groupPolicy",
  "groupAllowFrom",
  "groups",
  "direct",
  "mentionPatterns",
  "contextVisibility",
  "historyLimit",
  "dmHistoryLimit",
  "dms",
  "textChunkLimit",
  "streaming",
  "markdown",
  "responsePrefix",
  "mediaMaxMb",
  "replyToMode",
  "sendReadReceipts",
  "selfChatMode",
  "reactionLevel",
  "defaultTo",
  "pluginHooks",
] as const;

const reload: NonNullable<Plugin["reload"]> = {
  configPrefixes: [
    "channels.whatsapp.enabled",
    "channels.whatsapp.accounts",
    "channels.whatsapp.defaultAccount",
  ],
  // Everything else is read from the current config when a message arrives or leaves: no socket is closed for it.
  noopPrefixes: [
    "channels.whatsapp",
    "messages.inbound",
    "messages.ackReactionScope",
    ...LIVE_ACCOUNT_KEYS.map((key) => `channels.whatsapp.accounts.*.${key}`),
  ],
  accountScopedRestart: true,
};

const setupContract: NonNullable<Plugin["setupContract"]> = defineChannelSetupContract({
  fields: {
    authDir: {
      kind: "string",
      cli: { flags: "--auth-dir <path>", description: "Folder of the linked device's keys" },
    },
  },
  legacyAdapter: {
    ...createPatchedAccountSetupAdapter({
      channelKey: CHANNEL_ID,
      alwaysUseAccounts: true,
      buildPatch: (input) =>
        "authDir" in input && input.authDir ? { authDir: input.authDir } : {},
    }),
    singleAccountKeysToMove: ["authDir"],
  },
});

const groups: NonNullable<Plugin["groups"]> = {
  resolveRequireMention: ({ cfg, accountId, groupId }) =>
    resolveScopeRequireMention({
      tree: buildChannelGroupsScopeTree(cfg, CHANNEL_ID, accountId ?? null),
      path: groupId ? [groupId] : [],
    }),
  resolveToolPolicy: (params) =>
    resolveScopeToolsPolicy({
      ...params,
      tree: buildChannelGroupsScopeTree(params.cfg, CHANNEL_ID, params.accountId ?? null),
      path: params.groupId ? [params.groupId] : [],
      messageProvider: CHANNEL_ID,
    }),
};
