import type { AccountId } from "openclaw-whatsapp-continuity-plugin/events";
import { type AccountView, foldAccount, initialAccountView } from "../account-view.ts";
import type { FeedBatch, StreamGap, TimedRecord } from "../feed-item.ts";
import { RecordBuffer } from "../record-buffer.ts";
import { createLane, isWarning, type Lane, LANE_KINDS, type LaneKind, laneOf } from "./lanes.ts";

/** The captured work of one controller going over to the next, or the cause of an outage. */
export interface TimelineLink {
  readonly kind: "handover";
  readonly fromLane: string;
  readonly fromMs: number;
  readonly toLane: string;
  readonly toMs: number;
}

interface AccountLanes {
  view: AccountView;
  readonly lanes: Map<string, Lane>;
  /** The controller that ended last: the next one is its successor. */
  ended: { readonly lane: string; readonly ms: number } | null;
}

const MAX_LINKS = 5_000;
const MAX_GAPS = 1_000;
const MAX_ACCOUNTS = 200;
/** Lanes of controllers per account: the latest; an account that restarts all day stays readable. */
const MAX_CONTROLLER_LANES = 12;

/**
 * What a timeline draws, folded record by record from the same reducer that feeds the tree: lanes with spans and marks, links
 * between them, and holes. Keeps a bounded window of records; older ones go with everything drawn from them.
 */
export class TimelineModel {
  readonly records: RecordBuffer;
  readonly #accounts = new Map<AccountId, AccountLanes>();
  #links: TimelineLink[] = [];
  #gaps: StreamGap[] = [];
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #trimmedAt = 0;
  #lanes: readonly Lane[] | null = null;

  constructor(maxRecords?: number) {
    this.records = new RecordBuffer(maxRecords);
  }

  /** Wall clock of the earliest and the latest record; both infinite while there is none. */
  get firstMs(): number {
    return this.#firstMs;
  }
  get lastMs(): number {
    return this.#lastMs;
  }
  get isEmpty(): boolean {
    return this.records.length === 0;
  }
  get links(): readonly TimelineLink[] {
    return this.#links;
  }
  get gaps(): readonly StreamGap[] {
    return this.#gaps;
  }
  get accounts(): readonly AccountView[] {
    return [...this.#accounts.values()].map(({ view }) => view);
  }

  /** All lanes, account by account, from top to bottom. */
  get lanes(): readonly Lane[] {
    this.#lanes ??= [...this.#accounts.values()].flatMap(({ lanes }) =>
      [...lanes.values()].toSorted((a, b) => orderOf(a) - orderOf(b)),
    );
    return this.#lanes;
  }

  append({ records, gaps }: FeedBatch): void {
    for (const timed of records) this.#appendRecord(timed);
    if (gaps.length > 0) this.#gaps = [...this.#gaps, ...gaps].slice(-MAX_GAPS);
    this.#trim();
  }

  #appendRecord(timed: TimedRecord): void {
    const number = this.records.end;
    this.records.append(timed);
    const { record, wallMs } = timed;
    this.#firstMs = Math.min(this.#firstMs, wallMs);
    this.#lastMs = Math.max(this.#lastMs, wallMs);
    if (record.kind === "log.header") return;
    const account = this.#account(record.account, wallMs);
    if (account === null) return;
    const before = account.view;
    account.view = foldAccount(before, timed);
    this.#drawMark(account, timed, number);
    this.#drawSpans(account, before, timed, number);
  }

  #account(id: AccountId, wallMs: number): AccountLanes | null {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    if (this.#accounts.size >= MAX_ACCOUNTS) return null;
    const fresh: AccountLanes = {
      view: initialAccountView(id, wallMs),
      lanes: new Map(),
      ended: null,
    };
    this.#accounts.set(id, fresh);
    return fresh;
  }

  #drawMark(account: AccountLanes, { record, wallMs }: TimedRecord, number: number): void {
    const kind = laneOf(record);
    if (kind === null) return;
    const lane = this.#lane(account, kind);
    lane.marks.add(wallMs, number);
    if (isWarning(record)) lane.warnings.add(wallMs, number);
  }

  #drawSpans(
    account: AccountLanes,
    before: AccountView,
    { record, wallMs }: TimedRecord,
    number: number,
  ): void {
    const { view } = account;
    if (view.phase !== before.phase) {
      const { spans } = this.#lane(account, "phase");
      if (view.phase === "unknown" || view.phase === "idle") spans.end(wallMs);
      else spans.begin(wallMs, view.phase, number);
    }
    if (view.nextAttemptMs !== before.nextAttemptMs) {
      const { spans } = this.#lane(account, "retry");
      if (view.nextAttemptMs === null) spans.end(wallMs);
      else spans.begin(wallMs, "wait", number);
    }
    if (view.socket !== before.socket) {
      const { spans } = this.#lane(account, "socket");
      if (view.socket === null) spans.end(wallMs);
      else spans.begin(wallMs, view.socket.stage, number);
    }
    this.#drawOutage(account, before, wallMs, number);
    this.#drawDrain(account, before, wallMs, number);
    if (record.kind === "controller.started") {
      this.#beginController(account, record.controllerId, wallMs, number);
    } else if (record.kind === "controller.stopped") {
      this.#endController(account, record.controllerId, wallMs);
    }
  }

  #drawOutage(account: AccountLanes, before: AccountView, wallMs: number, number: number): void {
    const was = before.outages.current;
    const is = account.view.outages.current;
    if (is !== null && was === null) {
      this.#lane(account, "outage").spans.begin(wallMs, "outage", number);
    } else if (is === null && was !== null) {
      this.#lane(account, "outage").spans.end(wallMs);
    }
  }

  #drawDrain(account: AccountLanes, before: AccountView, wallMs: number, number: number): void {
    const isRunning = account.view.drain !== null && account.view.drain.outcome === null;
    const wasRunning = before.drain !== null && before.drain.outcome === null;
    if (isRunning && !wasRunning)
      this.#lane(account, "inbound").spans.begin(wallMs, "drain", number);
    else if (wasRunning && !isRunning) this.#lane(account, "inbound").spans.end(wallMs);
  }

  #beginController(account: AccountLanes, id: number, wallMs: number, number: number): void {
    const lane = this.#lane(account, "controller", String(id));
    lane.spans.begin(wallMs, "controller", number);
    const { ended } = account;
    account.ended = null;
    if (ended !== null && ended.lane !== lane.id) {
      const link: TimelineLink = {
        kind: "handover",
        fromLane: ended.lane,
        fromMs: ended.ms,
        toLane: lane.id,
        toMs: wallMs,
      };
      this.#links = [...this.#links, link].slice(-MAX_LINKS);
    }
    const controllers = [...account.lanes.values()].filter(({ kind }) => kind === "controller");
    const excess = controllers[controllers.length - 1 - MAX_CONTROLLER_LANES];
    if (excess !== undefined) {
      account.lanes.delete(excess.id);
      this.#lanes = null;
    }
  }

  #endController(account: AccountLanes, id: number, wallMs: number): void {
    const lane = this.#lane(account, "controller", String(id));
    lane.spans.end(wallMs);
    account.ended = { lane: lane.id, ms: wallMs };
  }

  #lane(account: AccountLanes, kind: LaneKind, suffix = ""): Lane {
    const id = `${account.view.account}/${kind}${suffix}`;
    const known = account.lanes.get(id);
    if (known !== undefined) return known;
    const lane = createLane(account.view.account, kind, suffix);
    account.lanes.set(id, lane);
    this.#lanes = null;
    return lane;
  }

  /** What was drawn from records that were let go goes with them. */
  #trim(): void {
    if (this.records.first === this.#trimmedAt) return;
    this.#trimmedAt = this.records.first;
    const oldest = this.records.at(this.records.first);
    if (oldest === undefined) return;
    this.#firstMs = oldest.wallMs;
    for (const lane of this.lanes) {
      lane.spans.dropBefore(oldest.wallMs);
      lane.marks.dropBefore(oldest.wallMs);
      lane.warnings.dropBefore(oldest.wallMs);
    }
  }
}

function orderOf(lane: Lane): number {
  const controller = lane.kind === "controller" ? Number(lane.title.split(" ")[1] ?? 0) : 0;
  return LANE_KINDS.indexOf(lane.kind) * 1_000_000 + controller;
}
