import {
  type ChannelMessageSendResult,
  type ChannelMessageSendTextContext,
  createMessageReceiptFromOutboundResults,
  defineChannelMessageAdapter,
} from "openclaw/plugin-sdk/channel-outbound";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { PlatformMessageNotDispatchedError } from "openclaw/plugin-sdk/error-runtime";
import type { SendCauseId } from "../../core/index.ts";
import type { SendOutcome } from "../../runtime/account.ts";
import { defaultAccountId } from "../accounts/account.ts";
import { normalizeTarget, targetJid } from "../accounts/targets.ts";
import type { AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { sendIdOf } from "./delivery-id.ts";
import { giveUpDelivery, reconcileDelivery } from "./reconcile.ts";

/** Told after WhatsApp's server has a message, for the gateway's activity figures. */
export type OnSent = (accountId: string) => void;

/**
 * How the gateway sends: one call is one WhatsApp message, already rendered. The runtime has custody from here on: it waits for a socket,
 * keeps the message id over attempts and says "sent" only when the server acknowledged.
 */
export function createMessageAdapter(accounts: AccountsAtWork, onSent: OnSent) {
  return defineChannelMessageAdapter({
    id: CHANNEL_ID,
    durableFinal: {
      capabilities: {
        text: true,
        replyTo: true,
        messageSendingHooks: true,
        reconcileUnknownSend: true,
      },
      automaticUnknownSendReconciliation: true,
      reconcileUnknownSendKinds: { text: true },
      reconcileUnknownSend: (context) => {
        const account = find(accounts, context.cfg, context.accountId);
        // The journal opens with the account; until then nobody can tell, and asking again is free.
        return account === null
          ? { status: "unresolved", error: notRunning(context.accountId), retryable: true }
          : reconcileDelivery(context, account.journal);
      },
      afterUnknownSendTerminal: (context) => {
        // The gateway has told that this delivery failed: it must not arrive minutes later all the same.
        const account = find(accounts, context.cfg, context.accountId);
        if (account !== null) giveUpDelivery(context, account);
      },
    },
    send: { text: (context) => sendText(accounts, context, onSent) },
  });
}

async function sendText(
  accounts: AccountsAtWork,
  context: ChannelMessageSendTextContext,
  onSent: OnSent,
): Promise<ChannelMessageSendResult> {
  const account = find(accounts, context.cfg, context.accountId);
  if (account === null) throw notDispatched(notRunning(context.accountId));
  const to = normalizeTarget(context.to);
  if (to === null) {
    throw notDispatched(`"${context.to}" is not a phone number, group or channel on WhatsApp.`);
  }
  const chat = targetJid(to);
  const sendId = sendIdOf({
    queueId: context.deliveryQueueId,
    index: context.deliveryPartIndex ?? 0,
    count: context.deliveryPartCount ?? 1,
    text: context.text,
  });
  const outcome = await account.runtime.send({
    sendId,
    chat,
    content: {
      operation: "text",
      text: context.text,
      quotedRaw: quotedRaw(account, context.replyToId, chat),
      mentions: [],
    },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
    // Not before, because it may wait for a socket: the gateway's claim is refreshed right before the write and checked without a gap.
    beforeWrite: async () => {
      await context.onPlatformSendDispatch?.();
      context.assertDirectAdapterHandoff?.();
    },
  });
  return settle(outcome, to, context.replyToId, () => onSent(account.accountId));
}

function settle(
  outcome: SendOutcome,
  to: string,
  replyToId: string | null | undefined,
  onAcked: () => void,
): ChannelMessageSendResult {
  if (outcome.outcome !== "acked") throw asError(outcome);
  onAcked();
  const results = [{ channel: CHANNEL_ID, messageId: outcome.messageId ?? "", conversationId: to }];
  return {
    receipt: createMessageReceiptFromOutboundResults({
      results: outcome.messageId === null ? [] : results,
      kind: "text",
      ...(replyToId ? { replyToId } : {}),
    }),
    ...(outcome.messageId === null ? {} : { messageId: outcome.messageId }),
  };
}

/**
 * Only a message of which nothing can have left may be sent afresh by the gateway; for the rest it must ask the journal. What would be
 * refused again, or would then leave for another number, is not tried again.
 */
export function asError(outcome: Exclude<SendOutcome, { outcome: "acked" }>): Error {
  const { left, sentence, causeId } = outcome;
  if (left) return new Error(sentence);
  return notDispatched(sentence, causeId === null || !FINAL_CAUSES.has(causeId));
}

const FINAL_CAUSES: ReadonlySet<string> = new Set([
  "identity-mismatch",
  "identity-ambiguous",
  "identity-unknown",
  "captor-unauthenticated",
  "rejected-before-sending",
  "target-not-sent",
  "media-unreadable",
] satisfies SendCauseId[]);

function notDispatched(sentence: string, retryable = true): PlatformMessageNotDispatchedError {
  return new PlatformMessageNotDispatchedError(sentence, {
    cause: new Error(sentence),
    ...(retryable ? {} : { retryable: false }),
  });
}

function quotedRaw(
  account: AccountAtWork,
  replyToId: string | null | undefined,
  chat: string,
): string | null {
  return replyToId ? account.journal.findRaw(replyToId, chat) : null;
}

function find(
  accounts: AccountsAtWork,
  cfg: OpenClawConfig,
  accountId: string | null | undefined,
): AccountAtWork | null {
  return accounts.custodian(accountId?.trim() || defaultAccountId(cfg));
}

function notRunning(accountId: string | null | undefined): string {
  const name = accountId?.trim() || "default";
  return (
    `WhatsApp account ${name} does not run in this gateway; start the gateway and link it with ` +
    `\`openclaw channels login --channel ${CHANNEL_ID} --account ${name}\`.`
  );
}
