import { createChannelPairingChallengeIssuer } from "openclaw/plugin-sdk/channel-pairing";
import type { SendCapture } from "../../runtime/account.ts";
import type { AdmitAs, JournalledMessage } from "../../runtime/ports.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { sendIdOf } from "../outbound/delivery-id.ts";
import type { Admission, InboundHost } from "./admitted-message.ts";
import { idOf, type Parties } from "./parties.ts";

/**
 * Whether a stranger gets a pairing code for this message. Never for a late one: a code that comes hours after somebody wrote is a riddle, and
 * a burst of codes after an outage is spam. The stranger's next message brings it.
 */
export function isChallengeDue(as: AdmitAs, late: boolean): boolean {
  return as === "reply" && !late;
}

/** Sends a stranger the code with which the owner can let them in, once until it expires. */
export async function challenge(
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
