import { count, flag, number, oneOf, optional, text, type UnionOf } from "./schema.ts";

/**
 * What the test world did. Depth `core` ignores these; depths `baileys` and `gateway` play only these and compare the resulting
 * sequence of rules and causes per account.
 */
export const worldRecords = {
  /** A fault of the simulated server, network or resolver is on until cleared. */
  "fault.set": {
    faultId: text,
    stage: oneOf(
      "dns",
      "tcp",
      "proxy",
      "tls",
      "upgrade",
      "noise",
      "login",
      "open",
      "ack",
      "offline",
      "phone",
    ),
    fault: text,
    status: optional(count),
    reason: optional(text),
    times: optional(count),
    delayMs: optional(count),
  },
  "fault.cleared": { faultId: text },
  /**
   * Something the server does once, now, to the account's open connection. After `silence` nothing passes on it any more and nothing ends it:
   * the account's story goes on when the plugin has noticed. `by`: who replaces the connection; somebody elsewhere where it is not said.
   */
  "server.struck": {
    strike: oneOf(
      "stream-error",
      "failure",
      "stream-end",
      "close-frame",
      "fin",
      "reset",
      "replaced",
      "device-removed",
      "garbage",
      "silence",
    ),
    status: optional(count),
    closeCode: optional(count),
    by: optional(oneOf("own-socket", "other-process", "external")),
  },
  /** A contact wrote. `ref` is the test's own name for the message; no text. */
  "contact.wrote": {
    contact: text,
    chat: text,
    ref: text,
    addressing: oneOf("lid", "pn"),
    mention: optional(flag),
    ageSeconds: optional(count),
    copies: optional(count),
    /** The server forgets it: only the account's phone has it. */
    lost: optional(flag),
  },
  /** The model finished its answer to `ref` (depth gateway holds it until then). `unasked`: it writes to `chat` of its own accord. */
  "agent.answered": { ref: text, chat: text, unasked: optional(flag) },
  "phone.changed": { online: flag },
  "operator.ordered": {
    act: oneOf("restart", "stop", "start", "relink", "logout", "health-restart", "kill"),
  },
  "clock.shifted": { jumpMs: number },
  "loop.blocked": { stallMs: count },
  /** The end of the story: a depth that plays the world stops here. */
  "world.ended": {},
} as const;
export type WorldEvent = UnionOf<typeof worldRecords>;
