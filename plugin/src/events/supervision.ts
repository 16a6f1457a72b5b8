import { rawError } from "./raw-error.ts";
import { count, flag, nullable, number, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** Who asked for a controller to run. */
export const startReason = oneOf(
  "gateway-start",
  "operator",
  "supervisor",
  "health-monitor",
  "reload",
  "login",
  "unknown",
);
/**
 * Why a controller ends. `restart` and `reload` promise a successor, so captured replies wait for it; the others do not.
 */
export const stopReason = oneOf(
  "restart",
  "reload",
  "shutdown",
  "disabled",
  "removed",
  "logout",
  "relink",
);

/** What the gateway, the operator and the machine did to the account. */
export const supervisionInputs = {
  /** Emitted when the gateway called `startAccount` and a controller began its life. */
  "controller.started": {
    controllerId: count,
    reason: startReason,
    credentials: oneOf("linked", "missing", "corrupt"),
  },
  /** Emitted when a controller was told to end. Its socket may live a few milliseconds longer. */
  "controller.stopped": { controllerId: count, reason: stopReason },
  /** Emitted when a person acted through our RPC, the login tool or `channels.start` / `channels.stop`. */
  "operator.acted": { act: oneOf("restart", "relink", "logout", "takeover") },
  /** Emitted when the plugin's config changed. `policy`: everything that differs from the defaults, as canonical JSON. */
  "policy.changed": { policy: text },
  /** Emitted when the process did not turn its event loop for a while. */
  "loop.stalled": { stallMs: count },
  /** Emitted when wall clock and monotonic clock disagree: the host slept, thawed or was re-timed. */
  "clock.jumped": { jumpMs: number },
  /** Emitted when an exception or rejection could be attributed to this account. */
  "fault.raised": {
    origin: oneOf("unhandled-rejection", "listener", "effect", "crypto"),
    socketId: nullable(count),
    error: rawError,
  },
} as const;
export type SupervisionInput = UnionOf<typeof supervisionInputs>;

export const lifecycle = oneOf("starting", "ready", "recovering", "blocked", "stopped");

export const supervisionEffects = {
  /** What the gateway's status shows. `terminal` makes its ladder and health monitor leave the account alone. */
  "status.publish": {
    lifecycle,
    connected: flag,
    terminal: flag,
    causeId: nullable(text),
    attempt: count,
    nextAttemptMs: nullable(count),
  },
  /** An outage longer than configured: tell the owner once; cleared when the account is back. */
  "alert.raise": { causeId: text, downMs: count },
  "alert.clear": { downMs: count },
  /** An input that belongs to a retired socket, timer or controller and changed nothing. */
  "event.drop": {
    inputKind: text,
    why: oneOf("retired-socket", "retired-timer", "retired-controller", "unknown-send"),
  },
  /** An input that this phase has no use for. Nothing changed; it is visible because silence is a bug. */
  "input.refuse": { inputKind: text, phase: text },
  /** An invariant of the state broke. The supervisor replaces the controller and keeps the records. */
  "invariant.report": { invariant: text, detail: text },
  /** What a log that was not written by this plugin says the software of the time decided. */
  "reported.decide": {
    by: oneOf("official-plugin", "gateway", "person"),
    decision: oneOf(
      "retry",
      "stop",
      "exit",
      "restart",
      "skip",
      "give-up",
      "open",
      "send",
      "send-failed",
      "drop",
      "other",
    ),
    delayMs: optional(count),
    statusCode: optional(count),
    text,
  },
} as const;
export type SupervisionEffect = UnionOf<typeof supervisionEffects>;
