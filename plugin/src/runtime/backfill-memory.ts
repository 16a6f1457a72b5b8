import type { AccountState, Gap, Outage } from "../core/index.ts";
import type { Effect, Input } from "../events/index.ts";
import type { Clock, Journal, OutageEntry, Pseudonymiser } from "./ports.ts";

type Report = Extract<Effect, { kind: "outage.report" }>;

const NAME = "backfill";
const FORMAT = 1;
/** Chats and gaps that a new process is told of. */
const MAX_CHATS = 100;
const MAX_OUTAGES = 50;
/** One outage has one beginning; worked out from two clocks it comes out a little different each time. */
const SAME_BEGIN_MS = 2_000;

/** What is kept, in wall clock time because a run's own clock ends with the run. */
interface Kept {
  readonly format: number;
  readonly requestsAtMs: readonly number[];
  readonly gaps: readonly (Gap & { readonly openedAtMs: number; readonly sinceMs: number })[];
  readonly outages: readonly (Outage & {
    readonly startedAtMs: number;
    readonly endedAtMs: number;
  })[];
}

interface Surroundings {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly pseudonyms: Pseudonymiser;
  readonly post: (input: Input) => void;
}

/** Carries open gaps, the phone's budget and the accounts of outages over the end of a process. */
export class BackfillMemory {
  readonly #around: Surroundings;
  /** As last written; null before the first step. */
  #gaps: readonly Gap[] | null = null;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** After every step; writes only when something that has to survive has changed. */
  follow({ backfill }: AccountState): void {
    const isFirst = this.#gaps === null;
    if (backfill.gaps === this.#gaps) return;
    this.#gaps = backfill.gaps;
    // What there was before this controller is what is kept.
    if (isFirst) return;
    const open = new Set(backfill.gaps.map(({ outageId }) => outageId));
    const kept: Kept = {
      format: FORMAT,
      requestsAtMs: backfill.requestTimes.map((at) => this.#toWall(at)),
      gaps: backfill.gaps.map((gap) => ({
        ...gap,
        openedAtMs: this.#toWall(gap.openedAt),
        sinceMs: this.#toWall(gap.since),
        anchors: gap.anchors.map((anchor) => ({ ...anchor, sentAt: this.#toWall(anchor.sentAt) })),
      })),
      outages: backfill.past
        .filter(({ outageId }) => open.has(outageId))
        .map((outage) => ({
          ...outage,
          startedAtMs: this.#toWall(outage.startedAt),
          endedAtMs: this.#toWall(outage.endedAt ?? outage.startedAt),
        })),
    };
    this.#around.journal.keep(NAME, JSON.stringify(kept));
  }

  /** The account of an outage, for those who ask after this run. */
  record(report: Report): void {
    const { journal } = this.#around;
    const beganMs = this.#toWall(report.startedAt);
    const known = journal
      .recentOutages(MAX_OUTAGES)
      .find((entry) => Math.abs(entry.startedAtMs - beganMs) < SAME_BEGIN_MS);
    const entry: OutageEntry = {
      startedAtMs: known?.startedAtMs ?? beganMs,
      endedAtMs: this.#toWall(report.endedAt),
      causeId: report.causeId,
      revision: report.revision,
      attempts: report.attempts,
      recoveredOffline: report.recoveredOffline,
      recoveredHistory: report.recoveredHistory,
      duplicates: report.duplicates,
      tooOld: report.tooOld,
      unanswered: report.unanswered,
      waiting: report.waiting ?? 0,
    };
    journal.recordOutage(entry);
  }

  /** Tells an account that begins afresh what the process before knew. One that goes on knows it better. */
  restore({ backfill }: AccountState): void {
    if (backfill.marks.length + backfill.past.length + backfill.gaps.length > 0) return;
    const { journal, pseudonyms, post } = this.#around;
    const kept = read(journal.kept(NAME));
    for (const mark of journal.recentHighWater(MAX_CHATS)) {
      const isGroup = mark.conversation.endsWith("@g.us");
      if (!isGroup && !/@(lid|s\.whatsapp\.net)$/.test(mark.conversation)) continue;
      post({
        kind: "chat.restored",
        chat: pseudonyms.address(mark.conversation),
        messageId: mark.messageId,
        ageMs: this.#ageOf(mark.sentAtMs),
        isDirect: !isGroup,
      });
    }
    if (kept === null) return;
    for (const atMs of kept.requestsAtMs) {
      post({ kind: "history.restored", ageMs: this.#ageOf(atMs) });
    }
    for (const outage of kept.outages) this.#restoreOutage(outage);
    for (const gap of kept.gaps.slice(0, MAX_CHATS)) this.#restoreGap(gap);
  }

  #restoreOutage(outage: Kept["outages"][number]): void {
    const { outageId, revision, causeId, attempts, startedAtMs, endedAtMs } = outage;
    this.#around.post({
      kind: "outage.restored",
      outageId,
      revision,
      startedAgeMs: this.#ageOf(startedAtMs),
      endedAgeMs: this.#ageOf(endedAtMs),
      causeId,
      attempts,
      recoveredOffline: outage.recoveredOffline,
      recoveredHistory: outage.recoveredHistory,
      duplicates: outage.duplicates,
      tooOld: outage.tooOld,
    });
  }

  #restoreGap(gap: Kept["gaps"][number]): void {
    const { chat, evidence, outageId, lastSeen, afterDelivery, isDirect } = gap;
    const anchor = gap.anchors.at(-1);
    this.#around.post({
      kind: "gap.restored",
      chat,
      evidence,
      outageId,
      openedAgeMs: this.#ageOf(gap.openedAtMs),
      sinceAgeMs: this.#ageOf(gap.sinceMs),
      lastSeen,
      afterDelivery,
      ...(anchor === undefined
        ? {}
        : { anchorMessageId: anchor.messageId, anchorAgeMs: this.#ageOf(anchor.sentAt) }),
      isDirect,
      requests: gap.requests,
      recovered: gap.recovered,
      pages: gap.pages,
    });
  }

  #toWall(at: number): number {
    const { clock } = this.#around;
    return Math.round(clock.wallMs() - clock.monotonicMs() + at);
  }

  #ageOf(wallMs: number): number {
    return Math.max(0, Math.round(this.#around.clock.wallMs() - wallMs));
  }
}

function read(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as Partial<Kept>;
    // Another version's memory is its own; what it knew is asked of the phone again when evidence turns up.
    return kept.format === FORMAT ? (kept as Kept) : null;
  } catch {
    return null;
  }
}
