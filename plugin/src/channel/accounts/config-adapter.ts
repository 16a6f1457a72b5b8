import { describeAccountSnapshot } from "openclaw/plugin-sdk/account-helpers";
import { formatNormalizedAllowFromEntries } from "openclaw/plugin-sdk/allow-from";
import { createScopedChannelConfigAdapter } from "openclaw/plugin-sdk/channel-config-helpers";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { CHANNEL_ID } from "../identifiers.ts";
import {
  defaultAccountId,
  listAccountIds,
  resolveAccount,
  type WhatsAppAccount,
} from "./account.ts";
import { hasAnyCredentials, hasCredentials } from "./auth-dir.ts";
import { normalizeAllowEntry } from "./targets.ts";

/** Allowlist entries as OpenClaw stores and compares them; what names nobody is left out. */
export function formatAllowFrom(allowFrom: readonly (string | number)[]): string[] {
  const entries = formatNormalizedAllowFromEntries({
    allowFrom: [...allowFrom],
    normalizeEntry: normalizeAllowEntry,
  });
  return [...new Set(entries)];
}

/** How OpenClaw lists, resolves and describes the accounts of `channels.whatsapp`. */
export const configAdapter: ChannelPlugin<WhatsAppAccount>["config"] = {
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
