import type { DrainInput, Input, SocketId } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { type Draft, emit, patch } from "./draft.ts";
import type { DrainLedger } from "./drain.ts";
import { LIMITS } from "./limits.ts";
import { lose } from "./recovery.ts";
import { retire } from "./sockets.ts";
import { currentSocket } from "./state.ts";

/*
 * A session may answer every ping and hear nothing. Silence is no evidence of that: people sleep. Evidence is what the server itself said and did
 * not keep: an offline delivery that it began and never declared over, messages that it announced and did not deliver, and messages that
 * arrive but cannot be decrypted. Each is answered a bounded number of times, because the cause may lie where we cannot reach.
 */

/** What shows whether the session hears. */
export interface HearingState {
  /** When the last message or offline stanza came; null: none yet. */
  readonly lastInboundAt: number | null;
  /** The socket whose offline delivery the server declared over; live messages come only after that. */
  readonly endedSocketId: SocketId | null;
  /** Messages that were announced on the current or the last socket. */
  readonly announced: { readonly socketId: SocketId; readonly messages: number } | null;
  /** Replacements of a deaf session in a row, and when the last one was. */
  readonly heals: number;
  readonly healedAt: number | null;
  /** Messages that could not be decrypted, most recent last; bounded. */
  readonly failures: readonly ChatTime[];
  /** Renewals of sessions, most recent last; bounded. */
  readonly resets: readonly ChatTime[];
}

interface ChatTime {
  readonly at: number;
  readonly chat: string;
}

export const INITIAL_HEARING: HearingState = {
  lastInboundAt: null,
  endedSocketId: null,
  announced: null,
  heals: 0,
  healedAt: null,
  failures: [],
  resets: [],
};

/** Takes note of whatever an input says about hearing, after the slice that owns it has decided. */
export function noteHearing(draft: Draft, input: Input): void {
  if (!("socketId" in input) || input.socketId !== currentSocket(draft.state.connection)) return;
  switch (input.kind) {
    case "stanza.received":
      return update(draft, { lastInboundAt: draft.at });
    case "message.journalled":
      return noteHeard(draft, input);
    case "message.orphaned":
      if (input.why === "undecryptable" && input.chat !== null) {
        noteUndecryptable(draft, input, input.chat);
      }
      return;
    case "drain.previewed":
      return update(draft, { announced: { socketId: input.socketId, messages: input.messages } });
    case "drain.ended":
      return noteEnd(draft, input.socketId);
    default:
      return;
  }
}

/** A message that was read proves a chat between two; in a group it proves only one of its members. */
function noteHeard(
  draft: Draft,
  { chat, chatKind }: Extract<DrainInput, { kind: "message.journalled" }>,
): void {
  const { failures } = draft.state.hearing;
  const isProof = chatKind === "direct" && failures.some((failure) => failure.chat === chat);
  update(draft, {
    lastInboundAt: draft.at,
    ...(isProof ? { failures: failures.filter((failure) => failure.chat !== chat) } : {}),
  });
}

function noteEnd(draft: Draft, socketId: SocketId): void {
  const { ledger } = draft.state.drain;
  const isWhole = ledger === null || ledger.delivered >= ledger.announced;
  update(draft, { endedSocketId: socketId, ...(isWhole ? { heals: 0 } : {}) });
}

/**
 * Looks whether the open session is deaf, and replaces it. A delivery that stands still is asked to go on first.
 *
 * @returns whether the connection was given up
 */
export function healDeafness(draft: Draft): boolean {
  const { connection, drain, hearing } = draft.state;
  if (connection.phase !== "open") return false;
  const { socketId, openedAt } = connection;
  const ledger = drain.ledger?.socketId === socketId ? drain.ledger : null;
  const silentMs = draft.at - Math.max(openedAt, ledger?.lastAt ?? 0);
  const hasEnded = hearing.endedSocketId === socketId;
  const isShort = ledger !== null && ledger.delivered < ledger.announced;
  if (hasEnded && !isNothingDelivered(hearing, ledger)) return false;
  if (isShort && ledger.phase === "draining" && silentMs >= LIMITS.pullAgainMs) {
    emit(draft, "deaf/pull-again", { kind: "drain.pull", socketId, batch: LIMITS.drainBatch });
  }
  if (silentMs < LIMITS.drainSilenceMs) return false;
  return replaceDeaf(draft, socketId, isShort ? "queue-blocked" : "session-deaf");
}

/** Messages were announced and not one stanza came, whatever the server says about the end. */
function isNothingDelivered(
  { announced }: HearingState,
  ledger: Pick<DrainLedger, "socketId" | "delivered"> | null,
): boolean {
  if (announced === null || ledger === null || announced.socketId !== ledger.socketId) return false;
  return announced.messages > 0 && ledger.delivered === 0;
}

/**
 * Signal sessions get out of step, and each message of a chat then fails. The library asks for one message at a time again; after several the
 * sessions are made anew, once an hour for a chat. Where that did not help, the connection is replaced.
 */
function noteUndecryptable(
  draft: Draft,
  { socketId, messageId }: Extract<DrainInput, { kind: "message.orphaned" }>,
  chat: string,
): void {
  const { hearing } = draft.state;
  const isRecent = ({ at }: ChatTime): boolean => draft.at - at < LIMITS.stormWindowMs;
  const failures = [...hearing.failures.filter(isRecent), { at: draft.at, chat }].slice(
    -LIMITS.failuresRemembered,
  );
  const resets = hearing.resets.filter(({ at }) => draft.at - at < LIMITS.hourMs);
  update(draft, { failures, resets });
  const ofChat = failures.filter((failure) => failure.chat === chat);
  const reset = resets.findLast((each) => each.chat === chat);
  if (reset === undefined) {
    const isStorm = ofChat.length >= LIMITS.stormFailures;
    if (!isStorm || resets.length >= LIMITS.sessionResetsPerHour) return;
    update(draft, { resets: [...resets, { at: draft.at, chat }] });
    emit(draft, "deaf/reset-session", {
      kind: "session.reset",
      socketId,
      chat,
      messageId,
      failures: ofChat.length,
    });
    return;
  }
  const afterwards = ofChat.filter(({ at }) => at - reset.at > LIMITS.resetSettlesMs);
  if (afterwards.length >= 2 * LIMITS.stormFailures) {
    replaceDeaf(draft, socketId, "decryption-storm");
  }
}

/** At once the first time, then at growing distances for as long as it stays. */
function replaceDeaf(draft: Draft, socketId: SocketId, causeId: CauseId): boolean {
  const { heals, healedAt } = draft.state.hearing;
  const waits = LIMITS.deafWaitsMs;
  const waitMs = waits[Math.min(heals, waits.length - 1)] ?? LIMITS.hourMs;
  if (healedAt !== null && draft.at - healedAt < waitMs) return false;
  update(draft, { heals: heals + 1, healedAt: draft.at, failures: [] });
  retire(draft, "deaf/replace", socketId, "deaf");
  lose(draft, causeId, null);
  return true;
}

function update(draft: Draft, change: Partial<HearingState>): void {
  patch(draft, { hearing: { ...draft.state.hearing, ...change } });
}
