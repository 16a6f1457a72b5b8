import {
  type ChannelMessageUnknownSendContext,
  type ChannelMessageUnknownSendReconciliationResult,
  createMessageReceiptFromOutboundResults,
} from "openclaw/plugin-sdk/channel-outbound";
import type { AccountRuntime } from "../../runtime/account.ts";
import type { Journal, OutboundCustody } from "../../runtime/ports.ts";
import { describeSendCause } from "../../core/index.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { receiptKind } from "./delivery.ts";
import { deliveryPrefix, partCountOf } from "./delivery-id.ts";

/** Messages of one delivery that are looked at; a longer one is left to a person. */
const MAX_PARTS = 200;

/**
 * Answers the gateway's question after a crash: did this delivery leave? The journal knows every message of it by its own id. Trying
 * again is safe as long as nothing is certain, because each message keeps its WhatsApp id and a receiver shows one id once
 * (an assumption about the receivers' apps; see the README).
 */
export function reconcileDelivery(
  context: Pick<ChannelMessageUnknownSendContext, "queueId" | "to">,
  journal: Pick<Journal, "custodyWithPrefix">,
): ChannelMessageUnknownSendReconciliationResult {
  const parts = journal.custodyWithPrefix(deliveryPrefix(context.queueId), MAX_PARTS);
  if (parts.length >= MAX_PARTS) {
    return {
      status: "unresolved",
      error: `The delivery has ${MAX_PARTS} messages or more; look at the chat before sending it again.`,
      retryable: false,
    };
  }
  const refused = parts.find((part) => part.state === "failed");
  if (refused !== undefined) {
    return {
      status: "unresolved",
      error: describeSendCause(refused.lastError) ?? "WhatsApp did not accept the message.",
      retryable: false,
    };
  }
  return isComplete(parts)
    ? { status: "sent", ...receiptOf(parts, context.to) }
    : { status: "not_sent" };
}

/** The gateway retired a delivery for good: what of it is still in custody is given up, with the reason on record. */
export function giveUpDelivery(
  context: Pick<ChannelMessageUnknownSendContext, "queueId">,
  account: {
    readonly journal: Pick<Journal, "custodyWithPrefix" | "updateCustody">;
    readonly runtime: Pick<AccountRuntime, "giveUp">;
  },
): void {
  for (const part of account.journal.custodyWithPrefix(
    deliveryPrefix(context.queueId),
    MAX_PARTS,
  )) {
    if (part.state !== "queued" && part.state !== "written") continue;
    account.runtime.giveUp(part.sendId);
    account.journal.updateCustody(part.sendId, "failed", GIVEN_UP);
  }
}

const GIVEN_UP = "the gateway gave the delivery up";

/** Every message that the delivery was cut into is with WhatsApp's server. */
function isComplete(parts: readonly OutboundCustody[]): boolean {
  if (parts.length === 0 || !parts.every((part) => isProven(part))) return false;
  const announced = Math.max(...parts.map((part) => partCountOf(part.sendId) ?? 1));
  return parts.length >= announced;
}

function isProven(part: OutboundCustody): boolean {
  return part.state === "acked" || part.state === "delivered";
}

function receiptOf(parts: readonly OutboundCustody[], to: string) {
  const results = parts.map((part) => ({
    channel: CHANNEL_ID,
    messageId: part.messageId,
    conversationId: to,
  }));
  const kind = parts[0] === undefined ? "text" : receiptKind(parts[0].content);
  return {
    receipt: createMessageReceiptFromOutboundResults({ results, kind }),
    ...(results[0] === undefined ? {} : { messageId: results[0].messageId }),
  };
}
