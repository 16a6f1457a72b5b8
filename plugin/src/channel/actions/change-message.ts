import { readStringParam } from "openclaw/plugin-sdk/channel-actions";
import { sendIdOf } from "../outbound/delivery-id.ts";
import { DEFAULT_CHUNK_CHARS, renderMessages, visibleText } from "../outbound/format.ts";
import { isActionEnabled } from "./action-config.ts";
import type { ActionRequest } from "./action-request.ts";

/*
 * Changes to messages of our own. How long WhatsApp takes them (a quarter of an hour for edits, two days for removals, by its help pages) is
 * the server's decision and is not checked here.
 */

/** Replaces the text of an own message, which may still be on its way. */
export async function editMessage(request: ActionRequest): Promise<Record<string, unknown>> {
  const targetMessageId = ownMessage(request);
  const { params } = request.context;
  const given =
    readStringParam(params, "message") ??
    readStringParam(params, "text") ??
    readStringParam(params, "content", { required: true });
  const [text, ...rest] = renderMessages(visibleText(given), DEFAULT_CHUNK_CHARS);
  if (text === undefined)
    throw new Error("The new text is empty; use `unsend` to remove a message.");
  if (rest.length > 0) {
    throw new Error(`The new text is longer than one message (${DEFAULT_CHUNK_CHARS} characters).`);
  }
  await change(request, "edit", { operation: "edit", targetMessageId, text });
  return { messageId: targetMessageId };
}

/** Removes an own message for everybody. */
export async function unsendMessage(request: ActionRequest): Promise<Record<string, unknown>> {
  const targetMessageId = ownMessage(request);
  await change(request, "unsend", { operation: "delete", targetMessageId });
  return { messageId: targetMessageId };
}

async function change(
  { delivery }: ActionRequest,
  what: string,
  content: Parameters<ActionRequest["delivery"]["send"]>[0]["content"],
): Promise<void> {
  const sendId = sendIdOf({ queueId: undefined, index: 0, count: 1, text: what });
  await delivery.send({ sendId, content });
}

function ownMessage({ context, delivery }: ActionRequest): string {
  if (!isActionEnabled(context.cfg, "sendMessage")) {
    throw new Error(
      "Changing messages is switched off; set channels.whatsapp.actions.sendMessage.",
    );
  }
  const messageId = readStringParam(context.params, "messageId", { required: true });
  const received = delivery.account.journal.findMessage(messageId, delivery.chat);
  if (received !== null && !received.fromMe) {
    throw new Error("Only own messages can be changed; this one was written by somebody else.");
  }
  return messageId;
}
