/** Why a logical send did not end with the server's custody, with what a person needs to know. */
export const SEND_CAUSES = {
  "account-blocked": {
    sentence: "The WhatsApp account needs a person before anything can be sent.",
    action: "See the account's status for what to do",
  },
  "account-stopped": {
    sentence: "The WhatsApp account was stopped for good.",
    action: "Start the account, then send again",
  },
  "identity-mismatch": {
    sentence:
      "Another WhatsApp number is linked now; a reply of one number never leaves through another.",
    action: "Send again if the new number is meant",
  },
  "identity-unknown": {
    sentence:
      "It did not become clear in time whether the present connection belongs to the same WhatsApp number.",
    action: "Send again",
  },
  "identity-ambiguous": {
    sentence:
      "Several hidden ids are known for one of the account's numbers, so a reply cannot be told to be of the present one.",
    action: "Send again if the present number is meant",
  },
  "captor-unauthenticated": {
    sentence:
      "The reply was captured before the account had logged in, so nobody can vouch for its number.",
    action: "Send again",
  },
  "target-not-sent": {
    sentence: "The message that this one changes or reacts to was never sent.",
    action: "Send that message first",
  },
  "claim-lost": {
    sentence: "The gateway took the delivery back before anything of it had left.",
    action: "Nothing to do: the gateway decides what becomes of it",
  },
  "media-store-full": {
    sentence: "Too many files wait to be sent, so this one could not be kept safe.",
    action: "Wait until the account is connected, or raise journal.maxMegabytes",
  },
  "media-unreadable": {
    sentence: "The file to send cannot be read.",
    action: "Check that it exists and may be read by the gateway",
  },
  "no-successor-in-time": {
    sentence: "No connection came back within the time a reply may wait.",
    action: "Send again when the account is connected",
  },
  "not-connected": {
    sentence: "There was no connection, and this is not worth keeping.",
    action: "Nothing to do",
  },
  "queue-full": {
    sentence: "Too many messages are waiting for a connection.",
    action: "Wait until the account is connected; see its status",
  },
  "attempts-exhausted": {
    sentence: "Every attempt to write the message failed.",
    action: "See the account's records for the reasons, then send again",
  },
  "never-acknowledged": {
    sentence:
      "WhatsApp's server never confirmed the message, although it was written several times with the same id.",
    action: "Look on the phone whether it arrived before sending again",
  },
  "rejected-before-sending": {
    sentence: "The message could not be encrypted or addressed, so nothing was sent.",
    action: "Check the recipient",
  },
  "reachout-timelock": {
    sentence: "WhatsApp does not allow this account to write to new contacts for now (463).",
    action: "Wait, or let the contact write first",
  },
  "stale-device-session": {
    sentence: "WhatsApp refused the message because a device session is stale (479).",
    action: "Send again: the session was renewed",
  },
  "send-rate-limited": {
    sentence: "WhatsApp limits how fast this account may send (429).",
    action: "Send more slowly",
  },
  "refused-by-server": {
    sentence: "WhatsApp's server refused the message.",
    action: "See the error in the account's records",
  },
} as const;

export type SendCauseId = keyof typeof SEND_CAUSES;

/** Sentence and action of a cause as the journal keeps it; any other text as it is, null for null. */
export function describeSendCause(cause: string | null): string | null {
  if (cause === null || !Object.hasOwn(SEND_CAUSES, cause)) return cause;
  const { sentence, action } = SEND_CAUSES[cause as SendCauseId];
  return `${sentence} ${action}.`;
}

/** From the `error` attribute of a message ack to a cause. */
export function sendCauseOfAck(errorCode: string): SendCauseId {
  switch (errorCode) {
    case "463":
      return "reachout-timelock";
    case "479":
      return "stale-device-session";
    case "429":
      return "send-rate-limited";
    default:
      return "refused-by-server";
  }
}
