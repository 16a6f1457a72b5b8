import {
  type ChannelMessageSendResult,
  type ChannelMessageSendTextContext,
  defineChannelMessageAdapter,
} from "openclaw/plugin-sdk/channel-outbound";
import type { AccountsAtWork } from "../accounts-at-work.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import {
  Delivery,
  type DeliveryContext,
  findAccount,
  notRunning,
  type OnSent,
} from "./delivery.ts";
import { sendIdOf } from "./delivery-id.ts";
import { giveUpDelivery, reconcileDelivery } from "./reconcile.ts";
import { type OutboundHost, sendFile, sendPayload, textContent } from "./send-media.ts";
import { type PollRequest, pollContent } from "./send-poll.ts";

/** What the gateway may rely on; the outbound adapter repeats it for hosts that look there. */
export const DURABLE_CAPABILITIES = {
  text: true,
  media: true,
  payload: true,
  replyTo: true,
  messageSendingHooks: true,
} as const;

/**
 * How the gateway sends. A text is one WhatsApp message, already rendered; a file may be followed by messages of its own. The runtime has
 * custody of each of them.
 */
export function createMessageAdapter(accounts: AccountsAtWork, host: OutboundHost, onSent: OnSent) {
  const open = (context: DeliveryContext) => new Delivery(accounts, context, onSent);
  return defineChannelMessageAdapter({
    id: CHANNEL_ID,
    durableFinal: {
      capabilities: { ...DURABLE_CAPABILITIES, reconcileUnknownSend: true },
      automaticUnknownSendReconciliation: true,
      reconcileUnknownSendKinds: { text: true, media: true, payload: true },
      reconcileUnknownSend: (context) => {
        const account = findAccount(accounts, context.cfg, context.accountId);
        // The journal opens with the account; until then nobody can tell, and asking again is free.
        return account === null
          ? { status: "unresolved", error: notRunning(context.accountId), retryable: true }
          : reconcileDelivery(context, account.journal);
      },
      afterUnknownSendTerminal: (context) => {
        // The gateway has told that this delivery failed: it must not arrive minutes later all the same.
        const account = findAccount(accounts, context.cfg, context.accountId);
        if (account !== null) giveUpDelivery(context, account);
      },
    },
    send: {
      text: async (context) => sendText(open(context), context),
      media: async (context) => sendFile(host, open(context), context),
      payload: async (context) => sendPayload(host, open(context), context),
      poll: async (context) => sendPoll(open(context), context),
    },
  });
}

async function sendText(
  delivery: Delivery,
  context: ChannelMessageSendTextContext,
): Promise<ChannelMessageSendResult> {
  const sendId = sendIdOf({
    queueId: context.deliveryQueueId,
    index: context.deliveryPartIndex ?? 0,
    count: context.deliveryPartCount ?? 1,
    text: context.text,
  });
  await delivery.send({ sendId, content: textContent(context.text) });
  return delivery.result();
}

/** A poll is no reply to anything and stands in no queue of the gateway; its custody is the plugin's alone. */
export async function sendPoll(
  delivery: Delivery,
  context: PollRequest,
): Promise<ChannelMessageSendResult> {
  const content = pollContent(context);
  const place = { index: 0, count: 1, text: JSON.stringify(content) };
  const sendId = sendIdOf({ queueId: delivery.context.deliveryQueueId, ...place });
  await delivery.send({ sendId, content });
  return delivery.result();
}
