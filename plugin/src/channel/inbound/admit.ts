import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { createChannelPairingChallengeIssuer } from "openclaw/plugin-sdk/channel-pairing";
import type { SendCapture } from "../../runtime/account.ts";
import type { GroupInfo, JournalledMessage } from "../../runtime/ports.ts";
import { resolveAccount, type WhatsAppAccount } from "../accounts/account.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { sendIdOf } from "../outbound/delivery-id.ts";
import { groupSessionKey } from "../session-key.ts";
import { checkAccess } from "./access.ts";
import {
  type Admission,
  type AdmitAs,
  type AdmittedMessage,
  historyLimitOf,
  type InboundHost,
  timestampOf,
} from "./admitted-message.ts";
import { gateGroupMessage } from "./group-gate.ts";
import { textForAgent, typedText } from "./message-text.ts";
import { identifyParties, idOf, type Parties } from "./parties.ts";
import { runTurn } from "./run-turn.ts";

/**
 * Takes a journalled message through the account's rules to the agent. Resolves when the agent adopted it or it came to another end, and
 * says why; rejects only when it should be tried again.
 */
export async function admitMessage(
  host: InboundHost,
  entry: JournalledMessage,
  as: AdmitAs,
): Promise<Admission> {
  const { message } = entry;
  const text = textForAgent(message.content);
  if (text === null) return ignored("not-for-the-agent");
  if (message.fromMe && host.isOwnSend(message.messageId)) return ignored("own-send");
  const runtime = host.runtime();
  const parties = await identifyParties(message, runtime.self(), (jid) =>
    runtime.resolveAddress(jid),
  );
  if (parties === null) return ignored("not-a-conversation");
  // Taken before anything is awaited for long: a reply must know which controller the question came through.
  const capture = runtime.capture();
  const cfg = host.config();
  const account = resolveAccount(cfg, host.accountId);
  const access = await checkAccess({ cfg, runtime: host.channel, account, parties });
  switch (access.decision) {
    case "deny":
      return { state: "denied", reason: access.reason };
    case "pair":
      return as === "reply"
        ? challenge(host, entry, parties, capture)
        : { state: "denied", reason: "pairing-required" };
    case "allow":
      return admitAllowed({ host, cfg, account, entry, parties, access, text, capture }, as);
  }
}

type Allowed = Omit<AdmittedMessage, "route" | "mention" | "group">;

async function admitAllowed(allowed: Allowed, as: AdmitAs): Promise<Admission> {
  const { host, cfg, account, entry, parties, access } = allowed;
  const route = routeOf(host, cfg, account, parties);
  const gate =
    parties.kind === "group"
      ? gateGroupMessage({
          cfg,
          runtime: host.channel,
          account,
          policy: access.policy,
          parties,
          message: entry.message,
          text: typedText(entry.message.content),
          route,
        })
      : null;
  if (gate?.answer === false && !gate.keepAsContext) {
    host.log.once(`${parties.conversation} ${gate.reason}`, "info", dropSentence(gate.reason));
    return { state: "denied", reason: gate.reason };
  }
  if (as === "ignore") return ignored("late");
  if (as === "notify-owner") return notifyOwner(allowed);
  if (as === "context" || gate?.answer === false) {
    remember(allowed);
    return { state: "context", reason: gate?.answer === false ? gate.reason : "late" };
  }
  host.channel.activity.record({
    channel: CHANNEL_ID,
    accountId: account.accountId,
    direction: "inbound",
    at: host.nowMs(),
  });
  const group = parties.kind === "group" ? await groupOf(host, entry.message.chat) : null;
  return runTurn({ ...allowed, route, mention: gate, group });
}

function routeOf(
  host: InboundHost,
  cfg: OpenClawConfig,
  account: WhatsAppAccount,
  parties: Parties,
): AdmittedMessage["route"] {
  const route = host.channel.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL_ID,
    accountId: account.accountId,
    peer: { kind: parties.kind, id: parties.conversation },
  });
  return parties.kind === "group"
    ? { ...route, sessionKey: groupSessionKey(route.sessionKey, account.accountId) }
    : route;
}

async function challenge(
  host: InboundHost,
  entry: JournalledMessage,
  parties: Parties,
  capture: SendCapture,
): Promise<Admission> {
  const { accountId } = host;
  const senderId = idOf(parties.sender);
  if (senderId === null) return { state: "denied", reason: "sender-unknown" };
  const issue = createChannelPairingChallengeIssuer({
    channel: CHANNEL_ID,
    accountId,
    upsertPairingRequest: ({ id, meta }) =>
      host.channel.pairing.upsertPairingRequest({
        channel: CHANNEL_ID,
        accountId,
        id,
        ...(meta === undefined ? {} : { meta: definedOnly(meta) }),
      }),
  });
  const { created } = await issue({
    senderId,
    senderIdLine: `Your WhatsApp ${senderId.startsWith("+") ? "phone number" : "id"}: ${senderId}`,
    meta: { name: entry.message.pushName ?? undefined },
    sendPairingReply: async (text) => {
      const outcome = await host.runtime().send({
        sendId: sendIdOf({
          queueId: `pairing/${entry.message.messageId}`,
          index: 0,
          count: 1,
          text,
        }),
        chat: entry.message.chat,
        content: { operation: "text", text, quotedRaw: null, mentions: [] },
        capture,
      });
      if (outcome.outcome !== "acked") throw new Error(outcome.sentence);
    },
    onReplyError: (error) => host.log.warn("The pairing code could not be sent.", { error }),
  });
  return { state: "denied", reason: created ? "pairing-requested" : "pairing-pending" };
}

function definedOnly(meta: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(meta).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function remember({ host, cfg, account, entry, parties, text }: Allowed): void {
  const { message } = entry;
  const sender = idOf(parties.sender);
  const label = [message.pushName, sender === null ? null : `(${sender})`]
    .filter(Boolean)
    .join(" ");
  host.history.remember(
    parties.conversation,
    {
      sender: label === "" ? "Unknown" : label,
      body: text,
      timestamp: timestampOf(entry),
      messageId: message.messageId,
      author: parties.sender,
    },
    historyLimitOf(cfg, account),
  );
}

/** The subject and members make the prompt better; a message is not held up for them. */
async function groupOf(host: InboundHost, chat: string): Promise<GroupInfo | null> {
  try {
    return await host.runtime().groupInfo(chat);
  } catch (error) {
    host.log.debug("The group's subject and members are unknown for now.", { error });
    return null;
  }
}

async function notifyOwner({
  host,
  account,
  entry,
  parties,
  text,
  capture,
}: Allowed): Promise<Admission> {
  const owner = account.config.defaultTo ?? host.runtime().self().pn;
  if (!owner) return { state: "failed", reason: "no-owner-to-notify" };
  const from = idOf(parties.sender) ?? parties.conversation;
  const note = `Late message from ${from}, not answered:\n${text}`;
  const outcome = await host.runtime().send({
    sendId: sendIdOf({
      queueId: `late/${entry.message.messageId}`,
      index: 0,
      count: 1,
      text: note,
    }),
    chat: owner,
    content: { operation: "text", text: note, quotedRaw: null, mentions: [] },
    capture,
  });
  return outcome.outcome === "acked"
    ? { state: "context", reason: "owner-notified" }
    : { state: "failed", reason: "owner-not-notified" };
}

function ignored(reason: string): Admission {
  return { state: "ignored", reason };
}

function dropSentence(reason: string): string {
  return reason === "group-not-listed"
    ? 'A group that is not in channels.whatsapp.groups wrote; add its JID there, or "*" for all groups, to admit it.'
    : `A group message was dropped (${reason}).`;
}
