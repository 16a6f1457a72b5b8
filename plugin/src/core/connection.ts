import type { ConnectionInput, RawError, SelfIdentity } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { classify } from "./classify.ts";
import { cancelTimer, decide, type Draft, patch, startTimer } from "./draft.ts";
import { extractFacts } from "./facts.ts";
import { LIMITS } from "./limits.ts";
import { lose } from "./recovery.ts";
import { awaitOwner, claim, enter, openSocket, retire } from "./sockets.ts";
import { publishStatus } from "./status.ts";

type InputOf<K extends ConnectionInput["kind"]> = Extract<ConnectionInput, { kind: K }>;

/** The answer to `owner.acquire`: go on, or wait for the other process. */
export function onOwnerResolved(draft: Draft, input: InputOf<"owner.resolved">): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "claiming") return false;
  if (input.result === "acquired") {
    openSocket(draft, "owner/acquired", connection.controllerId, connection.pairing);
    return true;
  }
  awaitOwner(draft, "owner/busy", connection.controllerId, connection.pairing);
  return true;
}

export function onOwnerRetry(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "waiting") return false;
  claim(draft, "owner/retry", connection.controllerId, connection.pairing);
  return true;
}

export function onSocketUpgraded(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "connecting") return false;
  enter(draft, { ...connection, stage: "login" });
  startTimer(draft, "connect/upgraded", "connect-limit", LIMITS.loginMs);
  return true;
}

/** While a QR code is offered the person has the time WhatsApp gives (about 160 s); the socket ends itself afterwards. */
export function onQrOffered(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "connecting") return false;
  enter(draft, { ...connection, stage: "pairing", pairing: true });
  decide(draft, "pairing/qr-offered");
  cancelTimer(draft, "pairing/qr-offered", "connect-limit");
  return true;
}

export function onSocketPaired(draft: Draft, input: InputOf<"socket.paired">): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "connecting") return false;
  enter(draft, { ...connection, stage: "login", pairing: false });
  patch(draft, { self: input.self });
  startTimer(draft, "pairing/paired", "connect-limit", LIMITS.loginMs);
  return true;
}

export function onSocketOpened(draft: Draft, input: InputOf<"socket.opened">): boolean {
  const { connection, recovery } = draft.state;
  if (connection.phase !== "connecting") return false;
  const rule = recovery.attempt === 0 ? "open/ready" : "open/recovered";
  const { controllerId, socketId } = connection;
  cancelTimer(draft, rule, "connect-limit");
  enter(draft, { phase: "open", controllerId, socketId, self: input.self, openedAt: draft.at });
  patch(draft, {
    self: mergeSelf(draft.state.self, input.self),
    recovery: { ...recovery, rejectionsInARow: 0, versionRefreshed: false },
  });
  startTimer(draft, rule, "stable", LIMITS.stableMs);
  publishStatus(draft, rule);
  return true;
}

/** A connection that lasted has recovered: only now the backoff starts anew. */
export function onStable(draft: Draft): boolean {
  if (draft.state.connection.phase !== "open") return false;
  decide(draft, "open/stable");
  patch(draft, {
    recovery: {
      ...draft.state.recovery,
      attempt: 0,
      restartsInARow: 0,
      ownConflictsInARow: 0,
      lastCauseId: null,
    },
  });
  return true;
}

export function onSocketClosed(draft: Draft, input: InputOf<"socket.closed">): boolean {
  const { connection, retiring } = draft.state;
  if (retiring.includes(input.socketId)) {
    patch(draft, { retiring: retiring.filter((id) => id !== input.socketId) });
    decide(draft, "close/retired");
    return true;
  }
  const isCurrent =
    (connection.phase === "connecting" || connection.phase === "open") &&
    connection.socketId === input.socketId;
  if (!isCurrent) return false;
  const pairing = connection.phase === "connecting" && connection.pairing;
  lose(draft, causeOf(input.error, pairing), input.error);
  return true;
}

export function onConnectLimit(draft: Draft): boolean {
  const { connection } = draft.state;
  if (connection.phase !== "connecting") return false;
  retire(draft, "connect/limit", connection.socketId, "connect-limit");
  lose(draft, connection.stage === "dialing" ? "handshake-timeout" : "connect-limit", null);
  return true;
}

export function causeOf(error: RawError | null, pairing: boolean): CauseId {
  return classify(extractFacts(error), { pairing });
}

/** A login that confirms only one address form must not forget the other one of the same person. */
function mergeSelf(known: SelfIdentity | null, confirmed: SelfIdentity): SelfIdentity {
  if (known === null) return confirmed;
  const samePerson =
    (confirmed.pn !== null && confirmed.pn === known.pn) ||
    (confirmed.lid !== null && confirmed.lid === known.lid);
  if (!samePerson) return confirmed;
  return { pn: confirmed.pn ?? known.pn, lid: confirmed.lid ?? known.lid };
}
