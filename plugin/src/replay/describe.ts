import { describeCause } from "../core/index.ts";
import { CATALOG, type Effect, type Input, type RawError } from "../events/index.ts";
import type { Decision } from "./fold.ts";

/** `85 ms`, `2.1 s`, `4 min`, `3 h 32 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${trimmed(ms / 60_000)} min`;
  const minutes = Math.round(ms / 60_000);
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

function trimmed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}

/** An input in a few words, with the facts that decide. */
export function describeInput(input: Input): string {
  const { title } = CATALOG[input.kind];
  const detail = inputDetail(input);
  return detail === "" ? title : `${title}: ${detail}`;
}

function inputDetail(input: Input): string {
  switch (input.kind) {
    case "socket.closed":
      if (input.origin === "local") return "by us";
      return input.error === null ? "without an error" : describeError(input.error);
    case "controller.started":
    case "controller.stopped":
      return input.reason;
    case "owner.resolved":
      return input.result;
    case "timer.fired":
      return input.timer;
    case "network.probed":
      return input.result;
    case "conflict.inspected":
      return input.finding;
    case "operator.acted":
      return input.act;
    case "message.journalled":
      return `${input.messageId} in ${input.chat}, ${input.via}`;
    case "message.settled":
      return `${input.messageId}, ${input.state}`;
    case "send.requested":
      return `${input.sendId} to ${input.chat}`;
    case "send.failed":
      return `${input.sendId}, ${describeError(input.error)}`;
    case "send.acked":
    case "send.written":
    case "send.receipted":
    case "send.cancelled":
      return input.sendId;
    case "drain.previewed":
      return String(input.announced);
    case "drain.ended":
      return String(input.delivered);
    case "clock.jumped":
      return formatDuration(Math.abs(input.jumpMs));
    case "loop.stalled":
      return formatDuration(input.stallMs);
    case "credentials.changed":
      return input.state;
    case "fault.raised":
      return describeError(input.error);
    default:
      return "";
  }
}

function describeError(error: RawError): string {
  const code = error.statusCode ?? error.httpStatus;
  return [code, error.message].filter((part) => part !== undefined && part !== "").join(" ");
}

/** An effect as a short clause, or null when it is bookkeeping that says nothing to a person. */
export function describeEffect(effect: Effect): string | null {
  switch (effect.kind) {
    case "socket.open":
      return effect.attempt === 1 ? "connect" : `connect, attempt ${effect.attempt}`;
    case "socket.close":
      return `end the socket (${effect.reason})`;
    case "timer.start":
      return effect.timer === "reconnect" ? `reconnect in ${formatDuration(effect.delayMs)}` : null;
    case "network.probe":
      return "ask the resolver";
    case "version.refresh":
      return "look up the WhatsApp Web version";
    case "owner.acquire":
      return "claim the credentials";
    case "owner.release":
      return "give the credentials back";
    case "conflict.inspect":
      return "find out who took the stream over";
    case "ping.send":
      return "ask the server whether it is there";
    case "keepalive.send":
      return `send a keepalive (${effect.mode})`;
    case "drops.report":
      return `${effect.drops} drops, every ${formatDuration(effect.medianMs)}: ${answerOf(effect)}${effect.note === null ? "" : ` (${effect.note})`}`;
    case "drops.correlate":
      return `${effect.accounts} more of this gateway's accounts fell within ${formatDuration(effect.withinMs)}: one common cause`;
    case "session.reset":
      return `make new sessions in ${effect.chat}: ${effect.failures} messages could not be decrypted`;
    case "drain.pull":
    case "drain.close":
    case "message.admit":
    case "message.hold":
    case "burst.admit":
    case "owner.notify":
    case "placeholder.request":
    case "gap.open":
    case "gap.close":
    case "history.request":
    case "outage.report":
    case "send.dispatch":
    case "send.hold":
    case "send.settle":
    case "journal.quarantine":
      return describeTraffic(effect);
    case "status.publish":
      return describeStatus(effect);
    case "alert.raise":
      return `tell the owner: down for ${formatDuration(effect.downMs)}`;
    case "alert.clear":
      return `tell the owner: back after ${formatDuration(effect.downMs)}`;
    case "event.drop":
      return `${effect.inputKind} dropped (${effect.why})`;
    case "input.refuse":
      return `${effect.inputKind} has no use while ${effect.phase}`;
    case "invariant.report":
      return `invariant broken: ${effect.invariant}`;
    case "reported.decide":
      return effect.text;
    case "timer.cancel":
    case "liveness.sample":
      return null;
  }
}

/** What is decided about messages in either direction. */
function describeTraffic(
  effect: Extract<
    Effect,
    {
      kind:
        | "drain.pull"
        | "drain.close"
        | "message.admit"
        | "message.hold"
        | "burst.admit"
        | "owner.notify"
        | "placeholder.request"
        | "gap.open"
        | "gap.close"
        | "history.request"
        | "outage.report"
        | "send.dispatch"
        | "send.hold"
        | "send.settle"
        | "journal.quarantine";
    }
  >,
): string | null {
  switch (effect.kind) {
    case "drain.pull":
      return "ask for the next waiting messages";
    case "drain.close":
      return effect.announced + effect.delivered === 0
        ? null
        : `waiting messages: ${effect.announced} announced, ${effect.delivered} delivered, ${effect.journalled} kept (${effect.outcome})`;
    case "message.admit":
      return `message ${effect.messageId}: ${ADMISSIONS[effect.as]}${lateness(effect)}`;
    case "message.hold":
      return `message ${effect.messageId} waits for its neighbours (${effect.why})`;
    case "burst.admit":
      return `${effect.messages} messages become one turn (${effect.why})`;
    case "owner.notify":
      return `tell the owner: ${effect.messages} messages too old to be answered`;
    case "placeholder.request":
      return `ask the phone for ${effect.messageId}`;
    case "gap.open":
      return `something may be missing in ${effect.chat} (${effect.evidence})`;
    case "gap.close":
      return `the gap in ${effect.chat} is closed: ${effect.outcome}, ${effect.recovered} recovered`;
    case "history.request":
      return `ask the phone for the history of ${effect.chat}`;
    case "outage.report":
      return `outage of ${formatDuration(effect.endedAt - effect.startedAt)}: ${recoveredOf(effect)}`;
    case "send.dispatch":
      return `write ${effect.sendId} through socket ${effect.socketId}${effect.attempt > 1 ? `, attempt ${effect.attempt}, same id` : ""}`;
    case "send.hold":
      return `keep ${effect.sendId} for up to ${formatDuration(effect.deadlineMs)} (${effect.why})`;
    case "send.settle":
      return `${effect.sendId} ${effect.outcome}`;
    case "journal.quarantine":
      return "set the journal of the number before aside";
  }
}

function recoveredOf(effect: Extract<Effect, { kind: "outage.report" }>): string {
  const recovered = effect.recoveredOffline + effect.recoveredHistory;
  if (recovered === 0) return "no message was waiting";
  return `${recovered} ${recovered === 1 ? "message" : "messages"} recovered`;
}

function lateness({ late, reason }: Extract<Effect, { kind: "message.admit" }>): string {
  if (!late) return "";
  return reason === undefined ? ", late" : `, late (${reason})`;
}

const ADMISSIONS = {
  reply: "answer",
  context: "context of the next turn",
  "notify-owner": "note to the owner",
  ignore: "no answer",
} as const;

function answerOf(effect: Extract<Effect, { kind: "drops.report" }>): string {
  switch (effect.answer) {
    case "shorter-interval":
      return "keep alive more often";
    case "next-mode":
      return "keep alive in another way";
    case "rotation":
      return "replace the connection ourselves, before the next cut, in a quiet moment";
    case "none":
      return "nothing left to try";
  }
}

function describeStatus(effect: Extract<Effect, { kind: "status.publish" }>): string | null {
  if (effect.terminal) {
    const cause = effect.causeId === null ? null : describeCause(effect.causeId);
    return cause === null ? "stop" : `stop: ${cause.sentence} ${cause.action}`;
  }
  if (effect.lifecycle === "ready") return "connected";
  return null;
}

/** What a decision amounts to, in one line without its rule. */
export function describeDecision(decision: Pick<Decision, "effects">): string {
  const clauses = decision.effects
    .map(({ effect }) => describeEffect(effect))
    .filter((clause) => clause !== null);
  return clauses.length === 0 ? "nothing to do" : clauses.join("; ");
}
