import type { ChannelInboundTurnPlan } from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { getAgentScopedMediaLocalRoots } from "openclaw/plugin-sdk/media-local-roots";
import {
  type AdmittedMessage,
  type Admission,
  type Gathered,
  historyLimitOf,
  type ShownMessage,
  timestampOf,
} from "./admitted-message.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { sendIdOf } from "../outbound/delivery-id.ts";
import { mentioning } from "../outbound/group-mentions.ts";
import { maxMediaBytes } from "../outbound/media-host.ts";
import { reactToTurn, type TurnReaction } from "./ack-reaction.ts";
import { typedText } from "./message-text.ts";
import { type ReceivedMedia, receiveFiles } from "./received-files.ts";
import { createReplyMedia } from "./reply-media.ts";
import { planReplies } from "./reply-plan.ts";
import { buildContext, type TurnFacts } from "./turn.ts";

/** A turn that only has to be begun. `shown`: every message it is about, oldest first; the admitted one is what a reply answers to. */
export interface PreparedTurn {
  readonly admitted: AdmittedMessage;
  readonly shown: readonly ShownMessage[];
  readonly gathered: Gathered;
  readonly media: ReceivedMedia;
  readonly verdict: ResolvedChannelMessageIngress;
}

export async function prepareTurn(
  admitted: AdmittedMessage,
  shown: readonly ShownMessage[],
  gathered: Gathered = "catch-up",
): Promise<PreparedTurn> {
  const { host, cfg, access, entry, route } = admitted;
  const verdict = await access.verdict({
    agentId: route.agentId,
    sessionKey: route.sessionKey,
    messageId: entry.message.messageId,
    inboundEventKind: "user_request",
  });
  const files = await receiveFiles(host, cfg, shown);
  const own = files.shown[shown.indexOf(admitted)];
  const { text } = own ?? admitted;
  return { admitted: { ...admitted, text }, ...files, gathered, verdict };
}

/**
 * Runs one turn. Resolves when the host adopted the message: from then on the host recovers the turn after a crash, and our journal must
 * not bring the message again. The turn itself goes on in the background.
 */
export function runTurn(turn: PreparedTurn): Promise<Admission> {
  const { host, account } = turn.admitted;
  host.channel.activity.record({
    channel: CHANNEL_ID,
    accountId: account.accountId,
    direction: "inbound",
    at: host.nowMs(),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Admission>();
  let isAdopted = false;
  const onAdopted = (): void => {
    isAdopted = true;
    resolve({ state: "answered", reason: "adopted" });
  };
  processTurn(turn, onAdopted).then(
    (handled) => resolve({ state: handled ? "answered" : "ignored", reason: "turn-ended" }),
    (error: unknown) => {
      if (isAdopted) host.log.warn("A turn ended with an error.", { error });
      else reject(asError(error));
    },
  );
  return promise;
}

async function processTurn(turn: PreparedTurn, onAdopted: () => void): Promise<boolean> {
  const { admitted } = turn;
  const { host, cfg, account, entry, parties, text } = admitted;
  const { message } = entry;
  const lifecycle = { admission: "exclusive" as const, onAdopted };
  const limit = historyLimitOf(cfg, account);
  const pending = host.history.peek(parties.conversation);
  const reaction = reactToTurn(admitted);
  const run = host.channel.inbound.run({
    channel: CHANNEL_ID,
    accountId: account.accountId,
    raw: message,
    turnAdoptionLifecycle: lifecycle,
    adapter: {
      ingest: () => ({
        id: message.messageId,
        timestamp: timestampOf(entry),
        rawText: typedText(message.content),
        textForAgent: text,
        textForCommands: typedText(message.content),
        raw: message,
      }),
      classify: () => ({ kind: "message", canStartAgentTurn: true }),
      resolveTurn: () => ({
        ...planTurn(turn, pending, limit),
        turnAdoptionLifecycle: lifecycle,
        ...replies(admitted, reaction),
      }),
    },
  });
  const result = await run.catch((error: unknown) => {
    reaction.onEnd("error");
    throw error;
  });
  reaction.onEnd(result.dispatched ? "done" : "error");
  // The agent has seen what was pending, whether or not it had something to say.
  if (result.dispatched) host.history.consume(parties.conversation, pending, limit);
  await sendReadReceipt(turn);
  return result.dispatched;
}

/** Everything about a turn but its replies. */
function planTurn(
  { admitted, shown, gathered, media, verdict }: PreparedTurn,
  pending: TurnFacts["pending"],
  historyLimit: number,
): Omit<ChannelInboundTurnPlan, "delivery"> {
  const { host, cfg, account, entry, parties, access, text, route } = admitted;
  const { message } = entry;
  return {
    cfg,
    channel: CHANNEL_ID,
    accountId: account.accountId,
    messageId: message.messageId,
    route: {
      agentId: route.agentId,
      ...(route.dmScope === undefined ? {} : { dmScope: route.dmScope }),
      sessionKey: route.sessionKey,
    },
    ctxPayload: buildContext({
      cfg,
      runtime: host.channel,
      account,
      policy: access.policy,
      parties,
      message,
      text,
      shown,
      gathered,
      media,
      timestampMs: timestampOf(entry),
      route,
      verdict,
      mention: admitted.mention,
      pending,
      historyLimit,
      group: admitted.group,
    }),
    record: {
      ...lastRoute(admitted),
      onRecordError: (error) =>
        host.log.warn("The session could not be updated.", { error: asError(error) }),
    },
  };
}

function replies(
  admitted: AdmittedMessage,
  reaction: TurnReaction,
): ReturnType<typeof planReplies> {
  const { host, cfg, account, entry, parties, access, route, capture } = admitted;
  const { message } = entry;
  const runtime = host.runtime();
  return planReplies({
    cfg,
    runtime: host.channel,
    account,
    agentId: route.agentId,
    parties,
    messageId: message.messageId,
    quotes: message.quoted !== null,
    selfChat: parties.kind === "direct" && access.policy.selfChat,
    reaction,
    media: createReplyMedia({
      media: host.media,
      store: host.channel.media,
      roots: getAgentScopedMediaLocalRoots(cfg, route.agentId),
      maxBytes: maxMediaBytes(cfg, account.accountId),
      onUnreadable: (error) =>
        host.log.warn("A file of a reply could not be read.", { error: asError(error) }),
    }),
    sendNow: async (content, bytes) =>
      runtime.send({
        sendId: sendIdOf({ queueId: undefined, index: 0, count: 1, text: content.operation }),
        chat: message.chat,
        content: await mentioning(content, message.chat, runtime),
        ...(bytes === undefined ? {} : { bytes }),
        capture,
      }),
    setTyping: async (state) => {
      await runtime.send({
        sendId: sendIdOf({ queueId: undefined, index: 0, count: 1, text: state }),
        chat: message.chat,
        content: { operation: "typing", state },
        capture,
      });
    },
    onDeliveryFailed: (error) =>
      host.log.warn("A reply could not be delivered.", { error: asError(error) }),
  });
}

/** Where the session's next unprompted message goes: the person themselves, not the group. */
function lastRoute({ account, parties, route }: AdmittedMessage) {
  if (parties.kind === "group") return {};
  return {
    updateLastRoute: {
      sessionKey: route.lastRoutePolicy === "main" ? route.mainSessionKey : route.sessionKey,
      channel: CHANNEL_ID,
      to: parties.conversation,
      accountId: account.accountId,
    },
  };
}

/** Blue ticks mean "the agent has dealt with it", so they come last; notes to oneself get none. */
async function sendReadReceipt({ admitted, shown }: PreparedTurn): Promise<void> {
  const { host, account, entry, access, parties, capture } = admitted;
  if (account.config.sendReadReceipts === false) return;
  if (parties.kind === "direct" && access.policy.selfChat) return;
  const raw = shown.flatMap(({ entry: { message } }) => (message.fromMe ? [] : [message.raw]));
  if (raw.length === 0) return;
  const outcome = await host.runtime().send({
    sendId: `read/${entry.message.messageId}`,
    chat: entry.message.chat,
    content: { operation: "read-receipt", raw },
    capture,
  });
  if (outcome.outcome !== "acked") host.log.debug("A read receipt was not sent.");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
