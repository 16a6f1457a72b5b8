import { LIMITS } from "./limits.ts";
import { type AccountState, currentSocket } from "./state.ts";

/** A broken invariant: its number in ARCHITECTURE.md and what was found. */
export interface InvariantBreach {
  readonly invariant: string;
  readonly detail: string;
}

type Check = (state: AccountState) => string | null;

/**
 * What must hold after every transition, in production too. A breach stops one account's controller, never the gateway.
 * The numbers are those of ARCHITECTURE.md.
 */
const CHECKS: Readonly<Record<string, Check>> = {
  "I1 one socket in charge": (state) => {
    const current = currentSocket(state.connection);
    return current !== null && state.retiring.includes(current)
      ? `socket ${current} is in charge and retiring`
      : null;
  },
  "I2 ids are never reused": (state) => {
    const used = [currentSocket(state.connection) ?? 0, ...state.retiring];
    const newest = Math.max(...used);
    const newestTimer = Math.max(0, ...state.timers.map((timer) => timer.timerId));
    if (newest >= state.nextSocketId) return `socket ${newest} is not below ${state.nextSocketId}`;
    return newestTimer >= state.nextTimerId
      ? `timer ${newestTimer} is not below ${state.nextTimerId}`
      : null;
  },
  "I3 waiting always ends": (state) => {
    const { connection } = state;
    if (connection.phase !== "waiting") return null;
    const isTimed = state.timers.some((t) => t.timer === "reconnect" || t.timer === "owner-retry");
    return isTimed ? null : "waiting without a timer that ends it";
  },
  "I4 connecting is limited": (state) => {
    const { connection } = state;
    if (connection.phase !== "connecting" || connection.stage === "pairing") return null;
    return state.timers.some((t) => t.timer === "connect-limit")
      ? null
      : "connecting without a limit";
  },
  "I5 an open connection is watched": (state) => {
    if (state.connection.phase !== "open") return null;
    const isWatched =
      state.keepalive.pendingPingId !== null
        ? state.timers.some((t) => t.timer === "ping-deadline")
        : true;
    return isWatched ? null : "a ping is pending without a deadline";
  },
  "I6 recovering is visible": (state) => {
    const { phase } = state.connection;
    const isRecovering = phase === "waiting" || phase === "connecting" || phase === "inspecting";
    if (!isRecovering) return null;
    return state.timers.some((t) => t.timer === "status-refresh")
      ? null
      : `${phase} without a status refresh`;
  },
  "I7 queues are bounded": (state) => {
    if (state.sends.pending.length > LIMITS.openSends) return "too many pending sends";
    if (state.retiring.length > LIMITS.retiringSockets) return "too many retiring sockets";
    const held = state.bursts.held.reduce((sum, { messages }) => sum + messages.length, 0);
    if (held > LIMITS.heldMessages) return "too many held messages";
    const isTimed = state.timers.some((t) => t.timer === "burst-deadline");
    if (held > 0 && state.connection.phase === "open" && !isTimed)
      return "messages are held without a deadline";
    return state.timers.length > 2 * LIMITS.openSends + 32 ? "too many timers" : null;
  },
  "I8 one send id, one send": (state) => {
    const ids = new Set(state.sends.pending.map((send) => send.sendId));
    return ids.size === state.sends.pending.length ? null : "a send id is pending twice";
  },
  "I9 a held send has an end": (state) => {
    const orphan = state.sends.pending.find(
      (send) =>
        !state.timers.some(
          (t) =>
            t.subject === send.sendId &&
            (t.timer === "send-deadline" || t.timer === "ack-deadline"),
        ),
    );
    return orphan === undefined ? null : "a send has no timer that ends it";
  },
  "I10 a closed ledger stays closed": (state) => {
    if (state.drain.ledger?.phase !== "closed") return null;
    const timed = state.timers.find((t) => t.timer === "drain-pull" || t.timer === "drain-limit");
    return timed === undefined ? null : `${timed.timer} runs for a closed ledger`;
  },
};

/** Finds the first broken invariant, or null. Cost: linear in pending sends and timers. */
export function findBreach(state: AccountState): InvariantBreach | null {
  for (const [invariant, check] of CHECK_LIST) {
    const detail = check(state);
    if (detail !== null) return { invariant, detail };
  }
  return null;
}
const CHECK_LIST = Object.entries(CHECKS);

export const INVARIANTS: readonly string[] = Object.keys(CHECKS);
