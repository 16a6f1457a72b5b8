import type { AccountId, Effect, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type {
  Decision,
  Divergence,
  IncidentText,
  Replay,
} from "openclaw-whatsapp-continuity-plugin/replay";
import { changesBetween } from "./changes.ts";
import {
  type CauseView,
  MAX_DIVERGENCES,
  type OpenedIncident,
  type PlaceView,
  type ReplayEngine,
  ReplayProblem,
  type StopRules,
  type StopTable,
} from "./engine.ts";
import type { PluginCode } from "./needed-code.ts";
import { buildStopTable, type Glance } from "./stop-table.ts";
import { TimerBook } from "./timer-book.ts";
import { wordBookkeeping, wordWorld } from "./words.ts";

interface Loaded {
  readonly replay: Replay;
  readonly records: readonly LogRecord[];
  readonly glances: readonly Glance[];
  readonly cursor: ReturnType<PluginCode["replay"]["createCursor"]>;
  readonly timers: TimerBook;
  readonly divergences: ReadonlyMap<number, Divergence>;
  /** Index of a record by run and number. */
  readonly indexOf: (boot: string, seq: number) => number | null;
}

/** Replays in this process, with the given copy of the plugin. */
export class LocalEngine implements ReplayEngine {
  readonly #code: PluginCode;
  #loaded: Loaded | null = null;

  constructor(code: PluginCode) {
    this.#code = code;
  }

  get origin(): PluginCode["identity"]["origin"] {
    return this.#code.identity.origin;
  }

  open(incident: IncidentText): Promise<OpenedIncident> {
    return this.#inWords(() => {
      const { replay, goldenProblem } = this.#replay(incident);
      const { records, lines } = replay.log;
      this.#loaded = this.#load(replay);
      const accounts = [...new Set(records.flatMap((record) => accountOf(record) ?? []))];
      const header = records.find((record) => record.kind === "log.header");
      return {
        code: this.#code.identity,
        title: header?.title ?? null,
        recordedBy: header?.plugin ?? null,
        accounts,
        lines,
        accountOf: records.map((record) => accounts.indexOf(accountOf(record) ?? "\0")),
        isStep: records.map((record) => record.kind !== "log.header" && record.dir !== "out"),
        result: replay.result,
        divergences: replay.divergences.slice(0, MAX_DIVERGENCES),
        goldenProblem,
      };
    });
  }

  stopTable(rules: StopRules): Promise<StopTable> {
    return this.#inWords(() => {
      const { glances } = this.#incident();
      return buildStopTable(rules, glances, (index) => this.#viewAt(index));
    });
  }

  view(index: number): Promise<PlaceView> {
    return this.#inWords(() => this.#viewAt(index));
  }

  golden(incident: IncidentText): Promise<string> {
    return this.#inWords(() => this.#code.replay.writeGolden(incident));
  }

  onEnd(): void {
    // Ends with the process it runs in.
  }

  dispose(): void {
    this.#loaded = null;
  }

  /** A golden that does not fit does not keep anybody from looking at the evidence. */
  #replay(incident: IncidentText): {
    readonly replay: Replay;
    readonly goldenProblem: string | null;
  } {
    const { replayIncident } = this.#code.replay;
    if (incident.golden === null) return { replay: replayIncident(incident), goldenProblem: null };
    try {
      return { replay: replayIncident(incident), goldenProblem: null };
    } catch (error) {
      if (!this.#code.events.isLogFormatError(error)) throw error;
      const replay = replayIncident({ ...incident, golden: null });
      return { replay, goldenProblem: error.message };
    }
  }

  #load(replay: Replay): Loaded {
    const { records, lines } = replay.log;
    const indexByLine = new Map(lines.map((line, index) => [line, index]));
    const bySeq = new Map<string, number>();
    for (const [index, record] of records.entries()) {
      if (record.kind !== "log.header") bySeq.set(`${record.boot} ${record.seq}`, index);
    }
    const indexOf = (boot: string, seq: number): number | null =>
      bySeq.get(`${boot} ${seq}`) ?? null;
    const divergences = new Map(
      replay.divergences.map((each) => [indexByLine.get(each.line) ?? -1, each]),
    );
    const decided = new Map<LogRecord, Decision>(
      replay.decisions.map((decision) => [decision.input, decision]),
    );
    return {
      replay,
      records,
      glances: records.map((record, index): Glance => {
        const decision = decided.get(record);
        return {
          record,
          rule: decision?.rule ?? null,
          effects: decision?.effects ?? [],
          breach: decision?.breach ?? null,
          divergence: divergences.get(index) ?? null,
        };
      }),
      cursor: this.#code.replay.createCursor(records),
      timers: new TimerBook(replay.decisions, indexOf),
      divergences,
      indexOf,
    };
  }

  #incident(): Loaded {
    if (this.#loaded === null) throw new ReplayProblem("No incident is open.");
    return this.#loaded;
  }

  #viewAt(wanted: number): PlaceView {
    const loaded = this.#incident();
    const { cursor, records } = loaded;
    const index = Math.min(Math.max(wanted, 0), records.length - 1);
    const record = records[index];
    if (record === undefined) throw new ReplayProblem("The incident holds no record.");
    if (cursor.index !== index - 1) cursor.seek(index - 1);
    const account = accountOf(record);
    const before = account === null ? null : cursor.stateOf(account);
    cursor.next();
    const state = account === null ? null : cursor.stateOf(account);
    const { decision } = cursor;
    return {
      index,
      record,
      title: this.#titleOf(record),
      rule: decision?.rule ?? null,
      effects: (decision?.effects ?? []).map(({ rule, effect }) => ({
        rule,
        effect,
        text: this.#wordsOf(effect),
      })),
      before,
      state,
      changes: changesBetween(before, state),
      timers: account === null ? [] : loaded.timers.running(record.boot, account, state, record.at),
      policy: account === null ? null : cursor.policyOf(account),
      breach: decision?.breach ?? null,
      cause: this.#causeOf(decision, state),
      divergence: loaded.divergences.get(index) ?? null,
      because: this.#because(loaded, index),
    };
  }

  #titleOf(record: LogRecord): string {
    if (record.kind === "log.header") return "log begins";
    switch (record.dir) {
      case "in":
        return this.#code.replay.describeInput(record);
      case "out":
        return this.#wordsOf(record);
      case "world":
        return wordWorld(record);
    }
  }

  #wordsOf(effect: Effect): string {
    const { describeEffect, formatDuration } = this.#code.replay;
    return describeEffect(effect) ?? wordBookkeeping(effect, formatDuration);
  }

  /** The cause that the decision published, else the one the account is in. */
  #causeOf(
    decision: Decision | null,
    state: { recovery: { lastCauseId: string | null } } | null,
  ): CauseView | null {
    const published = decision?.effects.flatMap(({ effect }) =>
      effect.kind === "status.publish" && effect.causeId !== null ? [effect.causeId] : [],
    )[0];
    const id = published ?? state?.recovery.lastCauseId ?? null;
    if (id === null) return null;
    const { class: kind, sentence, action } = this.#code.core.describeCause(id);
    return { id, class: kind, sentence, action };
  }

  #because({ records, timers, indexOf }: Loaded, from: number): PlaceView["because"] {
    const chain: { index: number; title: string }[] = [];
    let index: number | null = from;
    while (chain.length < MAX_BECAUSE) {
      const record: LogRecord | undefined = records[index];
      if (record === undefined || record.kind === "log.header") break;
      if (record.dir === "out") index = indexOf(record.boot, record.cause);
      else if (record.kind === "timer.fired")
        index = timers.startedBy(record.boot, record.account, record.timerId);
      else break;
      const cause: LogRecord | undefined = index === null ? undefined : records[index];
      if (index === null || cause === undefined) break;
      chain.push({ index, title: `${cause.kind}: ${this.#titleOf(cause)}` });
    }
    return chain;
  }

  /** What is wrong with an incident is told with its line; anything else is a defect and stays what it is. */
  #inWords<T>(run: () => T): Promise<T> {
    try {
      return Promise.resolve(run());
    } catch (error) {
      const { isLogFormatError, isLogVersionError } = this.#code.events;
      const told =
        isLogFormatError(error) || isLogVersionError(error)
          ? new ReplayProblem(error.message, error.position.line)
          : error;
      return Promise.reject(told);
    }
  }
}

/** A chain of timers that started each other ends somewhere. */
const MAX_BECAUSE = 8;

function accountOf(record: LogRecord): AccountId | null {
  return record.kind === "log.header" ? null : record.account;
}
