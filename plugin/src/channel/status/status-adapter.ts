import type { ChannelAccountSnapshot } from "openclaw/plugin-sdk/channel-contract";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import {
  createComputedAccountStatusAdapter,
  createDefaultChannelRuntimeState,
} from "openclaw/plugin-sdk/status-helpers";
import type { WhatsAppAccount } from "../accounts/account.ts";
import { hasCredentials } from "../accounts/auth-dir.ts";
import { collectStatusIssues, type StandingIssue } from "./status-issues.ts";

/** What the gateway shows of accounts; live fields come from the runtime's patches, the rest from config and disk. */
export function createStatusAdapter(
  standing: () => readonly StandingIssue[],
): NonNullable<ChannelPlugin<WhatsAppAccount>["status"]> {
  return createComputedAccountStatusAdapter<WhatsAppAccount>({
    defaultRuntime: createDefaultChannelRuntimeState("default", {
      connected: false,
      reconnectAttempts: 0,
      lastConnectedAt: null,
      lastDisconnect: null,
      lastInboundAt: null,
      lastOutboundAt: null,
      lifecycle: "stopped",
      healthState: "stopped",
    }),
    collectStatusIssues: (accounts) => collectStatusIssues(accounts, standing()),
    buildChannelSummary: ({ account, snapshot }) => ({
      configured: account.authDir !== "",
      linked: isLinked(account, snapshot),
      running: snapshot.running ?? false,
      connected: snapshot.connected ?? false,
      lifecycle: snapshot.lifecycle,
      reconnectAttempts: snapshot.reconnectAttempts,
      lastConnectedAt: snapshot.lastConnectedAt ?? null,
      lastDisconnect: snapshot.lastDisconnect ?? null,
      lastError: snapshot.lastError ?? null,
      lastInboundAt: snapshot.lastInboundAt ?? null,
      healthState: snapshot.healthState,
      ...(snapshot.terminalDisconnect === true ? { terminalDisconnect: true } : {}),
    }),
    resolveAccountSnapshot: ({ account, runtime }) => ({
      accountId: account.accountId,
      ...(account.name === undefined ? {} : { name: account.name }),
      enabled: account.enabled,
      configured: account.authDir !== "",
      extra: {
        linked: isLinked(account, runtime),
        connected: runtime?.connected ?? false,
        reconnectAttempts: runtime?.reconnectAttempts,
        lastConnectedAt: runtime?.lastConnectedAt ?? null,
        lastDisconnect: runtime?.lastDisconnect ?? null,
        lastEventAt: runtime?.lastEventAt ?? null,
        lastTransportActivityAt: runtime?.lastTransportActivityAt ?? null,
        healthState: runtime?.healthState,
        ...(runtime?.statusState === undefined ? {} : { statusState: runtime.statusState }),
        ...(runtime?.terminalDisconnect === true ? { terminalDisconnect: true } : {}),
        dmPolicy: account.config.dmPolicy,
        allowFrom: account.config.allowFrom,
      },
    }),
  });
}

/** Keys on disk of a device that WhatsApp no longer knows do not link anything. */
function isLinked(account: WhatsAppAccount, snapshot: ChannelAccountSnapshot | undefined): boolean {
  return snapshot?.statusState !== "not-linked" && hasCredentials(account.authDir);
}
