import type { AccountId, Input } from "../events/index.ts";
import {
  beginOutage,
  countBrokenDelivery,
  countOutageAttempt,
  endOutage,
  settleOutage,
} from "./backfill.ts";
import { INITIAL_BACKFILL } from "./backfill-state.ts";
import { forgetBursts, INITIAL_BURSTS, reactToBursts } from "./bursts.ts";
import { CAUSES } from "./causes.ts";
import { closeDraft, type Draft, emit, openDraft } from "./draft.ts";
import { cutDrainShort, INITIAL_DRAIN, isAccountedFor } from "./drain.ts";
import { INITIAL_DROPS, noteDrop } from "./drops.ts";
import { endFirstWait } from "./first-wait.ts";
import {
  concludeDelivery,
  forgetChats,
  noteArrival,
  noteAway,
  noteBrokenDelivery,
  noteOrphan,
} from "./gaps.ts";
import { advanceGaps, interruptRequests } from "./history.ts";
import { INITIAL_HEARING, noteHearing } from "./hearing.ts";
import { INITIAL_KEEPALIVE, startKeepalive, stopKeepalive } from "./keepalive.ts";
import type { Policy } from "./policy.ts";
import { routeInput, unhandledReason } from "./route.ts";
import { seedRng } from "./rng.ts";
import { INITIAL_SENDS } from "./send-queue.ts";
import { dispatchHeld, holdUnsettled, refuseAll } from "./sends.ts";
import { type AccountState, currentSocket } from "./state.ts";
import type { Step } from "./step.ts";

/** An account nothing has happened to yet. `seed` makes every jitter of its life repeatable. */
export function initialState(account: AccountId, seed: string): AccountState {
  return {
    account,
    rng: seedRng(`${seed}/${account}`),
    nextSocketId: 1,
    nextTimerId: 1,
    timers: [],
    connection: { phase: "idle" },
    retiring: [],
    recovery: {
      attempt: 0,
      attemptTimes: [],
      restartsInARow: 0,
      rejectionsInARow: 0,
      ownConflictsInARow: 0,
      versionRefreshed: false,
      lastCauseId: null,
      downSinceStart: null,
      probing: false,
      networkDown: false,
    },
    self: null,
    ownMappings: [],
    keepalive: INITIAL_KEEPALIVE,
    drops: INITIAL_DROPS,
    hearing: INITIAL_HEARING,
    sends: INITIAL_SENDS,
    drain: INITIAL_DRAIN,
    backfill: INITIAL_BACKFILL,
    bursts: INITIAL_BURSTS,
  };
}

/**
 * Folds one fact into an account: pure, total and deterministic. The slice that owns the input decides first; the others then
 * react to what changed about the connection. What no slice has a use for is recorded as such and changes nothing.
 *
 * @param at monotonic milliseconds of the run
 */
export function transition(
  state: AccountState,
  input: Input,
  at: number,
  policy: Policy,
): Step<AccountState> {
  const draft = openDraft(state, at, policy);
  if (!routeInput(draft, input)) emitUnhandled(draft, state, input);
  noteHearing(draft, input);
  reactToConnection(draft, state);
  if (input.kind === "message.journalled") noteArrival(draft, input);
  if (input.kind === "message.orphaned") noteOrphan(draft, input);
  reactToDrain(draft);
  if (endsTheAccount(input)) {
    forgetBursts(draft);
    forgetChats(draft);
  }
  advanceGaps(draft);
  reactToBursts(draft, state, input);
  return closeDraft(draft);
}

/** After a logout another number may be linked; what waits for a decision must not be answered in its name. */
function endsTheAccount(input: Input): boolean {
  if (input.kind === "operator.acted") return input.act === "logout" || input.act === "relink";
  return (
    input.kind === "controller.stopped" && (input.reason === "logout" || input.reason === "relink")
  );
}

function emitUnhandled(draft: Draft, before: AccountState, input: Input): void {
  const why = unhandledReason(before, input);
  if (why === null) {
    emit(draft, "input/refused", {
      kind: "input.refuse",
      inputKind: input.kind,
      phase: before.connection.phase,
    });
  } else {
    emit(draft, `input/${why}`, { kind: "event.drop", inputKind: input.kind, why });
  }
}

/** What the change of the connection means to the other slices. */
function reactToConnection(draft: Draft, before: AccountState): void {
  const was = before.connection;
  const is = draft.state.connection;
  const wasSocket = currentSocket(was);
  const isSocket = currentSocket(is);
  if (wasSocket !== null && wasSocket !== isSocket) leaveSocket(draft, before);
  if (is.phase === "connecting" && isSocket !== wasSocket) countOutageAttempt(draft);
  if (is.phase === "open" && was !== is && was.phase !== "open") {
    startKeepalive(draft);
    endOutage(draft);
    endFirstWait(draft);
    dispatchHeld(draft);
  }
  if (is.phase === "blocked" && was.phase !== "blocked") refuseAll(draft, "account-blocked");
  if (is.phase === "stopped" && is.promise === "final" && was.phase !== "stopped") {
    refuseAll(draft, "account-stopped");
  }
}

function leaveSocket(draft: Draft, before: AccountState): void {
  stopKeepalive(draft);
  leaveDelivery(draft, before);
  interruptRequests(draft);
  holdUnsettled(draft, before.connection.phase === "open");
  if (before.connection.phase === "open") noteAway(draft);
  const causeId = draft.state.recovery.lastCauseId;
  const isOurs = draft.state.connection.phase === "stopped";
  if (causeId === null || isOurs || isRestart(causeId)) return;
  const wasOpen = before.connection.phase === "open";
  // A restart replaces an open connection; when the new one fails, what was a second becomes an outage.
  if (wasOpen || isRestart(before.recovery.lastCauseId)) beginOutage(draft, causeId);
  if (wasOpen && isUnexplained(causeId)) noteDrop(draft);
}

function isRestart(causeId: keyof typeof CAUSES | null): boolean {
  return causeId !== null && CAUSES[causeId].class === "restart";
}

function leaveDelivery(draft: Draft, before: AccountState): void {
  const socketId = currentSocket(before.connection);
  const { ledger } = before.drain;
  if (ledger === null || ledger.socketId !== socketId) return;
  if (ledger.phase !== "closed") noteBrokenDelivery(draft, ledger);
  countBrokenDelivery(draft, socketId);
  cutDrainShort(draft);
}

/** Drops that say nothing about their reason are the ones whose rhythm is worth knowing. */
function isUnexplained(causeId: keyof typeof CAUSES): boolean {
  return (
    causeId === "transport-silence" || causeId === "closed-by-server" || causeId === "stream-ended"
  );
}

/** An offline delivery that ended tells what an outage cost, and where it fell short. */
function reactToDrain(draft: Draft): void {
  const { connection, drain, backfill } = draft.state;
  const { ledger } = drain;
  if (ledger === null || connection.phase !== "open") return;
  const isOver = isAccountedFor(ledger, connection.socketId);
  const isLost = ledger.socketId === connection.socketId && ledger.phase === "closed";
  if (isOver || (isLost && backfill.current === null)) concludeDelivery(draft);
  if (isOver) settleOutage(draft);
}
