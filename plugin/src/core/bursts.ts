import type { DrainEffect, DrainInput, Effect, Input } from "../events/index.ts";
import { cancelTimer, decide, type Draft, emit, hasTimer, patch, startTimer } from "./draft.ts";
import { judge, type MessageFacts, type Verdict } from "./late.ts";
import { LIMITS } from "./limits.ts";
import { type AccountState, currentSocket } from "./state.ts";

type Journalled = Extract<DrainInput, { kind: "message.journalled" }>;
type HoldReason = Extract<DrainEffect, { kind: "message.hold" }>["why"];
type ReleaseReason = Extract<DrainEffect, { kind: "burst.admit" }>["why"];

/** A message that is safe in the journal and waits to be judged together with its neighbours. */
export interface HeldMessage extends MessageFacts {
  readonly messageId: string;
  readonly heldAt: number;
}

/** Messages of one chat that wait for the end of the catching-up, in the order of their arrival. */
export interface Burst {
  readonly chat: string;
  /** When its waiting began, for the deadline. */
  readonly since: number;
  readonly messages: readonly HeldMessage[];
}

/** The phone is being asked about a chat, or its page is coming in. */
export interface Fill {
  readonly chat: string;
  readonly askedAt: number;
  /** Until then the chat's messages wait for it; not later than `askedAt` when they do not. */
  readonly holdUntil: number;
}

/** Too old messages of which the owner is to be told, in one notice per outage. */
export interface OwnerNotice {
  readonly messages: number;
  /** Bounded; with more chats the notice says so. */
  readonly chats: readonly string[];
  /** Further chats, of the process before: it ended before the owner was told. */
  readonly restored?: number;
}

export interface BurstsState {
  readonly nextBurst: number;
  readonly held: readonly Burst[];
  /** Chats for which the phone was asked and has not answered, or of which a page is coming in. */
  readonly fills: readonly Fill[];
  readonly notice: OwnerNotice | null;
  /** The outage (by its number) of which the owner was told. */
  readonly toldOutage: number | null;
}

export const INITIAL_BURSTS: BurstsState = {
  nextBurst: 1,
  held: [],
  fills: [],
  notice: null,
  toldOutage: null,
};

/**
 * Takes a message in. Whether it waits is decided at the end of the step, when it is known what else the step brought about: the end of the
 * offline delivery, or a question to the phone that this very message made possible.
 */
export function collect(draft: Draft, input: Journalled): void {
  const { messageId, chat, chatKind, via, ageMs, fromMe, mentioned } = input;
  const message: HeldMessage = {
    messageId,
    chatKind,
    via,
    ageMs,
    fromMe,
    mentioned,
    heldAt: draft.at,
  };
  const { held } = draft.state.bursts;
  const before = held.find((each) => each.chat === chat);
  const burst: Burst =
    before === undefined
      ? { chat, since: draft.at, messages: [message] }
      : { ...before, messages: [...before.messages, message] };
  update(draft, {
    held:
      before === undefined
        ? [...held, burst]
        : held.map((each) => (each === before ? burst : each)),
  });
  if (waitsFor(draft, burst) !== null) decide(draft, "inbound/held");
}

/** What a message counts as in the ledger of its delivery; the decision itself falls when it is released. */
export function isTooOldOnArrival(draft: Draft, input: Journalled): boolean {
  return !input.duplicate && judge(input, draft.policy).tooOld;
}

export function onBurstDeadline(draft: Draft): boolean {
  const due = draft.state.bursts.held.filter(
    (burst) => burst.since + LIMITS.burstDeadlineMs <= draft.at || waitsFor(draft, burst) === null,
  );
  decide(draft, "inbound/burst-deadline");
  for (const burst of due) release(draft, burst, "deadline");
  return true;
}

/** A login of somebody else, or a logout: what waits belongs to an account that is gone; its journal goes with it. */
export function forgetBursts(draft: Draft): void {
  update(draft, { held: [], fills: [], notice: null });
}

/** At the end of every step: releases what has nothing to wait for any more, keeps the bounds, and tells the owner. */
export function reactToBursts(draft: Draft, before: AccountState, input: Input): void {
  noteFills(draft, input);
  if (draft.state.connection.phase === "open" && before.connection.phase !== "open") {
    // Until now there was nobody to wait for.
    const held = draft.state.bursts.held.map((burst) => ({ ...burst, since: draft.at }));
    if (held.length > 0) update(draft, { held });
  }
  for (const burst of draft.state.bursts.held) {
    if (waitsFor(draft, burst) === null) release(draft, burst, "caught-up");
  }
  keepBounds(draft);
  if (input.kind === "message.journalled") noteHold(draft, input);
  keepDeadline(draft, before);
  tellOwner(draft);
}

/**
 * Which chats the phone is being asked about: from the decision to ask to its answer. Messages wait for it only while it may be expected to answer
 * soon: after the first question about a gap, and after each page. A question that follows on silence holds nobody up, because a phone that is
 * off stays silent for hours; what it brings then belongs to the next turn.
 */
function noteFills(draft: Draft, input: Input): void {
  const { fills } = draft.state.bursts;
  const isOver = input.kind === "history.answered" || input.kind === "history.failed";
  const open = fills.filter(
    ({ chat, askedAt }) =>
      !(isOver && chat === input.chat) && askedAt + LIMITS.burstDeadlineMs > draft.at,
  );
  const holdUntil = draft.at + draft.policy.backfill.holdMs;
  const asked = draft.effects.flatMap(({ effect }): Fill[] =>
    effect.kind === "history.request"
      ? [
          {
            chat: effect.chat,
            askedAt: draft.at,
            holdUntil: isAnswerExpected(draft, effect.chat, input) ? holdUntil : draft.at,
          },
        ]
      : [],
  );
  const coming = comingPage(draft, input, open);
  if (coming === null && asked.length === 0 && open.length === fills.length) return;
  const others = coming === null ? open : open.filter(({ chat }) => chat !== coming.chat);
  const pages = coming === null ? [] : [coming];
  update(draft, { fills: [...others, ...pages, ...asked].slice(-LIMITS.fillsUnderWay) });
}

function isAnswerExpected(draft: Draft, chat: string, input: Input): boolean {
  if (input.kind === "history.answered" && input.chat === chat) return true;
  return draft.state.backfill.gaps.some((gap) => gap.chat === chat && gap.requests === 1);
}

/** A page is taken in message by message; the end of it is the answer itself. Without this a late page would be a turn per message. */
function comingPage(draft: Draft, input: Input, open: readonly Fill[]): Fill | null {
  if (input.kind !== "message.journalled" || input.via !== "history") return null;
  // After a restart what was not settled is judged again: no page comes with it.
  if (currentSocket(draft.state.connection) !== input.socketId) return null;
  const { chat } = input;
  const known = open.find((fill) => fill.chat === chat);
  const holdUntil = Math.max(known?.holdUntil ?? 0, draft.at + PAGE_MS);
  return { chat, askedAt: known?.askedAt ?? draft.at, holdUntil };
}

/** The messages of a page and its end are posted in one go; the limit is for the case that the end gets lost. */
const PAGE_MS = 1_000;

/** Why a burst still waits, null when it need not. */
function waitsFor(draft: Draft, burst: Burst): HoldReason | null {
  const { connection, drain } = draft.state;
  if (!burst.messages.some(isForSomebody)) return null;
  if (connection.phase !== "open") return "not-connected";
  if (isFilling(draft, burst)) return "history";
  const { ledger } = drain;
  if (ledger?.socketId === connection.socketId) {
    return ledger.phase === "closed" ? null : "delivery";
  }
  // The server says what it kept right after the login: what waited for the connection waits for that too.
  const hasWaited = burst.messages.some(({ heldAt }) => heldAt <= connection.openedAt);
  return hasWaited ? "delivery" : null;
}

function isFilling({ state, at }: Draft, burst: Burst): boolean {
  return state.bursts.fills.some(({ chat, holdUntil }) => chat === burst.chat && holdUntil > at);
}

/** Status posts and the like are for nobody: they are settled at once, connected or not. */
function isForSomebody({ chatKind }: HeldMessage): boolean {
  return chatKind !== "status" && chatKind !== "other";
}

/** What was held can be too much for one turn, and all bursts together too much for the memory of what is under way. */
function keepBounds(draft: Draft): void {
  for (const burst of draft.state.bursts.held) {
    const surplus = burst.messages.length - LIMITS.burstMessages;
    if (surplus > 0) shed(draft, burst, surplus);
  }
  let { held } = draft.state.bursts;
  while (count(held) > LIMITS.heldMessages) {
    const [oldest] = held;
    if (oldest === undefined) return;
    release(draft, oldest, "full");
    ({ held } = draft.state.bursts);
  }
}

function count(held: readonly Burst[]): number {
  return held.reduce((sum, { messages }) => sum + messages.length, 0);
}

/** The oldest messages of a long burst become context: the turn holds the newest, and the host bounds what it shows before them. */
function shed(draft: Draft, burst: Burst, surplus: number): void {
  for (const message of burst.messages.slice(0, surplus)) {
    const verdict = verdictOf(draft, message);
    admit(
      draft,
      burst.chat,
      message,
      verdict.as === "reply"
        ? {
            ...verdict,
            rule: "inbound/burst-overflow",
            as: "context",
            reason: `more than ${LIMITS.burstMessages} messages wait in this chat`,
          }
        : verdict,
    );
  }
  const rest = { ...burst, messages: burst.messages.slice(surplus) };
  const { held } = draft.state.bursts;
  update(draft, { held: held.map((each) => (each === burst ? rest : each)) });
}

/** Decides about every message of the burst; those for the agent become one turn when at least one of them is to be answered. */
function release(draft: Draft, burst: Burst, why: ReleaseReason): void {
  const { held, nextBurst } = draft.state.bursts;
  update(draft, { held: held.filter((each) => each !== burst) });
  const judged = burst.messages.map((message) => ({
    message,
    verdict: verdictOf(draft, message),
  }));
  const forAgent = judged.filter(({ verdict }) => isForAgent(verdict));
  const replies = forAgent.filter(({ verdict }) => verdict.as === "reply").length;
  const isOneTurn = replies > 0 && forAgent.length > 1;
  for (const { message, verdict } of judged) {
    admit(draft, burst.chat, message, verdict, isOneTurn && isForAgent(verdict) ? nextBurst : null);
  }
  if (!isOneTurn) return;
  update(draft, { nextBurst: nextBurst + 1 });
  emit(draft, `inbound/burst-${why}`, {
    kind: "burst.admit",
    burst: nextBurst,
    chat: burst.chat,
    messages: forAgent.length,
    replies,
    why,
  });
}

function isForAgent({ as }: Verdict): boolean {
  return as === "reply" || as === "context";
}

function verdictOf(draft: Draft, message: HeldMessage): Verdict {
  const waitedMs = draft.at - message.heldAt;
  // What waited for a connection has aged; the moments of a delivery change nothing, so that its ledger and the decisions agree.
  const agedMs = waitedMs > LIMITS.burstDeadlineMs ? waitedMs : 0;
  const ageMs = message.ageMs === null ? null : message.ageMs + agedMs;
  const ownerTold = draft.state.bursts.toldOutage === outageNumber(draft);
  return judge({ ...message, ageMs }, draft.policy, ownerTold);
}

function admit(
  draft: Draft,
  chat: string,
  { messageId }: HeldMessage,
  { rule, as, late, reason }: Verdict,
  burst: number | null = null,
): void {
  emit(draft, rule, {
    kind: "message.admit",
    messageId,
    chat,
    as,
    late,
    ...(reason === null ? {} : { reason }),
    ...(burst === null ? {} : { burst }),
  });
  if (as === "notify-owner") noteForOwner(draft, chat);
}

function noteHold(draft: Draft, { messageId, chat }: Journalled): void {
  const burst = draft.state.bursts.held.find((each) => each.chat === chat);
  if (burst === undefined || burst.messages.every((each) => each.messageId !== messageId)) return;
  const why = waitsFor(draft, burst);
  if (why === null) return;
  emit(draft, "inbound/held", { kind: "message.hold", messageId, chat, why });
}

/** While connected, nothing waits longer than the deadline; without a connection no answer could leave. */
function keepDeadline(draft: Draft, before: AccountState): void {
  const due = nextDue(draft.state.bursts, draft.at);
  if (due === null || draft.state.connection.phase !== "open") {
    cancelTimer(draft, "inbound/burst-over", "burst-deadline");
    return;
  }
  const dueBefore = nextDue(before.bursts, draft.at);
  const isSooner = dueBefore !== null && due < dueBefore;
  if (hasTimer(draft, "burst-deadline") && !isSooner) return;
  startTimer(draft, "inbound/burst-begun", "burst-deadline", due - draft.at);
}

/** When the first burst has waited long enough, for its neighbours or for the phone; null when none waits. */
function nextDue({ held, fills }: BurstsState, at: number): number | null {
  const dues = held.map(({ chat, since }) => {
    const fill = fills.find((each) => each.chat === chat && each.holdUntil > at);
    return Math.min(since + LIMITS.burstDeadlineMs, fill?.holdUntil ?? Infinity);
  });
  return dues.length === 0 ? null : Math.min(...dues);
}

// --- the owner ----------------------------------------------------------------------------------

/** Outages are numbered; what came before the first one of a run belongs to its start. */
function outageNumber(draft: Draft): number {
  return draft.state.backfill.nextOutageId;
}

function noteForOwner(draft: Draft, chat: string): void {
  const notice = draft.state.bursts.notice ?? { messages: 0, chats: [] };
  const { messages, chats } = notice;
  const isNew = !chats.includes(chat) && chats.length < LIMITS.noticeChats;
  update(draft, {
    notice: { ...notice, messages: messages + 1, chats: isNew ? [...chats, chat] : chats },
  });
}

/** One that knows it itself is told nothing new. */
export function onNoticeRestored(
  draft: Draft,
  { messages, chats }: Extract<DrainInput, { kind: "notice.restored" }>,
): boolean {
  const isKnown = draft.state.bursts.notice !== null;
  decide(draft, isKnown ? "inbound/notice-known" : "inbound/notice-restored");
  if (!isKnown) update(draft, { notice: { messages, chats: [], restored: chats } });
  return true;
}

/** One notice per outage, when the catching-up is over and the number is known. */
function tellOwner(draft: Draft): void {
  const { connection, drain, bursts } = draft.state;
  const { notice, held, fills } = bursts;
  if (notice === null || connection.phase !== "open" || held.length > 0 || fills.length > 0) return;
  if (drain.ledger?.socketId === connection.socketId && drain.ledger.phase !== "closed") return;
  const { messages, chats, restored = 0 } = notice;
  // What comes of the time in which nothing ran belongs to the same notice, so it waits for the end of that outage.
  if (restored > 0 && draft.state.backfill.current !== null) return;
  const effect: Effect = { kind: "owner.notify", messages, chats: chats.length + restored };
  emit(draft, "inbound/owner-notice", effect);
  update(draft, { notice: null, toldOutage: outageNumber(draft) });
}

function update(draft: Draft, change: Partial<BurstsState>): void {
  patch(draft, { bursts: { ...draft.state.bursts, ...change } });
}
