import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { ChannelInboundTurnPlan } from "openclaw/plugin-sdk/channel-inbound";
import {
  createChannelMessageReplyPipeline,
  resolveChannelStreamingBlockEnabled,
} from "openclaw/plugin-sdk/channel-outbound";
import type { SendOutcome } from "../../runtime/account.ts";
import type { OutgoingContent } from "../../runtime/ports.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { DEFAULT_CHUNK_CHARS, renderMessages, visibleText } from "../outbound/format.ts";
import { mediaUrlsOf, textContent } from "../outbound/send-media.ts";
import type { ChannelRuntime } from "./access.ts";
import type { Parties } from "./parties.ts";
import type { ReplyMedia } from "./reply-media.ts";
import type { TurnReaction } from "./ack-reaction.ts";

type Delivery = ChannelInboundTurnPlan["delivery"];
type Payload = Parameters<Delivery["deliver"]>[0];
type DeliveryInfo = Parameters<Delivery["deliver"]>[1];

/** How a reply that does not go through the gateway's queue reaches WhatsApp. */
export type SendNow = (content: OutgoingContent, bytes?: Uint8Array) => Promise<SendOutcome>;

export interface ReplyPlanRequest {
  readonly cfg: OpenClawConfig;
  readonly runtime: ChannelRuntime;
  readonly account: WhatsAppAccount;
  readonly agentId: string;
  readonly parties: Parties;
  readonly messageId: string;
  /** A quoted reply is expected: the person themselves answered to a message. */
  readonly quotes: boolean;
  readonly selfChat: boolean;
  readonly media: ReplyMedia;
  /** Shows at the person's message how the turn goes on. */
  readonly reaction: TurnReaction;
  readonly sendNow: SendNow;
  /** Shows or hides "typing" to the person; never fails. */
  readonly setTyping: (state: "composing" | "paused") => Promise<void>;
  onDeliveryFailed(error: unknown): void;
}

/** WhatsApp shows "typing" for about ten seconds per notice, so it is repeated while the agent works. */
const TYPING_REFRESH_MS = 8_000;
const TYPING_LIMIT_MS = 5 * 60_000;

/** How this turn's replies are prepared, queued and shown; everything generic is the host's pipeline. */
export function planReplies(
  request: ReplyPlanRequest,
): Pick<ChannelInboundTurnPlan, "delivery" | "dispatcherOptions" | "replyOptions"> {
  const { cfg, account, agentId, selfChat } = request;
  const { onModelSelected, ...pipeline } = createChannelMessageReplyPipeline({
    cfg,
    agentId,
    channel: CHANNEL_ID,
    accountId: account.accountId,
    typing: {
      start: () => request.setTyping("composing"),
      stop: () => request.setTyping("paused"),
      onStartError: request.onDeliveryFailed,
      keepaliveIntervalMs: TYPING_REFRESH_MS,
      maxDurationMs: TYPING_LIMIT_MS,
    },
  });
  const identity = pipeline.responsePrefixContextProvider?.().identityName;
  // In a chat with oneself the reader could not tell the agent's messages from their own.
  const selfPrefix = selfChat && identity !== undefined ? `[${identity}]` : undefined;
  const responsePrefix = pipeline.responsePrefix ?? selfPrefix;
  const blockStreaming = resolveChannelStreamingBlockEnabled(account.config);
  return {
    dispatcherOptions: { ...pipeline, ...(responsePrefix === undefined ? {} : { responsePrefix }) },
    replyOptions: {
      ...(onModelSelected === undefined ? {} : { onModelSelected }),
      ...(blockStreaming === undefined ? {} : { disableBlockStreaming: !blockStreaming }),
      onAgentRunStart: () => request.reaction.onThinking(),
      onToolStart: ({ name }) => request.reaction.onTool(name),
    },
    delivery: deliveryOf(request),
  };
}

function deliveryOf(request: ReplyPlanRequest): Delivery {
  return {
    observeMessageSent: true,
    preparePayload: (payload, info) => preparePayload(request, payload, info),
    durable: (payload, info) => {
      if ((payload.text ?? "").trim() === "" && mediaUrlsOf(payload).length === 0) return false;
      return {
        to: request.parties.conversation,
        replyToId: replyTarget(request, payload, info),
        formatting: formattingOf(request),
      };
    },
    deliver: (payload) => deliverNow(request, payload),
    onError: (error) => request.onDeliveryFailed(error),
  };
}

/** What people get to see of a turn: answers, not thoughts, progress notes or half-way errors; of a tool only the files it made. */
async function preparePayload(
  { media }: ReplyPlanRequest,
  payload: Payload,
  info: DeliveryInfo,
): Promise<Payload | null> {
  if (payload.isReasoning === true || payload.isCompactionNotice === true) return null;
  if (payload.isError === true && info.kind !== "final") return null;
  const { mediaUrl: _mediaUrl, mediaUrls: _mediaUrls, ...rest } = payload;
  const files = await media.prepare(mediaUrlsOf(payload));
  const said = info.kind === "tool" ? "" : visibleText(payload.text);
  const text = [said, ...files.problems].filter((line) => line !== "").join("\n");
  if (text === "" && files.urls.length === 0) return null;
  return { ...rest, text, ...(files.urls.length === 0 ? {} : { mediaUrls: [...files.urls] }) };
}

/** Which message a reply quotes: the one the payload names, else the current one when the person quoted something themselves. */
function replyTarget(
  request: ReplyPlanRequest,
  payload: Payload,
  info: DeliveryInfo,
): string | null {
  if (payload.replyToId === null) return null;
  const named = payload.replyToId?.trim();
  if (named) return named;
  return info.kind === "final" && request.quotes ? request.messageId : null;
}

function formattingOf({ cfg, runtime, account }: ReplyPlanRequest) {
  const { accountId } = account;
  return {
    textLimit: runtime.text.resolveTextChunkLimit(cfg, CHANNEL_ID, accountId, {
      fallbackLimit: DEFAULT_CHUNK_CHARS,
    }),
    chunkMode: runtime.text.resolveChunkMode(cfg, CHANNEL_ID, accountId),
    tableMode: runtime.text.resolveMarkdownTableMode({ cfg, channel: CHANNEL_ID, accountId }),
  };
}

/**
 * The way without the gateway's queue, which takes only the last reply of a turn; custody is the same.
 *
 * @throws Error when WhatsApp's server did not get a message of it
 */
async function deliverNow(
  request: ReplyPlanRequest,
  payload: Payload,
): Promise<{ messageIds: string[]; content: string; visibleReplySent: boolean }> {
  const content = payload.text ?? "";
  const messageIds: string[] = [];
  const send = async (...message: Parameters<SendNow>): Promise<void> => {
    const outcome = await request.sendNow(...message);
    if (outcome.outcome !== "acked") throw new Error(outcome.sentence);
    if (outcome.messageId !== null) messageIds.push(outcome.messageId);
  };
  let texts = renderMessages(content, formattingOf(request).textLimit);
  for (const url of mediaUrlsOf(payload)) {
    const file = await request.media.read(url, texts[0] ?? null);
    await send(file.content, file.bytes);
    request.media.noteSent(url);
    if (file.content.caption !== null) texts = texts.slice(1);
  }
  for (const text of texts) await send(textContent(text));
  return { messageIds, content, visibleReplySent: messageIds.length > 0 };
}
