import { describeAccountSnapshot } from "openclaw/plugin-sdk/account-helpers";
import { normalizeE164 } from "openclaw/plugin-sdk/account-core";
import { formatNormalizedAllowFromEntries } from "openclaw/plugin-sdk/allow-from";
import {
  createScopedChannelConfigAdapter,
  createScopedDmSecurityResolver,
} from "openclaw/plugin-sdk/channel-config-helpers";
import { type ChannelPlugin, createChannelPluginBase } from "openclaw/plugin-sdk/channel-core";
import {
  buildChannelGroupsScopeTree,
  createAllowlistProviderRouteAllowlistWarningCollector,
  createConditionalWarningCollector,
  resolveScopeRequireMention,
  resolveScopeToolsPolicy,
} from "openclaw/plugin-sdk/channel-policy";
import { defineChannelSetupContract } from "openclaw/plugin-sdk/channel-setup";
import { createPatchedAccountSetupAdapter } from "openclaw/plugin-sdk/setup";
import {
  channelSection,
  defaultAccountId,
  listAccountIds,
  resolveAccount,
  type WhatsAppAccount,
} from "./accounts/account.ts";
import { hasAnyCredentials, hasCredentials } from "./accounts/auth-dir.ts";
import { normalizeAllowEntry } from "./accounts/targets.ts";
import { channelHints } from "./config/channel-hints.ts";
import { channelSchema } from "./config/channel-schema.ts";
import { CHANNEL_ID } from "./identifiers.ts";

type Base = ReturnType<typeof createChannelPluginBase<WhatsAppAccount>>;
type ConfigSchema = NonNullable<ChannelPlugin["configSchema"]>;

/** Allowlist entries as OpenClaw stores and compares them; what names nobody is left out. */
export function formatAllowFrom(allowFrom: readonly (string | number)[]): string[] {
  const entries = formatNormalizedAllowFromEntries({
    allowFrom: [...allowFrom],
    normalizeEntry: (entry) => normalizeAllowEntry(String(entry)),
  });
  return [...new Set(entries)];
}

/**
 * What the setup entry and the full plugin share: names, config, accounts and access policy. Loads neither Baileys nor the
 * runtime, so that listing channels stays cheap.
 */
export function createWhatsAppBase(): Base {
  return createChannelPluginBase<WhatsAppAccount>({
    id: CHANNEL_ID,
    meta: {
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
    },
    capabilities: { chatTypes: ["direct", "group", "channel"], reply: true },
    reload: {
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
    },
    gatewayMethodDescriptors: [{ name: "web.login.start" }, { name: "web.login.wait" }],
    // The host types schemas as TypeBox values, which are plain JSON Schema objects at run time.
    configSchema: {
      schema: channelSchema as unknown as ConfigSchema["schema"],
      uiHints: channelHints,
    },
    config: configAdapter,
    security: {
      resolveDmPolicy: createScopedDmSecurityResolver<WhatsAppAccount>({
        channelKey: CHANNEL_ID,
        resolvePolicy: (account) => account.config.dmPolicy,
        resolveAllowFrom: (account) => account.config.allowFrom,
        policyPathSuffix: "dmPolicy",
        normalizeEntry: (entry) => normalizeE164(entry),
        inheritSharedDefaultsFromDefaultAccount: true,
      }),
      collectWarnings: collectOpenGroupFindings,
    },
    setupContract: defineChannelSetupContract({
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
    }),
    groups: {
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
    },
  });
}

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

const configAdapter: ChannelPlugin<WhatsAppAccount>["config"] = {
  ...createScopedChannelConfigAdapter<WhatsAppAccount>({
    sectionKey: CHANNEL_ID,
    listAccountIds,
    resolveAccount,
    defaultAccountId,
    clearBaseFields: [],
    allowTopLevel: false,
    resolveAllowFrom: (account) => account.config.allowFrom,
    formatAllowFrom,
    resolveDefaultTo: (account) => account.config.defaultTo,
  }),
  isEnabled: (account) => account.enabled,
  disabledReason: () => "disabled",
  isConfigured: (account) => account.authDir !== "",
  isLinked: (account) => (hasCredentials(account.authDir) ? "linked" : "not-linked"),
  hasPersistedAuthState: ({ cfg }) =>
    hasAnyCredentials(listAccountIds(cfg).map((id) => resolveAccount(cfg, id).authDir)),
  unconfiguredReason: () => "not configured",
  unlinkedReason: () => "not linked",
  describeAccount: (account) =>
    describeAccountSnapshot({
      account,
      configured: account.authDir !== "",
      extra: {
        linked: hasCredentials(account.authDir),
        dmPolicy: account.config.dmPolicy,
        allowFrom: account.config.allowFrom,
      },
    }),
};

const paths = {
  groupPolicy: "channels.whatsapp.groupPolicy",
  groupAllowFrom: "channels.whatsapp.groupAllowFrom",
  groups: "channels.whatsapp.groups",
} as const;

const collectOpenGroupFindings = createConditionalWarningCollector.findings({
  collectWarnings: createAllowlistProviderRouteAllowlistWarningCollector<WhatsAppAccount>({
    providerConfigPresent: (cfg) => channelSection(cfg) !== undefined,
    resolveGroupPolicy: (account) => account.config.groupPolicy,
    resolveRouteAllowlistConfigured: (account) =>
      Object.keys(account.config.groups ?? {}).length > 0,
    restrictSenders: {
      surface: "WhatsApp groups",
      openScope: "any member of an allowed group",
      groupPolicyPath: paths.groupPolicy,
      groupAllowFromPath: paths.groupAllowFrom,
    },
    noRouteAllowlist: {
      surface: "WhatsApp groups",
      routeAllowlistPath: paths.groups,
      routeScope: "group",
      groupPolicyPath: paths.groupPolicy,
      groupAllowFromPath: paths.groupAllowFrom,
    },
  }),
  checkId: "channels.whatsapp.groups.open",
  severity: "warn",
  title: "WhatsApp groups are open",
});
