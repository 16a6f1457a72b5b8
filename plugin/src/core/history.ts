import type { BackfillInput } from "../events/index.ts";
import { budgetDelayMs } from "./backoff.ts";
import { type Anchor, type Gap, gapOf, replaceGap, updateBackfill } from "./backfill-state.ts";
import { cancelTimer, decide, type Draft, emit, hasTimer, startTimer } from "./draft.ts";
import { closeGap, setUnanswered } from "./gaps.ts";
import { LIMITS } from "./limits.ts";
import { currentSocket } from "./state.ts";

type InputOf<K extends BackfillInput["kind"]> = Extract<BackfillInput, { kind: K }>;
type Answer = InputOf<"history.answered">;

/**
 * At the end of every step: asks the phone about the gaps that can be asked about, as far as the hour's budget goes. Each request shows a
 * notice on the phone, so there are few at a time, and the rest waits for its turn.
 */
export function advanceGaps(draft: Draft): void {
  if (draft.state.backfill.gaps.length === 0) return;
  letGo(draft);
  const socketId = currentSocket(draft.state.connection);
  if (socketId === null || !isCaughtUp(draft)) return;
  for (;;) {
    const { gaps } = draft.state.backfill;
    if (countAsked(gaps) >= LIMITS.requestsUnderWay) return;
    const queued = gaps.filter(({ stage }) => stage === "queued");
    const next = queued.find(({ notBefore }) => notBefore <= draft.at);
    const waitMs =
      next === undefined
        ? Math.min(...queued.map(({ notBefore }) => notBefore - draft.at))
        : pauseMs(draft);
    if (waitMs > 0 || next === undefined) return comeBack(draft, waitMs);
    ask(draft, socketId, next);
  }
}

/** Connected, and everything that comes by itself has come: it may be what is missing. */
function isCaughtUp(draft: Draft): boolean {
  const { connection, drain, backfill } = draft.state;
  if (connection.phase !== "open" || backfill.current !== null) return false;
  const { ledger } = drain;
  return ledger?.socketId !== connection.socketId || ledger.phase === "closed";
}

function countAsked(gaps: readonly Gap[]): number {
  return gaps.filter(({ stage }) => stage === "asked").length;
}

/** How long the budget makes the next request wait. */
function pauseMs(draft: Draft): number {
  const { requestsPerHour } = draft.policy.backfill;
  if (requestsPerHour <= 0) return Infinity;
  return budgetDelayMs(recentRequests(draft), requestsPerHour, draft.at);
}

function recentRequests({ state, at }: Draft): readonly number[] {
  return state.backfill.requestTimes.filter((time) => time > at - LIMITS.hourMs);
}

function comeBack(draft: Draft, waitMs: number): void {
  if (!Number.isFinite(waitMs) || hasTimer(draft, "history-pace")) return;
  startTimer(draft, "backfill/pace", "history-pace", waitMs);
}

export function onHistoryPace(draft: Draft): boolean {
  decide(draft, "backfill/next");
  return true;
}

/** Other settings, another budget: the wait is worked out anew. */
export function forgetPace(draft: Draft): void {
  cancelTimer(draft, "policy/changed", "history-pace");
}

/** What became too old while it waited, and everything once the owner switched it off. */
function letGo(draft: Draft): void {
  const { history, windowMs } = draft.policy.backfill;
  for (const gap of draft.state.backfill.gaps) {
    if (gap.stage === "asked") continue;
    if (history === "off") closeGap(draft, "backfill/switched-off", gap, "switched-off");
    else if (draft.at - gap.openedAt > windowMs)
      closeGap(draft, "backfill/expired", gap, "expired");
  }
}

function ask(draft: Draft, socketId: number, gap: Gap): void {
  const attempt = attemptOf(gap);
  if (attempt === null) return setUnanswered(draft, "backfill/unanswered", gap);
  const { nextRequest } = draft.state.backfill;
  const requestId = `history-${nextRequest}`;
  const since = Math.max(gap.since, draft.at - draft.policy.backfill.windowMs);
  updateBackfill(draft, {
    nextRequest: nextRequest + 1,
    requestTimes: [...recentRequests(draft), draft.at],
  });
  replaceGap(draft, { ...gap, stage: "asked", requestId, requests: gap.requests + 1 });
  emit(draft, "backfill/ask", {
    kind: "history.request",
    socketId,
    requestId,
    chat: gap.chat,
    anchorMessageId: attempt.anchor.messageId,
    messages: LIMITS.historyPage,
    ...(gap.isDirect ? { addressing: attempt.form } : {}),
    oldestAgeMs: Math.max(0, Math.round(draft.at - since)),
  });
  startTimer(draft, "backfill/ask", "history-deadline", LIMITS.historyAnswerMs, requestId);
}

/** Each anchor in turn, in a direct chat under both addresses; null when all were tried. */
function attemptOf(gap: Gap): { readonly anchor: Anchor; readonly form: "lid" | "pn" } | null {
  const forms = gap.isDirect ? 2 : 1;
  const anchor = gap.anchors[Math.floor(gap.attempt / forms)];
  if (anchor === undefined) return null;
  const isOther = gap.attempt % forms === 1;
  return { anchor, form: isOther ? otherForm(gap.form) : gap.form };
}

function otherForm(form: "lid" | "pn"): "lid" | "pn" {
  return form === "lid" ? "pn" : "lid";
}

// --- what becomes of a request ------------------------------------------------------------------

/** The phone answered; what was missing is in the journal already. */
export function onHistoryAnswered(draft: Draft, input: Answer): boolean {
  const { answered } = draft.state.backfill;
  if (input.requestId !== "" && answered.includes(input.requestId)) {
    decide(draft, "backfill/repeated");
    return true;
  }
  const gap = answeredGap(draft, input);
  if (gap === undefined) {
    decide(draft, "backfill/unasked");
    return true;
  }
  decide(draft, "backfill/answered");
  updateBackfill(draft, {
    answered: [...answered, gap.requestId ?? input.requestId].slice(-LIMITS.answersRemembered),
  });
  if (gap.requestId !== null) {
    cancelTimer(draft, "backfill/answered", "history-deadline", gap.requestId);
  }
  goOn(draft, gap, input);
  return true;
}

/** By the request, or by the chat: a phone that was off answers what a former process or socket asked. */
function answeredGap(draft: Draft, input: Answer): Gap | undefined {
  const { gaps } = draft.state.backfill;
  const asked = gaps.find((gap) => gap.requestId !== null && gap.requestId === input.requestId);
  if (asked !== undefined) return asked;
  const ofChat = gapOf(draft, input.chat);
  return ofChat !== undefined && ofChat.requests > 0 ? ofChat : undefined;
}

function goOn(draft: Draft, gap: Gap, input: Answer): void {
  const attempt = attemptOf(gap);
  const pages = gap.pages + 1;
  const oldest = input.oldestMessageId;
  if (input.messages === 0 && gap.lastSeen && pages === 1) {
    // It has the message from before the gap, so this was no answer to what was asked.
    return tryNext(draft, gap);
  }
  const reached =
    oldest === undefined ||
    oldest === attempt?.anchor.messageId ||
    (input.older ?? 0) > 0 ||
    input.endOfHistory ||
    (input.oldestAgeMs ?? 0) >= draft.at - gap.since ||
    pages >= LIMITS.pagesPerGap;
  if (reached) {
    const outcome = gap.recovered > 0 ? "filled" : "nothing-missing";
    return closeGap(draft, `backfill/${outcome}`, gap, outcome);
  }
  replaceGap(draft, {
    ...gap,
    stage: "queued",
    requestId: null,
    pages,
    attempt: 0,
    form: attempt?.form ?? gap.form,
    anchors: [{ messageId: oldest, sentAt: draft.at - (input.oldestAgeMs ?? 0) }],
  });
}

/** The `history-deadline` of a request: no answer is an ordinary outcome, because phones are off and pass over some ids. */
export function onHistoryDeadline(draft: Draft, requestId: string): boolean {
  const gap = draft.state.backfill.gaps.find((each) => each.requestId === requestId);
  decide(draft, "backfill/no-answer");
  if (gap?.stage === "asked") tryNext(draft, gap);
  return true;
}

/** It could not be asked: the anchor is gone from the journal, or the socket is. */
export function onHistoryFailed(draft: Draft, input: InputOf<"history.failed">): boolean {
  decide(draft, "backfill/failed");
  const gap = draft.state.backfill.gaps.find((each) => each.requestId === input.requestId);
  if (gap?.stage !== "asked") return true;
  cancelTimer(draft, "backfill/failed", "history-deadline", input.requestId);
  tryNext(draft, gap);
  return true;
}

function tryNext(draft: Draft, gap: Gap): void {
  // The request may still be answered: its number stays until the next one is made.
  const next: Gap = { ...gap, stage: "queued", attempt: gap.attempt + 1 };
  if (attemptOf(next) === null) setUnanswered(draft, "backfill/unanswered", next);
  else replaceGap(draft, next);
}

/** The socket is gone and with it the answer; the same question waits for the next one. */
export function interruptRequests(draft: Draft): void {
  for (const gap of draft.state.backfill.gaps) {
    if (gap.stage !== "asked") continue;
    if (gap.requestId !== null) {
      cancelTimer(draft, "backfill/interrupted", "history-deadline", gap.requestId);
    }
    replaceGap(draft, { ...gap, stage: "queued" });
  }
}
