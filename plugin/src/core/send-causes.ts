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
      "It cannot be told whether the present connection belongs to the same WhatsApp number.",
    action: "Send again",
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
