import { normalizeE164 } from "openclaw/plugin-sdk/account-core";
import { createScopedDmSecurityResolver } from "openclaw/plugin-sdk/channel-config-helpers";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import {
  createAllowlistProviderRouteAllowlistWarningCollector,
  createConditionalWarningCollector,
} from "openclaw/plugin-sdk/channel-policy";
import { channelSection, type WhatsAppAccount } from "./accounts/account.ts";
import { CHANNEL_ID } from "./identifiers.ts";

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

/** What `openclaw security audit` and the doctor see of the channel's rules. */
export const security: NonNullable<ChannelPlugin<WhatsAppAccount>["security"]> = {
  resolveDmPolicy: createScopedDmSecurityResolver<WhatsAppAccount>({
    channelKey: CHANNEL_ID,
    resolvePolicy: (account) => account.config.dmPolicy,
    resolveAllowFrom: (account) => account.config.allowFrom,
    policyPathSuffix: "dmPolicy",
    normalizeEntry: (entry) => normalizeE164(entry),
    inheritSharedDefaultsFromDefaultAccount: true,
  }),
  collectWarnings: collectOpenGroupFindings,
};
