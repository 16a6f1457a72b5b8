import type { BackfillInput } from "../events/index.ts";
import type { CauseId } from "./causes.ts";
import { type Draft, patch } from "./draft.ts";

/** The account of one outage: from the loss of an open connection to the end of what was delivered afterwards. */
export interface Outage {
  readonly outageId: number;
  readonly startedAt: number;
  readonly causeId: CauseId;
  readonly attempts: number;
  /** Null while it lasts. */
  readonly endedAt: number | null;
  readonly revision: number;
  readonly recoveredOffline: number;
  readonly recoveredHistory: number;
  readonly duplicates: number;
  readonly tooOld: number;
  /** Chats about which the phone was asked in vain, as last written. */
  readonly unanswered: number;
  /** Of those, the ones that nobody will ask about again. */
  readonly givenUp: number;
  /** The figures are no longer those that were written. */
  readonly changed: boolean;
}

export type GapEvidence = Extract<BackfillInput, { kind: "gap.suspected" }>["evidence"];

/** A message that the phone can be asked with: it answers with what was written before it. */
export interface Anchor {
  readonly messageId: string;
  readonly sentAt: number;
}

/** The newest message of a chat that is safely in the journal. `sentAt` is on the monotonic clock, so it may be below zero. */
export interface ChatMark extends Anchor {
  readonly chat: string;
  readonly isDirect: boolean;
}

/** A chat in which something is, or may be, missing. At most one per chat: the older one covers the newer. */
export interface Gap {
  readonly chat: string;
  readonly evidence: GapEvidence;
  /** Whose account a recovered message goes to when its own time does not tell. */
  readonly outageId: number | null;
  readonly openedAt: number;
  /** Before this what is missing may still come by itself: by a retry of its sender, or as the phone's copy of one message. */
  readonly notBefore: number;
  /** When the last message before the gap was written, or the beginning of the window. */
  readonly since: number;
  /** Whether a message from before the gap is known: an answer that holds nothing cannot be true then. */
  readonly lastSeen: boolean;
  /** The ids that are known to be missing. Empty: anything may be. */
  readonly missing: readonly string[];
  /** Anything up to the end of the offline delivery may be missing, so only a message from after it is behind the gap. */
  readonly afterDelivery: boolean;
  /** Direct chats have two addresses, and the phone may answer to one of them only. */
  readonly isDirect: boolean;
  readonly anchors: readonly Anchor[];
  readonly stage: "waiting" | "queued" | "asked" | "unanswered";
  /** Counts over the anchors and, in a direct chat, both addresses of each. */
  readonly attempt: number;
  /** The address that is tried first: the one that was answered, if any. */
  readonly form: "lid" | "pn";
  readonly requestId: string | null;
  readonly requests: number;
  readonly recovered: number;
  readonly pages: number;
}

/** Something is missing and nobody knows in which chat: every chat that speaks up is looked through. */
export interface Suspicion {
  readonly evidence: GapEvidence;
  readonly outageId: number | null;
  readonly at: number;
}

export interface BackfillState {
  readonly nextOutageId: number;
  /** Running or waiting for its account. */
  readonly current: Outage | null;
  /** Most recent last; bounded. */
  readonly past: readonly Outage[];
  readonly alerted: boolean;
  /** Least recently used first; bounded. */
  readonly marks: readonly ChatMark[];
  /** The marks as they were when the account went away last. */
  readonly baseline: readonly ChatMark[];
  /** When it went away last; null when it never did. */
  readonly awaySince: number | null;
  /** The socket whose delivery was looked through for losses. */
  readonly concludedSocket: number | null;
  /** Stanzas that the server still has to deliver, because a delivery was cut short. */
  readonly owed: number;
  readonly suspicion: Suspicion | null;
  /** Chats of which a gap was opened since the account went away last. */
  readonly covered: readonly string[];
  /** Oldest first; bounded. */
  readonly gaps: readonly Gap[];
  /** When the phone was asked within the last hour, ascending. */
  readonly requestTimes: readonly number[];
  readonly nextRequest: number;
  /** Requests that were answered: phones repeat their answers. Bounded. */
  readonly answered: readonly string[];
}

export const INITIAL_BACKFILL: BackfillState = {
  nextOutageId: 1,
  current: null,
  past: [],
  alerted: false,
  marks: [],
  baseline: [],
  awaySince: null,
  concludedSocket: null,
  owed: 0,
  suspicion: null,
  covered: [],
  gaps: [],
  requestTimes: [],
  nextRequest: 1,
  answered: [],
};

export function updateBackfill(draft: Draft, change: Partial<BackfillState>): void {
  patch(draft, { backfill: { ...draft.state.backfill, ...change } });
}

export function gapOf(draft: Draft, chat: string): Gap | undefined {
  return draft.state.backfill.gaps.find((gap) => gap.chat === chat);
}

export function replaceGap(draft: Draft, gap: Gap): void {
  const gaps = draft.state.backfill.gaps.map((each) => (each.chat === gap.chat ? gap : each));
  updateBackfill(draft, { gaps });
}
