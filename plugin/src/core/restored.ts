import type { BackfillInput } from "../events/index.ts";
import { type Gap, gapOf, type Outage, updateBackfill } from "./backfill-state.ts";
import { CAUSES, type CauseId } from "./causes.ts";
import { decide, type Draft } from "./draft.ts";
import { LIMITS } from "./limits.ts";

type InputOf<K extends BackfillInput["kind"]> = Extract<BackfillInput, { kind: K }>;

/** What the journal kept of the process before this one. Only a fresh account takes it over: one that goes on knows it better. */
export type RestoredInput = InputOf<
  "chat.restored" | "history.restored" | "outage.restored" | "gap.restored"
>;

export function onRestored(draft: Draft, input: RestoredInput): boolean {
  decide(draft, "backfill/restored");
  switch (input.kind) {
    case "chat.restored":
      restoreChat(draft, input);
      return true;
    case "history.restored":
      restoreRequest(draft, input);
      return true;
    case "outage.restored":
      restoreOutage(draft, input);
      return true;
    case "gap.restored":
      restoreGap(draft, input);
      return true;
  }
}

/** Whatever process it was that saw these chats: since then the account was away. */
function restoreChat(draft: Draft, input: InputOf<"chat.restored">): void {
  const { chat, messageId, ageMs, isDirect } = input;
  const { marks, awaySince } = draft.state.backfill;
  if (marks.some((mark) => mark.chat === chat)) return;
  const restored = [...marks, { chat, isDirect, messageId, sentAt: draft.at - ageMs }]
    .toSorted((a, b) => a.sentAt - b.sentAt)
    .slice(-LIMITS.chatsRemembered);
  updateBackfill(draft, {
    marks: restored,
    baseline: restored,
    awaySince: awaySince ?? draft.at,
  });
}

function restoreRequest(draft: Draft, { ageMs }: InputOf<"history.restored">): void {
  const times = [...draft.state.backfill.requestTimes, draft.at - ageMs];
  updateBackfill(draft, { requestTimes: times.toSorted((a, b) => a - b) });
}

function restoreOutage(draft: Draft, input: InputOf<"outage.restored">): void {
  const { past, nextOutageId } = draft.state.backfill;
  const { outageId, causeId, startedAgeMs, endedAgeMs } = input;
  if (past.some((outage) => outage.outageId === outageId)) return;
  const outage: Outage = {
    outageId,
    startedAt: draft.at - startedAgeMs,
    endedAt: draft.at - endedAgeMs,
    causeId: Object.hasOwn(CAUSES, causeId) ? (causeId as CauseId) : "unknown",
    attempts: input.attempts,
    revision: input.revision,
    recoveredOffline: input.recoveredOffline,
    recoveredHistory: input.recoveredHistory,
    duplicates: input.duplicates,
    tooOld: input.tooOld,
    unanswered: 0,
    givenUp: 0,
    changed: false,
  };
  updateBackfill(draft, {
    past: [...past, outage].slice(-LIMITS.outagesRemembered),
    nextOutageId: Math.max(nextOutageId, outageId + 1),
  });
}

function restoreGap(draft: Draft, input: InputOf<"gap.restored">): void {
  const { gaps, covered } = draft.state.backfill;
  if (gapOf(draft, input.chat) !== undefined || gaps.length >= LIMITS.openGaps) return;
  const { anchorMessageId, anchorAgeMs } = input;
  const anchors =
    anchorMessageId === undefined
      ? []
      : [{ messageId: anchorMessageId, sentAt: draft.at - (anchorAgeMs ?? 0) }];
  const gap: Gap = {
    chat: input.chat,
    evidence: input.evidence,
    outageId: input.outageId,
    openedAt: draft.at - input.openedAgeMs,
    notBefore: draft.at,
    since: draft.at - input.sinceAgeMs,
    lastSeen: input.lastSeen,
    missing: [],
    afterDelivery: input.afterDelivery,
    isDirect: input.isDirect,
    anchors,
    stage: anchors.length === 0 ? "waiting" : "queued",
    attempt: 0,
    form: "lid",
    requestId: null,
    requests: input.requests,
    recovered: input.recovered,
    pages: input.pages,
  };
  updateBackfill(draft, { gaps: [...gaps, gap], covered: [...covered, gap.chat] });
}
