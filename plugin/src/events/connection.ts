import { selfIdentity } from "./identity.ts";
import { rawError } from "./raw-error.ts";
import { count, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** Every timer the core may start, by slice. A record names the timer, so a log can be read without the state. */
export const TIMER_NAMES = [
  "reconnect",
  "connect-limit",
  "stable",
  "owner-retry",
  "network-probe",
  "status-refresh",
  "credential-recheck",
  "keepalive-tick",
  "ping-deadline",
  "session-keepalive",
  "rotation",
  "conflict-probe",
  "drain-pull",
  "drain-limit",
  "send-deadline",
  "ack-deadline",
  "history-deadline",
  "history-pace",
  "burst-deadline",
  "alert",
] as const;
export const timerName = oneOf(...TIMER_NAMES);
export type TimerName = (typeof TIMER_NAMES)[number];

/** What happened to a connection: facts as they came, in the order they came. */
export const connectionInputs = {
  /** Emitted when the answer to `owner.acquire` is there. `holder` names the other process when it is busy. */
  "owner.resolved": { result: oneOf("acquired", "busy"), holder: optional(text) },
  /** Emitted when the WebSocket is open (the HTTP upgrade was answered with 101), before the Noise handshake. */
  "socket.upgraded": { socketId: count },
  /** Emitted when a QR code was offered for linking. The code itself never appears in a record. */
  "qr.offered": { socketId: count, index: count },
  /** Emitted when the phone accepted the link. The server then asks for a restart (515). */
  "socket.paired": { socketId: count, self: selfIdentity },
  /** Emitted when login is complete and Baileys reports `open`. */
  "socket.opened": { socketId: count, self: selfIdentity },
  /**
   * Emitted exactly once per socket when it ended, whoever ended it. `error` is null when Baileys gave none. `local` means that
   * our own teardown ended it; `remote` everything else.
   */
  "socket.closed": {
    socketId: count,
    origin: oneOf("remote", "local"),
    error: nullable(rawError),
  },
  /** Emitted when a timer the core started came due. `lateMs`: how late the event loop was. */
  "timer.fired": {
    timerId: count,
    timer: timerName,
    subject: optional(text),
    lateMs: optional(count),
  },
  /** Emitted when the system resolver (or the proxy) answered a probe; a probe never gates an attempt. */
  "network.probed": { result: oneOf("reachable", "unreachable"), error: nullable(rawError) },
  /** Emitted when the linked credentials on disk changed their state. `self`: whose they are now, when they are another number's. */
  "credentials.changed": {
    state: oneOf("saved", "save-failed", "restored", "missing", "corrupt", "foreign"),
    self: optional(selfIdentity),
    error: optional(rawError),
  },
  /** Emitted when a WhatsApp Web version for the next login is known. */
  "version.resolved": {
    source: oneOf("bundled", "last-good", "network"),
    version: text,
    error: optional(rawError),
  },
} as const;
export type ConnectionInput = UnionOf<typeof connectionInputs>;

/** What the core decided to do about the connection. */
export const connectionEffects = {
  /** Claim the auth directory: one process per linked device. Answered by `owner.resolved`. */
  "owner.acquire": { controllerId: count },
  "owner.release": { controllerId: count },
  /** Create a socket. `attempt` counts from 1 within one outage. */
  "socket.open": { socketId: count, attempt: count },
  /** End a socket within milliseconds: flush its events, end, terminate. Answered by `socket.closed`. */
  "socket.close": {
    socketId: count,
    reason: oneOf(
      "stopped",
      "superseded",
      "silent",
      "deaf",
      "connect-limit",
      "operator",
      "fault",
      "rotated",
    ),
  },
  "timer.start": { timerId: count, timer: timerName, delayMs: count, subject: optional(text) },
  "timer.cancel": { timerId: count, timer: timerName, subject: optional(text) },
  /** Ask the system resolver (or the proxy) once whether WhatsApp's name resolves. */
  "network.probe": {},
  /** Look up the current WhatsApp Web version in the background. */
  "version.refresh": {},
} as const;
export type ConnectionEffect = UnionOf<typeof connectionEffects>;
