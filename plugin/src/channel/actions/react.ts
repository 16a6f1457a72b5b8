import {
  readReactionParams,
  readStringOrNumberParam,
  readStringParam,
  resolveReactionMessageId,
} from "openclaw/plugin-sdk/channel-actions";
import type { OutgoingContent } from "../../runtime/ports.ts";
import { normalizeTarget, targetJid, targetKind } from "../accounts/targets.ts";
import { sendIdOf } from "../outbound/delivery-id.ts";
import { isActionEnabled, reactionLevelOf } from "./action-config.ts";
import { type ActionRequest, turnOf } from "./action-request.ts";

type Reaction = Extract<OutgoingContent, { operation: "reaction" }>;

/** Puts an emoji on a message, or takes it away again. Without a message id it is about the message that the turn answers. */
export async function react(request: ActionRequest): Promise<Record<string, unknown>> {
  const { context, delivery } = request;
  const { cfg, params } = context;
  const { accountId } = delivery.account;
  if (!isActionEnabled(cfg, "reactions")) {
    throw new Error("Reactions are switched off; set channels.whatsapp.actions.reactions.");
  }
  const { level, agentReactionsEnabled } = reactionLevelOf(cfg, accountId);
  if (!agentReactionsEnabled) {
    throw new Error(
      `Reactions of the agent are switched off (reactionLevel "${level}"); set channels.whatsapp.reactionLevel to "minimal" or "extensive".`,
    );
  }
  const { emoji, remove, isEmpty } = readReactionParams(params, {
    removeErrorMessage: "The emoji is needed to take a reaction back.",
  });
  const taken = remove || isEmpty;
  const content = { ...targetOf(request), emoji: remove ? "" : emoji };
  const place = { queueId: undefined, index: 0, count: 1, text: "reaction" };
  await delivery.send({ sendId: sendIdOf(place), content });
  return taken ? { removed: true } : { added: emoji };
}

/** As the journal knows the message, else as the caller describes it. */
function targetOf(request: ActionRequest): Omit<Reaction, "emoji"> {
  const { context, delivery } = request;
  const { params } = context;
  const turn = turnOf(request);
  const { currentMessageId } = turn ?? {};
  const found = resolveReactionMessageId({
    args: params,
    ...(currentMessageId === undefined ? {} : { toolContext: { currentMessageId } }),
  });
  const messageId = String(found ?? readStringParam(params, "messageId", { required: true }));
  const { journal } = delivery.account;
  const targetRaw = journal.findRaw(messageId, delivery.chat);
  if (targetRaw !== null) return { operation: "reaction", targetRaw };
  const byId = { operation: "reaction", targetRaw: null, targetMessageId: messageId } as const;
  const isOwn = params["fromMe"] === true || journal.custodyByMessageId(messageId) !== null;
  const author = isOwn ? null : authorOf(request);
  return author === null ? byId : { ...byId, targetAuthor: author };
}

/** In a group the author must be known; in a direct chat it is the other side. */
function authorOf({ context, delivery }: ActionRequest): string | null {
  if (targetKind(delivery.to) !== "group") return delivery.chat;
  const { params, requesterSenderId } = context;
  const isCurrent = readStringOrNumberParam(params, "messageId") === undefined;
  const named = readStringParam(params, "participant") ?? (isCurrent ? requesterSenderId : null);
  const author = named ? normalizeTarget(named) : null;
  if (author === null) {
    throw new Error("The message is not known here; name who wrote it with `participant`.");
  }
  return targetJid(author);
}
