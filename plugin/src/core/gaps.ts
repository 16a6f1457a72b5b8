import type { BackfillInput, DrainInput } from "../events/index.ts";
import { countFromPhone, countGivenUp, OUTAGE, reviseAccounts, settleOutage } from "./backfill.ts";
import {
  type Anchor,
  type ChatMark,
  type Gap,
  type GapEvidence,
  gapOf,
  replaceGap,
  updateBackfill,
} from "./backfill-state.ts";
import { isTooOldOnArrival } from "./bursts.ts";
import { decide, type Draft, emit, startTimer } from "./draft.ts";
import type { DrainLedger } from "./drain.ts";
import { LIMITS } from "./limits.ts";
import { currentSocket } from "./state.ts";

type InputOf<K extends BackfillInput["kind"]> = Extract<BackfillInput, { kind: K }>;
type Journalled = Extract<DrainInput, { kind: "message.journalled" }>;
type Orphaned = Extract<DrainInput, { kind: "message.orphaned" }>;

/** The open connection was left. What came until now is known; several drops in a row are one absence. */
export function noteAway(draft: Draft): void {
  const { marks, current } = draft.state.backfill;
  if (current !== null) return;
  updateBackfill(draft, {
    baseline: marks,
    awaySince: draft.at,
    covered: [],
    suspicion: null,
  });
}

/** The device is unlinked: chats, gaps and what the server owed were of somebody else. */
export function forgetChats(draft: Draft): void {
  updateBackfill(draft, {
    marks: [],
    baseline: [],
    awaySince: null,
    owed: 0,
    suspicion: null,
    covered: [],
    gaps: [],
  });
}

// --- evidence -----------------------------------------------------------------------------------

/** A quote of a message that the journal does not have, or what another part noticed. */
export function onGapSuspected(draft: Draft, input: InputOf<"gap.suspected">): boolean {
  const { chat, evidence, messageId } = input;
  if (chat === null) {
    suspectEveryChat(draft, evidence, true);
    return true;
  }
  if (evidence === "quote-unknown" && !isQuoteTelling(draft, chat)) {
    decide(draft, "backfill/quote-old");
    return true;
  }
  const mark = markOf(draft.state.backfill.marks, chat);
  openGap(draft, "backfill/gap", {
    chat,
    evidence,
    before: markOf(draft.state.backfill.baseline, chat),
    missing: messageId === undefined ? [] : [messageId],
    // The quoting message is the newest of its chat, and behind the gap.
    anchors: evidence === "quote-unknown" && mark !== undefined ? [mark] : [],
  });
  return true;
}

/**
 * People quote messages of last year. A quote of something unknown tells of a loss only where one can have happened: the account was away
 * within the window, and the chat was not looked through since.
 */
function isQuoteTelling(draft: Draft, chat: string): boolean {
  const { awaySince, covered } = draft.state.backfill;
  const isRecent = awaySince !== null && draft.at - awaySince <= draft.policy.backfill.windowMs;
  return isRecent && !covered.includes(chat);
}

/** A stanza that brought no message; its sender or the phone may still send it by itself. */
export function noteOrphan(draft: Draft, { chat, messageId, why }: Orphaned): void {
  if (chat === null) return;
  const known = gapOf(draft, chat);
  if (known !== undefined) {
    if (known.missing.length === 0 || known.missing.includes(messageId)) return;
    const missing = [...known.missing, messageId].slice(-LIMITS.missingPerGap);
    replaceGap(draft, { ...known, missing });
    return;
  }
  openGap(draft, "backfill/orphan", {
    chat,
    evidence: ORPHAN_EVIDENCE[why],
    before: markOf(draft.state.backfill.marks, chat),
    missing: [messageId],
    graceMs: LIMITS.orphanGraceMs,
  });
}

const ORPHAN_EVIDENCE: Readonly<Record<Orphaned["why"], GapEvidence>> = {
  undecryptable: "decrypt-failure",
  "key-used": "key-used",
  "no-upsert": "stanza-without-message",
  unavailable: "stanza-without-message",
};

/** A delivery broke off: the server still owes what was not receipted, and whether it keeps its word shows at the next one. */
export function noteBrokenDelivery(draft: Draft, { announced, receipted }: DrainLedger): void {
  const owed = Math.max(draft.state.backfill.owed, announced) - receipted;
  updateBackfill(draft, { owed: Math.max(0, owed) });
}

/** The `history-deadline` of an outage: there is no delivery to wait for, unless one is still under way. */
export function onOutageDeadline(draft: Draft): boolean {
  if (deliveryOf(draft)?.phase === "draining") {
    startTimer(draft, "outage/delivering", "history-deadline", LIMITS.outageSettleMs, OUTAGE);
    return true;
  }
  concludeDelivery(draft);
  settleOutage(draft);
  decide(draft, "outage/settled");
  return true;
}

/** Once per connection, when what the server kept has come, or will not come: is something missing? */
export function concludeDelivery(draft: Draft): void {
  const socketId = currentSocket(draft.state.connection);
  const { concludedSocket, current } = draft.state.backfill;
  if (socketId === null || concludedSocket === socketId) return;
  const found = lookForLosses(draft);
  updateBackfill(draft, { concludedSocket: socketId, owed: 0 });
  if (found !== null) suspectEveryChat(draft, found.evidence, found.isCertain);
  else if (current !== null && draft.policy.backfill.history === "always") {
    suspectEveryChat(draft, "by-policy", false);
  }
}

function lookForLosses(
  draft: Draft,
): { readonly evidence: GapEvidence; readonly isCertain: boolean } | null {
  const { owed, current } = draft.state.backfill;
  const ledger = deliveryOf(draft);
  if (ledger !== null && ledger.delivered < ledger.announced) {
    return { evidence: "announced-more", isCertain: true };
  }
  if (owed > (ledger?.announced ?? 0)) return { evidence: "drain-cut-short", isCertain: true };
  if (ledger !== null) {
    const { journalled, duplicates, orphaned, skipped, messages } = ledger;
    if (journalled + duplicates + orphaned + skipped < messages) {
      return { evidence: "stanza-without-message", isCertain: true };
    }
  }
  const wasAwayMs = current === null ? 0 : (current.endedAt ?? draft.at) - current.startedAt;
  const isEmpty = ledger === null || ledger.delivered === 0;
  return isEmpty && wasAwayMs >= LIMITS.emptyDeliveryMs
    ? { evidence: "outage-without-drain", isCertain: false }
    : null;
}

/** The ledger of the connection in charge. */
function deliveryOf(draft: Draft): DrainLedger | null {
  const { ledger } = draft.state.drain;
  return ledger?.socketId === currentSocket(draft.state.connection) ? ledger : null;
}

/**
 * Opens a gap in each chat that was active before the account went away.
 *
 * @param isCertain something is missing for sure, so every other chat that speaks up is looked through as well
 */
function suspectEveryChat(draft: Draft, evidence: GapEvidence, isCertain: boolean): void {
  decide(draft, `backfill/${evidence}`);
  if (draft.policy.backfill.history === "off") return;
  const { baseline, current } = draft.state.backfill;
  const outageId = current?.outageId ?? null;
  const from = (current?.startedAt ?? draft.at) - lookBackMs(draft, evidence);
  const active = baseline.filter((mark) => mark.sentAt >= from).slice(-LIMITS.chatsPerOutage);
  for (const before of active) {
    openGap(draft, `backfill/${evidence}`, {
      chat: before.chat,
      evidence,
      before,
      afterDelivery: true,
    });
  }
  if (isCertain) updateBackfill(draft, { suspicion: { evidence, outageId, at: draft.at } });
}

/**
 * How long before an outage a chat counts as active. Without a sign of a loss the chat must have been so busy that silence during the whole
 * outage would be unusual.
 */
function lookBackMs(draft: Draft, evidence: GapEvidence): number {
  const { windowMs } = draft.policy.backfill;
  const { current } = draft.state.backfill;
  if (evidence !== "outage-without-drain") return windowMs;
  const wasAwayMs = current === null ? 0 : (current.endedAt ?? draft.at) - current.startedAt;
  return Math.min(windowMs, Math.max(LIMITS.activeChatMs, wasAwayMs));
}

// --- arrivals -----------------------------------------------------------------------------------

/** A message is in the journal: it may be what was missing, or the anchor that a gap waits for. */
export function noteArrival(draft: Draft, input: Journalled): void {
  if (input.chatKind !== "direct" && input.chatKind !== "group") return;
  const { messageId, chat, via, duplicate } = input;
  // After a restart what was not settled is judged again; it arrived long ago, and was counted.
  const isArrival = currentSocket(draft.state.connection) === input.socketId;
  const mark: ChatMark = {
    chat,
    isDirect: input.chatKind === "direct",
    messageId,
    sentAt: draft.at - (input.ageMs ?? 0),
  };
  noteFound(draft, input);
  if (isArrival && via === "history") {
    noteFromPhone(draft, input, mark.sentAt);
  } else if (isArrival && !duplicate) {
    if (via === "live") openSuspectedGap(draft, input);
    offerAnchor(draft, input, mark);
  }
  if (!duplicate) raiseMark(draft, mark);
}

/** What was missing came by itself. */
function noteFound(draft: Draft, { chat, messageId }: Journalled): void {
  const gap = gapOf(draft, chat);
  if (gap === undefined || !gap.missing.includes(messageId)) return;
  const missing = gap.missing.filter((id) => id !== messageId);
  if (missing.length > 0 || gap.requests > 0) {
    // Never back to "anything may be missing": the last id stays until the phone has answered.
    if (missing.length > 0) replaceGap(draft, { ...gap, missing });
    return;
  }
  closeGap(draft, "backfill/made-good", gap, "made-good");
}

function noteFromPhone(draft: Draft, input: Journalled, sentAt: number): void {
  const gap = gapOf(draft, input.chat);
  countFromPhone(draft, sentAt, gap?.outageId ?? null, {
    recoveredHistory: input.duplicate ? 0 : 1,
    duplicates: input.duplicate ? 1 : 0,
    tooOld: isTooOldOnArrival(draft, input) ? 1 : 0,
  });
  if (gap !== undefined && !input.duplicate) {
    replaceGap(draft, { ...gap, recovered: gap.recovered + 1 });
  }
}

function openSuspectedGap(draft: Draft, { chat }: Journalled): void {
  const { suspicion, covered, baseline } = draft.state.backfill;
  if (suspicion === null || covered.includes(chat)) return;
  if (draft.at - suspicion.at > draft.policy.backfill.windowMs) {
    updateBackfill(draft, { suspicion: null });
    return;
  }
  openGap(draft, "backfill/suspected", {
    chat,
    evidence: suspicion.evidence,
    outageId: suspicion.outageId,
    before: markOf(baseline, chat),
    afterDelivery: true,
  });
}

/** The first message behind a gap is what the phone is asked with; a further one where that was not answered. */
function offerAnchor(draft: Draft, input: Journalled, mark: ChatMark): void {
  const gap = gapOf(draft, input.chat);
  if (gap === undefined || gap.anchors.length >= LIMITS.anchorsPerGap) return;
  if (gap.afterDelivery && input.via !== "live") return;
  if (gap.missing.includes(input.messageId) || isFromOwnDevice(input)) return;
  const anchors = [...gap.anchors, { messageId: mark.messageId, sentAt: mark.sentAt }];
  const stage = gap.stage === "asked" ? "asked" : "queued";
  replaceGap(draft, { ...gap, anchors, stage, isDirect: input.chatKind === "direct" });
}

/**
 * Ids that linked devices make begin so. ASSUMPTION: a phone does not answer for those of its own account's devices (openclaw/wacli#371,
 * #373); other people's are tried.
 */
const DEVICE_ID = /^3EB0/;

function isFromOwnDevice({ fromMe, messageId }: Journalled): boolean {
  return fromMe && DEVICE_ID.test(messageId);
}

function raiseMark(draft: Draft, mark: ChatMark): void {
  const { marks } = draft.state.backfill;
  const known = markOf(marks, mark.chat);
  if (known !== undefined && known.sentAt > mark.sentAt) return;
  const others = marks.filter(({ chat }) => chat !== mark.chat);
  updateBackfill(draft, { marks: [...others, mark].slice(-LIMITS.chatsRemembered) });
}

function markOf(marks: readonly ChatMark[], chat: string): ChatMark | undefined {
  return marks.find((mark) => mark.chat === chat);
}

// --- the life of a gap --------------------------------------------------------------------------

interface OpenGap {
  readonly chat: string;
  readonly evidence: GapEvidence;
  readonly outageId?: number | null;
  /** What was last seen before it, if anything. */
  readonly before: ChatMark | undefined;
  readonly missing?: readonly string[];
  readonly anchors?: readonly Anchor[];
  readonly afterDelivery?: boolean;
  readonly graceMs?: number;
}

function openGap(draft: Draft, rule: string, found: OpenGap): void {
  decide(draft, rule);
  if (draft.policy.backfill.history === "off" || gapOf(draft, found.chat) !== undefined) return;
  makeRoom(draft);
  const { gaps, covered, current } = draft.state.backfill;
  const windowBegin = draft.at - draft.policy.backfill.windowMs;
  const anchors = found.anchors ?? [];
  const mark = markOf(draft.state.backfill.marks, found.chat);
  const outageId = found.outageId === undefined ? (current?.outageId ?? null) : found.outageId;
  const gap: Gap = {
    chat: found.chat,
    evidence: found.evidence,
    outageId,
    openedAt: draft.at,
    notBefore: draft.at + (found.graceMs ?? 0),
    since: Math.max(windowBegin, found.before?.sentAt ?? windowBegin),
    lastSeen: found.before !== undefined && found.before.sentAt >= windowBegin,
    missing: found.missing ?? [],
    afterDelivery: found.afterDelivery ?? false,
    isDirect: (mark ?? found.before)?.isDirect ?? true,
    anchors,
    stage: anchors.length === 0 ? "waiting" : "queued",
    attempt: 0,
    form: "lid",
    requestId: null,
    requests: 0,
    recovered: 0,
    pages: 0,
  };
  const nowCovered = covered.includes(gap.chat) ? covered : [...covered, gap.chat];
  updateBackfill(draft, {
    gaps: [...gaps, gap],
    covered: nowCovered.slice(-LIMITS.chatsRemembered),
  });
  emit(draft, rule, { kind: "gap.open", chat: gap.chat, evidence: gap.evidence, outageId });
}

/** The queue is bounded: the gap that has waited longest without being asked about gives way, and is reported. */
function makeRoom(draft: Draft): void {
  const { gaps } = draft.state.backfill;
  if (gaps.length < LIMITS.openGaps) return;
  const oldest = gaps.find(({ stage }) => stage !== "asked");
  if (oldest !== undefined) closeGap(draft, "backfill/overflow", oldest, "overflow");
}

type Outcome = "filled" | "nothing-missing" | "made-good" | "expired" | "overflow" | "switched-off";

export function closeGap(draft: Draft, rule: string, gap: Gap, outcome: Outcome): void {
  const gaps = draft.state.backfill.gaps.filter(({ chat }) => chat !== gap.chat);
  updateBackfill(draft, { gaps });
  if (gap.stage === "unanswered" && (outcome === "expired" || outcome === "overflow")) {
    countGivenUp(draft, gap.outageId);
  }
  reportGap(draft, rule, gap, outcome);
  reviseAccounts(draft);
}

/** The phone did not answer: reported now, and kept for the next anchor or a late answer. */
export function setUnanswered(draft: Draft, rule: string, gap: Gap): void {
  replaceGap(draft, { ...gap, stage: "unanswered", requestId: null });
  reportGap(draft, rule, gap, "unanswered");
  reviseAccounts(draft);
}

function reportGap(draft: Draft, rule: string, gap: Gap, outcome: Outcome | "unanswered"): void {
  const { chat, requests, recovered } = gap;
  emit(draft, rule, { kind: "gap.close", chat, outcome, requests, recovered });
}
