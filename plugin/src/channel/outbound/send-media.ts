import type {
  ChannelMessageSendMediaContext,
  ChannelMessageSendPayloadContext,
  ChannelMessageSendResult,
} from "openclaw/plugin-sdk/channel-outbound";
import { existsSync } from "node:fs";
import type { Journal, OutboundCustody, OutgoingContent } from "../../runtime/ports.ts";
import { type Delivery, notDispatched, type OutgoingPart } from "./delivery.ts";
import { deliveryPrefix, partCountOf, sendIdOf } from "./delivery-id.ts";
import { renderMessages } from "./format.ts";
import { type MediaHost, maxMediaBytes } from "./media-host.ts";
import { prepareFile } from "./outgoing-file.ts";

type MediaContent = Extract<OutgoingContent, { operation: "media" }>;

/** What sending needs to know of the host. */
export interface OutboundHost {
  readonly media: MediaHost;
  /** Characters of one message, as the account has it. */
  textLimit(delivery: Delivery): number;
}

/**
 * Sends one file of a delivery. What its caption has no room for, and everything that is said with audio, follows as text; those messages are
 * counted behind the files of the delivery.
 */
export async function sendFile(
  host: OutboundHost,
  delivery: Delivery,
  context: ChannelMessageSendMediaContext,
): Promise<ChannelMessageSendResult> {
  const texts = renderMessages(context.text, host.textLimit(delivery));
  const place = {
    index: context.deliveryPartIndex ?? 0,
    count: context.deliveryPartCount ?? 1,
  };
  await sendWithTexts(host, delivery, context, texts, place);
  return delivery.result();
}

/** Sends what the gateway does not cut itself: voice notes, error notices, several files with one text. */
export async function sendPayload(
  host: OutboundHost,
  delivery: Delivery,
  context: ChannelMessageSendPayloadContext,
): Promise<ChannelMessageSendResult> {
  const { payload } = context;
  const urls = mediaUrlsOf(payload);
  const texts = renderMessages(payload.text ?? "", host.textLimit(delivery));
  if (urls.length === 0) {
    if (texts.length === 0 && isStructured(payload)) {
      throw notDispatched("WhatsApp shows text and files only; give the message a text.", false);
    }
    await sendTexts(delivery, texts, { index: 0, count: texts.length });
    return delivery.result();
  }
  for (const [index, mediaUrl] of urls.entries()) {
    const file = { ...context, mediaUrl };
    const place = { index, count: urls.length };
    await sendWithTexts(host, delivery, file, index === 0 ? texts : [], place);
  }
  return delivery.result();
}

/** Every file of a payload once, in order. */
export function mediaUrlsOf(payload: {
  readonly mediaUrl?: string;
  readonly mediaUrls?: readonly string[];
}): string[] {
  const urls = [payload.mediaUrl, ...(payload.mediaUrls ?? [])];
  return [...new Set(urls.flatMap((url) => url?.trim() || []))];
}

function isStructured(payload: ChannelMessageSendPayloadContext["payload"]): boolean {
  return [payload.presentation, payload.interactive, payload.channelData, payload.location].some(
    (part) => part !== undefined,
  );
}

interface Place {
  readonly index: number;
  readonly count: number;
}

async function sendWithTexts(
  host: OutboundHost,
  delivery: Delivery,
  context: ChannelMessageSendMediaContext,
  texts: readonly string[],
  place: Place,
): Promise<void> {
  const known = knownFile(delivery, place);
  const file = known ?? (await readFile(host, delivery, context, texts[0] ?? null));
  const rest = file.content.caption === null ? texts : texts.slice(1);
  const count = known === null ? place.count + rest.length : known.count;
  const sendId = known?.sendId ?? fileSendId(delivery, { index: place.index, count });
  await delivery.send({ ...file, sendId });
  await sendTexts(delivery, rest, { index: place.count, count });
}

async function sendTexts(
  delivery: Delivery,
  texts: readonly string[],
  { index, count }: Place,
): Promise<void> {
  for (const [offset, text] of texts.entries()) {
    const sendId = sendIdOf({
      queueId: delivery.context.deliveryQueueId,
      index: index + offset,
      count,
      text,
    });
    await delivery.send({ sendId, content: textContent(text) });
  }
}

export function textContent(text: string): OutgoingContent {
  return { operation: "text", text, quotedRaw: null, mentions: [] };
}

/** A file is known by its place: the gateway names it differently after a restart. */
function fileSendId({ context }: Delivery, place: Place): string {
  return sendIdOf({ queueId: context.deliveryQueueId, ...place, text: "file" });
}

type KnownFile = OutgoingPart & { readonly content: MediaContent; readonly count: number };

/**
 * The file as an earlier attempt took it into custody. The gateway's own copy may be gone or be read differently by now, and its message id and
 * the messages counted with it must stay the same.
 */
function knownFile({ account, context }: Delivery, { index }: Place): KnownFile | null {
  if (context.deliveryQueueId === undefined) return null;
  const custody = custodyAt(account.journal, context.deliveryQueueId, index);
  if (custody === null || custody.content.operation !== "media" || !isWhole(custody)) return null;
  const count = partCountOf(custody.sendId) ?? 1;
  return { sendId: custody.sendId, content: custody.content, count };
}

function custodyAt(
  journal: Pick<Journal, "custodyWithPrefix">,
  queueId: string,
  index: number,
): OutboundCustody | null {
  return journal.custodyWithPrefix(`${deliveryPrefix(queueId)}${index}-of-`, 1)[0] ?? null;
}

/** What it takes to send it is still there, or it needs nothing any more. */
function isWhole({ state, prepared, content }: OutboundCustody): boolean {
  if (state === "acked" || state === "delivered" || prepared !== null) return true;
  return content.operation === "media" && existsSync(content.path);
}

/** @throws PlatformMessageNotDispatchedError when the file cannot or must not be read */
async function readFile(
  host: OutboundHost,
  { account, context: { cfg } }: Delivery,
  context: ChannelMessageSendMediaContext,
  caption: string | null,
) {
  const wish = {
    source: context.mediaUrl,
    caption,
    forceDocument: context.forceDocument === true,
    asGif: context.gifPlayback === true,
  };
  try {
    return await prepareFile(host.media, wish, context, maxMediaBytes(cfg, account.accountId));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw notDispatched(
      `The file could not be sent: ${why}`,
      isFromNetwork(context.mediaUrl),
      error,
    );
  }
}

/** What lies on a disk does not get readable by waiting. */
function isFromNetwork(source: string): boolean {
  return /^https?:/i.test(source);
}
