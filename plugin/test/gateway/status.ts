import type { Gateway } from "fixtures/gateway";
import { vi } from "vitest";
import type { AccountStatus } from "../../src/runtime/account.ts";

/** Answer of the plugin's own RPC `whatsappContinuity.status`. */
export interface PluginStatus {
  readonly version: number;
  readonly accounts: readonly AccountStatus[];
  readonly problems: readonly { readonly message: string; readonly fix: string }[];
}

/** The part of the gateway's own status that concerns the channel. */
export interface ChannelStatus {
  readonly channelAccounts: Readonly<
    Record<string, readonly Readonly<Record<string, unknown>>[] | undefined>
  >;
  readonly statusIssues?: readonly {
    readonly accountId: string;
    readonly kind: string;
    readonly message: string;
    readonly fix?: string;
  }[];
}

export function pluginStatus(gateway: Gateway): Promise<PluginStatus> {
  return gateway.rpc<PluginStatus>("whatsappContinuity.status");
}

export function channelStatus(gateway: Gateway): Promise<ChannelStatus> {
  return gateway.rpc<ChannelStatus>("channels.status");
}

/** @throws Error when the gateway does not run the account. */
export async function statusOf(gateway: Gateway, accountId = "default"): Promise<AccountStatus> {
  const { accounts } = await pluginStatus(gateway);
  const found = accounts.find((account) => account.accountId === accountId);
  if (found === undefined) throw new Error(`The gateway runs no account ${accountId}.`);
  return found;
}

/** Waits until the account is in a phase; while the plugin is being replaced there is no answer, which counts as not yet. */
export async function untilPhase(
  gateway: Gateway,
  phase: AccountStatus["phase"],
  accountId = "default",
): Promise<void> {
  await vi.waitFor(
    async () => {
      const { phase: current, cause } = await statusOf(gateway, accountId);
      if (current === phase) return;
      throw new Error(`The account is ${current} and not ${phase}. ${cause?.sentence ?? ""}`);
    },
    { timeout: 45_000, interval: 200 },
  );
}
