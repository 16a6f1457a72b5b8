import type { SupervisionInput } from "../events/index.ts";
import { cancelTimer, decide, type Draft, emit, patch } from "./draft.ts";
import { beginFirstWait, giveUpFirstWait } from "./first-wait.ts";
import { probeNow } from "./keepalive.ts";
import { block, lose } from "./recovery.ts";
import { claim, enter, openSocket, retire } from "./sockets.ts";
import {
  type ConnectionState,
  currentController,
  currentSocket,
  type StopPromise,
} from "./state.ts";
import { publishStatus } from "./status.ts";

type InputOf<K extends SupervisionInput["kind"]> = Extract<SupervisionInput, { kind: K }>;

/** A controller begins. One that is still in charge is superseded: there is never more than one. */
export function onControllerStarted(draft: Draft, input: InputOf<"controller.started">): boolean {
  supersede(draft);
  patch(draft, {
    recovery: { ...draft.state.recovery, attempt: 0, lastCauseId: null, rejectionsInARow: 0 },
  });
  const wantsPairing = input.reason === "login" && input.credentials === "missing";
  if (input.credentials === "corrupt") {
    block(draft, "start/corrupt", input.controllerId, "credentials-corrupt");
  } else if (input.credentials === "missing" && !wantsPairing) {
    block(draft, "start/not-linked", input.controllerId, "not-linked");
  } else {
    claim(draft, "start/claim", input.controllerId, wantsPairing);
    publishStatus(draft, "start/claim");
    if (!wantsPairing) beginFirstWait(draft);
  }
  return true;
}

function supersede(draft: Draft): void {
  const socketId = currentSocket(draft.state.connection);
  if (socketId !== null) retire(draft, "start/supersede", socketId, "superseded");
  clearTimers(draft, "start/supersede");
}

/** Timers that belong to the connection; those of captured replies and of an outage's account live on. */
function clearTimers(draft: Draft, rule: string): void {
  for (const timer of [
    "reconnect",
    "connect-limit",
    "stable",
    "owner-retry",
    "network-probe",
    "status-refresh",
    "credential-recheck",
    "conflict-probe",
  ] as const) {
    cancelTimer(draft, rule, timer);
  }
  patch(draft, { recovery: { ...draft.state.recovery, probing: false } });
}

export function onControllerStopped(draft: Draft, input: InputOf<"controller.stopped">): boolean {
  if (currentController(draft.state.connection) !== input.controllerId) return false;
  const promise: StopPromise =
    input.reason === "restart" || input.reason === "reload" ? "successor-promised" : "final";
  const rule = promise === "final" ? "stop/final" : "stop/successor-promised";
  const socketId = currentSocket(draft.state.connection);
  if (socketId !== null) retire(draft, rule, socketId, "stopped");
  clearTimers(draft, rule);
  emit(draft, rule, { kind: "owner.release", controllerId: input.controllerId });
  if (promise === "final") giveUpFirstWait(draft);
  enter(draft, { phase: "stopped", promise });
  publishStatus(draft, rule);
  return true;
}

/** A person acted. Everything here also revives a blocked account, in process. */
export function onOperatorActed(draft: Draft, input: InputOf<"operator.acted">): boolean {
  const { connection } = draft.state;
  const controllerId = currentController(connection);
  if (controllerId === null) return false;
  const rule = `operator/${input.act}`;
  const socketId = currentSocket(connection);
  if (socketId !== null) retire(draft, rule, socketId, "operator");
  clearTimers(draft, rule);
  patch(draft, {
    recovery: {
      ...draft.state.recovery,
      attempt: 0,
      rejectionsInARow: 0,
      ownConflictsInARow: 0,
      lastCauseId: "operator-restart",
    },
  });
  switch (input.act) {
    case "logout":
      block(draft, rule, controllerId, "not-linked");
      return true;
    case "restart":
    case "takeover":
    case "relink": {
      const pairing = input.act === "relink";
      if (holdsOwner(connection)) {
        openSocket(draft, rule, controllerId, pairing);
      } else {
        claim(draft, rule, controllerId, pairing);
        publishStatus(draft, rule);
      }
      return true;
    }
  }
}

/** Whether the auth directory is ours: a person's order is no way round the owner lock. */
function holdsOwner(connection: ConnectionState): boolean {
  switch (connection.phase) {
    case "connecting":
    case "open":
    case "inspecting":
      return true;
    case "waiting":
      return connection.causeId !== "owner-busy";
    case "idle":
    case "claiming":
    case "blocked":
    case "stopped":
      return false;
  }
}

/** A stall of our own or a sleeping host says nothing about the connection: it is asked, not punished (#75122, #11290). */
export function onTimeAnomaly(draft: Draft): boolean {
  if (draft.state.connection.phase !== "open") {
    decide(draft, "time/noted");
    return true;
  }
  probeNow(draft, "time/probe");
  return true;
}

/**
 * An exception inside a socket's handlers. A frame that cannot be decrypted leaves the stream out of step, so the socket is
 * replaced; a fault that cannot be tied to the current socket is answered by asking whether the connection still lives.
 */
export function onFaultRaised(draft: Draft, input: InputOf<"fault.raised">): boolean {
  const { connection } = draft.state;
  const socketId = currentSocket(connection);
  if (socketId === null || (input.socketId !== null && input.socketId !== socketId)) {
    decide(draft, "fault/noted");
    return true;
  }
  if (input.socketId === null || input.origin === "effect") {
    if (connection.phase === "open") probeNow(draft, "fault/probe");
    else decide(draft, "fault/noted");
    return true;
  }
  retire(draft, "fault/replace", socketId, "fault");
  lose(draft, input.origin === "crypto" ? "crypto-fault" : "own-fault", input.error);
  return true;
}
