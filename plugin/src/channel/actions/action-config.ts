import { createActionGate } from "openclaw/plugin-sdk/channel-actions";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { resolveReactionLevel } from "openclaw/plugin-sdk/status-helpers";
import { channelSection, listAccountIds, resolveAccount } from "../accounts/account.ts";

type Gate = "reactions" | "sendMessage" | "polls";

/** `channels.whatsapp.actions`: everything that is not switched off is on. */
export function isActionEnabled(cfg: OpenClawConfig, gate: Gate): boolean {
  return createActionGate(channelSection(cfg)?.actions)(gate);
}

/** `reactionLevel` of an account, as the official plugin reads it. */
export function reactionLevelOf(cfg: OpenClawConfig, accountId: string | null | undefined) {
  return resolveReactionLevel({
    value: resolveAccount(cfg, accountId).config.reactionLevel,
    defaultLevel: "minimal",
    invalidFallback: "minimal",
  });
}

/** Whether an agent may react through the account, or through any when none is named. */
export function mayReact(cfg: OpenClawConfig, accountId: string | null | undefined): boolean {
  if (channelSection(cfg) === undefined || !isActionEnabled(cfg, "reactions")) return false;
  const accounts = accountId ? [accountId] : listAccountIds(cfg);
  return accounts.some(
    (id) => resolveAccount(cfg, id).enabled && reactionLevelOf(cfg, id).agentReactionsEnabled,
  );
}
