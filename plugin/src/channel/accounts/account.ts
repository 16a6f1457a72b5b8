import {
  createAccountListHelpers,
  DEFAULT_ACCOUNT_ID,
  type OpenClawConfig,
  resolveAccountEntry,
  resolveMergedAccountConfig,
} from "openclaw/plugin-sdk/account-core";
import { CHANNEL_ID } from "../identifiers.ts";
import { locateAuthDir } from "./auth-dir.ts";

/** `channels.whatsapp` as OpenClaw types it. */
export type ChannelSection = NonNullable<NonNullable<OpenClawConfig["channels"]>["whatsapp"]>;
/** One account's keys after inheritance. */
export type AccountConfig = NonNullable<ChannelSection["accounts"]>[string];

/** One linked device: its config after inheritance and the folder of its credentials. */
export interface WhatsAppAccount {
  readonly accountId: string;
  readonly name: string | undefined;
  readonly enabled: boolean;
  readonly authDir: string;
  /** Credentials of the time before accounts had folders, directly in the credentials folder (default account only). */
  readonly sharedAuthDir: boolean;
  readonly config: AccountConfig;
}

const lists = createAccountListHelpers(CHANNEL_ID, {
  implicitDefaultAccount: { channelKeys: ["authDir"] },
});
/** Accounts to run: those under `accounts`, or `default` when there are none. */
export const listAccountIds = lists.listAccountIds;
export const defaultAccountId = lists.resolveDefaultAccountId;

/**
 * Resolves an account the way the official plugin does: `channels.whatsapp`, then what `accounts.default` shares with the other
 * accounts, then the account's own keys.
 */
export function resolveAccount(cfg: OpenClawConfig, requested?: string | null): WhatsAppAccount {
  const accountId = requested?.trim() || defaultAccountId(cfg);
  const config = mergeAccount(cfg, accountId);
  const location = locateAuthDir(accountId, authDirOf(config));
  return {
    accountId,
    name: config.name?.trim() || undefined,
    enabled: config.enabled !== false,
    authDir: location.authDir,
    sharedAuthDir: location.shared,
    config,
  };
}

export function channelSection(cfg: OpenClawConfig): ChannelSection | undefined {
  return cfg.channels?.whatsapp;
}

function mergeAccount(cfg: OpenClawConfig, accountId: string): AccountConfig {
  const section = channelSection(cfg);
  const { accounts, ...root } = section ?? {};
  return resolveMergedAccountConfig<Record<string, unknown>>({
    channelConfig: {
      ...root,
      ...(accountId === DEFAULT_ACCOUNT_ID ? {} : sharedByDefaultAccount(section)),
    },
    accounts,
    accountId,
    omitKeys: ["defaultAccount", "accounts", "actions"],
  });
}

/** `accounts.default` is a template for the others, except for what makes it that one device. */
function sharedByDefaultAccount(section: ChannelSection | undefined): Record<string, unknown> {
  const {
    enabled: _enabled,
    name: _name,
    authDir: _authDir,
    selfChatMode: _selfChatMode,
    ...shared
  } = resolveAccountEntry(section?.accounts, DEFAULT_ACCOUNT_ID) ?? {};
  return shared;
}

function authDirOf(config: AccountConfig): string | undefined {
  const { authDir } = config;
  return typeof authDir === "string" ? authDir.trim() || undefined : undefined;
}
