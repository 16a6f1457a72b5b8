import { count, oneOf, optional, text, type UnionOf } from "./schema.ts";
import { flag, nullable } from "./schema.ts";
import { rawError } from "./raw-error.ts";

/** How a session keepalive speaks; see the plugin config `keepalive.mode`. */
export const keepaliveMode = oneOf("presence-unavailable", "presence-available", "iq", "off");

export const keepaliveInputs = {
  /**
   * Emitted in answer to `liveness.sample`. `frameAgeMs`: since the last decodable frame of this socket on the monotonic clock;
   * `bufferedBytes`: what the operating system has not taken yet.
   */
  "liveness.sampled": { socketId: count, frameAgeMs: count, bufferedBytes: count },
  /** Emitted when the answer to a ping arrived, also after its deadline. */
  "ping.answered": { socketId: count, pingId: count, rttMs: count },
  /** Emitted when a ping could not be written or was answered with an error. */
  "ping.failed": { socketId: count, pingId: count, error: rawError },
  /** Emitted when a session keepalive was written (or not). */
  "keepalive.written": {
    socketId: count,
    mode: keepaliveMode,
    written: flag,
    error: optional(rawError),
  },
  /**
   * Emitted when other accounts of this gateway lost an open connection without a reason given. `accounts`: how many did within the last
   * five seconds.
   */
  "neighbour.dropped": { accounts: count },
} as const;
export type KeepaliveInput = UnionOf<typeof keepaliveInputs>;

export const keepaliveEffects = {
  "liveness.sample": { socketId: count },
  /** Send a ping of our own with a deadline. `transport`: `w:p`; `session`: a read-only query behind the stream. */
  "ping.send": { socketId: count, pingId: count, probe: oneOf("transport", "session") },
  /** Send the application-layer stanza that resets a server's session idle timer (#63410). */
  "keepalive.send": { socketId: count, mode: keepaliveMode },
  /**
   * Drops that come at a regular interval have a common reason; named once per step, and when there is no step left each time their number has
   * doubled. `drops`: all of this rhythm so far.
   */
  "drops.report": {
    drops: count,
    medianMs: count,
    answer: oneOf("shorter-interval", "next-mode", "rotation", "none"),
    note: nullable(text),
  },
  /** This account fell together with others of the same gateway: the cause is common to them and none of its own. */
  "drops.correlate": { accounts: count, withinMs: count },
  /** Messages of a chat could not be decrypted again and again: make new Signal sessions with who wrote them. */
  "session.reset": { socketId: count, chat: text, messageId: text, failures: count },
} as const;
export type KeepaliveEffect = UnionOf<typeof keepaliveEffects>;
