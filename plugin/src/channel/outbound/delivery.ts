import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import {
  type ChannelMessageSendResult,
  type ChannelMessageSendTextContext,
  createMessageReceiptFromOutboundResults,
  createReplyToFanout,
} from "openclaw/plugin-sdk/channel-outbound";
import { PlatformMessageNotDispatchedError } from "openclaw/plugin-sdk/error-runtime";
import type { SendCauseId } from "../../core/index.ts";
import type { SendOutcome } from "../../runtime/account.ts";
import type { OutgoingContent } from "../../runtime/ports.ts";
import { defaultAccountId } from "../accounts/account.ts";
import { normalizeTarget, targetJid } from "../accounts/targets.ts";
import type { AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { mentioning } from "./group-mentions.ts";

/** Told after WhatsApp's server has a message, for the gateway's activity figures. */
export type OnSent = (accountId: string) => void;

/** What the calls of the gateway for text, media, payload and poll have in common. */
export type DeliveryContext = Pick<
  ChannelMessageSendTextContext,
  | "cfg"
  | "to"
  | "accountId"
  | "replyToId"
  | "replyToIdSource"
  | "replyToMode"
  | "signal"
  | "deliveryQueueId"
  | "deliveryPartIndex"
  | "deliveryPartCount"
  | "onPlatformSendDispatch"
  | "assertDirectAdapterHandoff"
  | "onDeliveryResult"
>;

/** One WhatsApp message of a delivery. */
export interface OutgoingPart {
  readonly sendId: string;
  readonly content: OutgoingContent;
  readonly bytes?: Uint8Array;
}

type SentPart = ChannelMessageSendResult & { readonly messageId: string };

/**
 * One call of the gateway. The runtime has custody of every message from here on: it waits for a socket, keeps the message id over attempts
 * and says "sent" only when the server acknowledged.
 */
export class Delivery {
  readonly account: AccountAtWork;
  /** Canonical target, and its address on the wire. */
  readonly to: string;
  readonly chat: string;
  readonly context: DeliveryContext;
  readonly #onSent: OnSent;
  readonly #sent: SentPart[] = [];
  readonly #nextQuote: () => string | undefined;

  /** @throws PlatformMessageNotDispatchedError when the account does not run or the target names nobody */
  constructor(accounts: AccountsAtWork, context: DeliveryContext, onSent: OnSent) {
    const account = findAccount(accounts, context.cfg, context.accountId);
    if (account === null) throw notDispatched(notRunning(context.accountId));
    const to = normalizeTarget(context.to);
    if (to === null) {
      const sentence = `"${context.to}" is not a phone number, group or channel on WhatsApp.`;
      throw notDispatched(sentence, false);
    }
    this.account = account;
    this.to = to;
    this.chat = targetJid(to);
    this.context = context;
    this.#onSent = onSent;
    this.#nextQuote = createReplyToFanout({
      replyToId: context.replyToId ?? null,
      ...(context.replyToIdSource === undefined
        ? {}
        : { replyToIdSource: context.replyToIdSource }),
      ...(context.replyToMode === undefined ? {} : { replyToMode: context.replyToMode }),
    });
  }

  /**
   * Sends one message and waits for the server's ack. What was sent is reported before the next message is begun, so that a failure there
   * takes nothing back.
   *
   * @throws PlatformMessageNotDispatchedError when nothing of it can have left, else Error
   */
  async send(part: OutgoingPart): Promise<void> {
    const previous = this.#sent.at(-1);
    if (previous !== undefined) await this.context.onDeliveryResult?.(previous);
    const replyToId = this.#nextQuote();
    const { context, chat } = this;
    const { runtime, journal } = this.account;
    const quotedRaw = replyToId ? journal.findRaw(replyToId, chat) : null;
    const outcome = await runtime.send({
      sendId: part.sendId,
      chat,
      content: await mentioning(quoting(part.content, quotedRaw), chat, runtime),
      ...(part.bytes === undefined ? {} : { bytes: part.bytes }),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
      // Not before, because it may wait for a socket: the gateway's claim is refreshed right before the write and checked without a gap.
      beforeWrite: async () => {
        await context.onPlatformSendDispatch?.();
        context.assertDirectAdapterHandoff?.();
      },
    });
    if (outcome.outcome !== "acked") throw asError(outcome);
    this.#onSent(this.account.accountId);
    this.#sent.push(sentPart(this.to, outcome.messageId ?? "", part.content, replyToId));
  }

  /** What the gateway gets for all of it. */
  result(): ChannelMessageSendResult {
    const [first] = this.#sent;
    if (first !== undefined && this.#sent.length === 1) return first;
    const receipt = createMessageReceiptFromOutboundResults({
      results: this.#sent.flatMap((part) => part.receipt.raw ?? []),
      kind: first?.receipt.parts[0]?.kind ?? "text",
      ...(this.context.replyToId ? { replyToId: this.context.replyToId } : {}),
    });
    return first === undefined
      ? { outcome: "not_sent", receipt }
      : { receipt: { ...receipt, parts: partsOf(this.#sent) }, messageId: first.messageId };
  }
}

function partsOf(sent: readonly SentPart[]) {
  return sent.flatMap(({ receipt }) => receipt.parts).map((part, index) => ({ ...part, index }));
}

function sentPart(
  to: string,
  messageId: string,
  content: OutgoingContent,
  replyToId: string | undefined,
): SentPart {
  const results = [{ channel: CHANNEL_ID, messageId, conversationId: to }];
  const receipt = createMessageReceiptFromOutboundResults({
    results: messageId === "" ? [] : results,
    kind: receiptKind(content),
    ...(replyToId ? { replyToId } : {}),
  });
  return { receipt, messageId };
}

/** In the gateway's words. */
export function receiptKind(
  content: OutgoingContent,
): "text" | "media" | "voice" | "poll" | "unknown" {
  switch (content.operation) {
    case "media":
      return content.voice ? "voice" : "media";
    case "text":
    case "poll":
      return content.operation;
    case "reaction":
    case "edit":
    case "delete":
    case "typing":
    case "read-receipt":
    case "group-query":
      return "unknown";
  }
}

function quoting(content: OutgoingContent, quotedRaw: string | null): OutgoingContent {
  return "quotedRaw" in content ? { ...content, quotedRaw } : content;
}

/** Who sends for an account, also between two controllers; null when it does not run in this gateway. */
export function findAccount(
  accounts: AccountsAtWork,
  cfg: OpenClawConfig,
  accountId: string | null | undefined,
): AccountAtWork | null {
  return accounts.custodian(accountId?.trim() || defaultAccountId(cfg));
}

export function notRunning(accountId: string | null | undefined): string {
  const name = accountId?.trim() || "default";
  return (
    `WhatsApp account ${name} does not run in this gateway; start the gateway and link it with ` +
    `\`openclaw channels login --channel ${CHANNEL_ID} --account ${name}\`.`
  );
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

export function notDispatched(
  sentence: string,
  retryable = true,
  cause: unknown = new Error(sentence),
): PlatformMessageNotDispatchedError {
  return new PlatformMessageNotDispatchedError(sentence, {
    cause,
    ...(retryable ? {} : { retryable: false }),
  });
}
