import type { DrainInput, SocketId } from "../events/index.ts";
import { collect, isTooOldOnArrival } from "./bursts.ts";
import { cancelTimer, decide, type Draft, emit, hasTimer, patch, startTimer } from "./draft.ts";
import { LIMITS } from "./limits.ts";

type InputOf<K extends DrainInput["kind"]> = Extract<DrainInput, { kind: K }>;
type Journalled = InputOf<"message.journalled">;

/** The ledger of one offline delivery: what was announced against what came, was kept and was receipted. */
export interface DrainLedger {
  readonly socketId: SocketId;
  /** `settling`: the end marker came, and not all of what it ended has become a message yet; Baileys decrypts behind it. */
  readonly phase: "draining" | "settling" | "closed";
  readonly announced: number;
  readonly delivered: number;
  readonly journalled: number;
  readonly receipted: number;
  /** Stanzas that should become a message (status posts too), and those of which it is known that they will not. */
  readonly messages: number;
  readonly orphaned: number;
  readonly skipped: number;
  readonly duplicates: number;
  readonly tooOld: number;
  /** When the last stanza (or the announcement) came, and after the end marker the last message, for the time limit. */
  readonly lastAt: number;
}

export interface DrainState {
  /** Of the current or the last socket; null before the first one. */
  readonly ledger: DrainLedger | null;
  /** Message ids for which the phone was already asked; bounded, oldest dropped. */
  readonly asked: readonly string[];
}

export const INITIAL_DRAIN: DrainState = { ledger: null, asked: [] };

export function onDrainPreviewed(draft: Draft, input: InputOf<"drain.previewed">): boolean {
  if (!isLive(draft, input.socketId)) return false;
  const ledger = ledgerOf(draft, input.socketId) ?? emptyLedger(input.socketId);
  setLedger(draft, { ...ledger, announced: input.announced, lastAt: draft.at });
  startTimer(draft, "drain/previewed", "drain-limit", LIMITS.drainSilenceMs);
  return true;
}

/** Each offline stanza counts as progress and, a moment later, the next batch is asked for: rc14 alone asks once. */
export function onStanzaReceived(draft: Draft, input: InputOf<"stanza.received">): boolean {
  if (!isLive(draft, input.socketId)) return false;
  const ledger = ledgerOf(draft, input.socketId) ?? emptyLedger(input.socketId);
  setLedger(draft, {
    ...ledger,
    delivered: ledger.delivered + 1,
    messages: ledger.messages + (input.class === "message" || input.class === "status" ? 1 : 0),
    lastAt: draft.at,
  });
  if (ledger.phase !== "draining") {
    decide(draft, "drain/after-end");
    return true;
  }
  decide(draft, "drain/stanza");
  for (const [timer, delayMs] of [
    ["drain-pull", LIMITS.drainPullDebounceMs],
    ["drain-limit", LIMITS.drainSilenceMs],
  ] as const) {
    if (!hasTimer(draft, timer)) startTimer(draft, "drain/stanza", timer, delayMs);
  }
  return true;
}

export function onDrainPullDue(draft: Draft): boolean {
  const { ledger } = draft.state.drain;
  if (ledger?.phase !== "draining" || !isLive(draft, ledger.socketId)) return false;
  emit(draft, "drain/pull", {
    kind: "drain.pull",
    socketId: ledger.socketId,
    batch: LIMITS.drainBatch,
  });
  return true;
}

export function onDrainEnded(draft: Draft, input: InputOf<"drain.ended">): boolean {
  if (!isLive(draft, input.socketId)) return false;
  const ledger = ledgerOf(draft, input.socketId) ?? emptyLedger(input.socketId);
  setLedger(draft, ledger);
  if (ledger.phase !== "draining") {
    decide(draft, "drain/after-end");
    return true;
  }
  if (hasBecomeMessages(ledger)) {
    closeCompleted(draft, ledger);
    return true;
  }
  decide(draft, "drain/ended");
  cancelTimer(draft, "drain/ended", "drain-pull");
  setLedger(draft, { ...ledger, phase: "settling", lastAt: draft.at });
  return true;
}

/**
 * Another stanza became a message, or it is known that it will not. After the end marker the last one closes the ledger: its figures are
 * written when they are final.
 */
function accountFor(draft: Draft, ledger: DrainLedger): void {
  if (ledger.phase !== "settling") {
    setLedger(draft, ledger);
    return;
  }
  const settling = { ...ledger, lastAt: draft.at };
  setLedger(draft, settling);
  if (hasBecomeMessages(settling)) closeCompleted(draft, settling);
}

function closeCompleted(draft: Draft, { delivered, announced }: DrainLedger): void {
  closeLedger(draft, delivered < announced ? "drain/short" : "drain/complete", "complete");
}

function hasBecomeMessages(ledger: DrainLedger): boolean {
  const { journalled, duplicates, orphaned, skipped } = ledger;
  return journalled + duplicates + orphaned + skipped >= ledger.messages;
}

export function onDrainLimit(draft: Draft): boolean {
  const { ledger } = draft.state.drain;
  if (ledger === null || ledger.phase === "closed") return false;
  const remainingMs = ledger.lastAt + LIMITS.drainSilenceMs - draft.at;
  if (remainingMs > 0) startTimer(draft, "drain/goes-on", "drain-limit", remainingMs);
  else if (ledger.phase === "settling") closeLedger(draft, "drain/unaccounted", "timed-out");
  else closeLedger(draft, "drain/timed-out", "timed-out");
  return true;
}

/**
 * Whether everything that this socket's offline delivery brought has been seen to its end. The end marker alone does not say so: Baileys
 * hands over what it held back only after it, and `open` may come later still.
 */
export function isAccountedFor(ledger: DrainLedger, socketId: SocketId | null): boolean {
  return ledger.phase === "closed" && ledger.socketId === socketId && hasBecomeMessages(ledger);
}

/** The socket is gone in the middle of an offline delivery; the server keeps what was not receipted. */
export function cutDrainShort(draft: Draft): void {
  const { ledger } = draft.state.drain;
  if (ledger === null || ledger.phase === "closed") return;
  closeLedger(draft, "drain/cut-short", "cut-short");
}

function closeLedger(
  draft: Draft,
  rule: string,
  outcome: "complete" | "cut-short" | "timed-out",
): void {
  const { ledger } = draft.state.drain;
  if (ledger === null) return;
  cancelTimer(draft, rule, "drain-pull");
  cancelTimer(draft, rule, "drain-limit");
  setLedger(draft, { ...ledger, phase: "closed" });
  const { socketId, announced, delivered, journalled, receipted } = ledger;
  emit(draft, rule, {
    kind: "drain.close",
    socketId,
    outcome,
    announced,
    delivered,
    journalled,
    receipted,
  });
}

export function onStanzaReceipted(draft: Draft, input: InputOf<"stanza.receipted">): boolean {
  const ledger = ledgerOf(draft, input.socketId);
  decide(draft, "drain/receipted");
  // After the delivery the receipts of live messages go on; they are none of its business.
  const isOffline = ledger !== null && ledger.receipted < ledger.delivered;
  if (isOffline) setLedger(draft, { ...ledger, receipted: ledger.receipted + 1 });
  return true;
}

/** A message is safe in the journal. What becomes of it is decided at the end of the step, together with its neighbours. */
export function onMessageJournalled(draft: Draft, input: Journalled): boolean {
  if (input.duplicate) decide(draft, "inbound/duplicate");
  else collect(draft, input);
  const ledger = ledgerOf(draft, input.socketId);
  if (ledger !== null && input.via === "offline") {
    accountFor(draft, {
      ...ledger,
      journalled: ledger.journalled + (input.duplicate ? 0 : 1),
      duplicates: ledger.duplicates + (input.duplicate ? 1 : 0),
      tooOld: ledger.tooOld + (isTooOldOnArrival(draft, input) ? 1 : 0),
    });
  }
  return true;
}

/** A stanza that brought no message: the phone is asked once for its plaintext, where it can have one. */
export function onMessageOrphaned(draft: Draft, input: InputOf<"message.orphaned">): boolean {
  const { drain } = draft.state;
  const canAsk = isLive(draft, input.socketId) && !drain.asked.includes(input.messageId);
  // Baileys asks by itself for messages the server marks as unavailable.
  if (canAsk && input.why !== "unavailable") askThePhone(draft, input);
  else decide(draft, "inbound/orphan-noted");
  const ledger = ledgerOf(draft, input.socketId);
  if (ledger !== null) accountFor(draft, { ...ledger, orphaned: ledger.orphaned + 1 });
  return true;
}

function askThePhone(draft: Draft, input: InputOf<"message.orphaned">): void {
  const { drain } = draft.state;
  const asked = [...drain.asked, input.messageId].slice(-LIMITS.placeholdersRemembered);
  patch(draft, { drain: { ...drain, asked } });
  emit(draft, "inbound/orphan", {
    kind: "placeholder.request",
    socketId: input.socketId,
    messageId: input.messageId,
    ...(input.chat === null ? {} : { chat: input.chat }),
  });
}

/** Between devices, or without content: there is nothing to be done, and the delivery is complete without it. */
export function onMessageSkipped(draft: Draft, input: InputOf<"message.skipped">): boolean {
  decide(draft, "inbound/skipped");
  const ledger = ledgerOf(draft, input.socketId);
  if (ledger !== null && input.via === "offline") {
    accountFor(draft, { ...ledger, skipped: ledger.skipped + 1 });
  }
  return true;
}

export function onMessageSettled(draft: Draft, input: InputOf<"message.settled">): boolean {
  decide(draft, `inbound/${input.state}`);
  return true;
}

function isLive(draft: Draft, socketId: SocketId): boolean {
  const { connection } = draft.state;
  return (
    (connection.phase === "connecting" || connection.phase === "open") &&
    connection.socketId === socketId
  );
}

function ledgerOf(draft: Draft, socketId: SocketId): DrainLedger | null {
  const { ledger } = draft.state.drain;
  return ledger?.socketId === socketId ? ledger : null;
}

function setLedger(draft: Draft, ledger: DrainLedger): void {
  patch(draft, { drain: { ...draft.state.drain, ledger } });
}

function emptyLedger(socketId: SocketId): DrainLedger {
  return {
    socketId,
    phase: "draining",
    announced: 0,
    delivered: 0,
    journalled: 0,
    receipted: 0,
    messages: 0,
    orphaned: 0,
    skipped: 0,
    duplicates: 0,
    tooOld: 0,
    lastAt: 0,
  };
}
