import type { DebugProtocol } from "@vscode/debugprotocol";
import { severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import type { TimedRecord } from "../model/feed-item.ts";
import { compileExpression, type Expression, ExpressionProblem } from "./replay/expression.ts";
import { patternOf } from "./replay/name-pattern.ts";

/** What conditions on live records can name. */
const NAMES = ["kind", "rule", "account", "at", "seq", "dir", "event"] as const;

interface NameStop {
  readonly pattern: RegExp;
  readonly condition: Expression | null;
}

/** Why a live session stops at a record; null when it does not. */
export type LiveStopReason = "breakpoint" | "function breakpoint" | "exception" | null;

/** Where a live session stops: at records that were marked in what came in so far, and at kinds, rules and severities of what is to come. */
export class LiveStops {
  /** Record numbers with their conditions, by the snapshot they were set in. */
  readonly #lines = new Map<number, ReadonlyMap<number, Expression | null>>();
  #names: readonly NameStop[] = [];
  #filters: ReadonlySet<string> = new Set();

  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#filters.size === 0;
  }

  setFilters(filters: readonly string[]): void {
    this.#filters = new Set(filters);
  }

  setNames(
    asked: readonly DebugProtocol.FunctionBreakpoint[],
  ): readonly DebugProtocol.Breakpoint[] {
    const names: NameStop[] = [];
    const set = asked.map(({ name, condition }) =>
      verified({}, () => names.push({ pattern: patternOf(name), condition: compile(condition) })),
    );
    this.#names = names;
    return set;
  }

  /** @param recordOf number of the record on a line of that snapshot; null where none is */
  setLines(
    snapshot: number,
    asked: readonly DebugProtocol.SourceBreakpoint[],
    recordOf: (line: number) => number | null,
  ): readonly DebugProtocol.Breakpoint[] {
    const records = new Map<number, Expression | null>();
    const set = asked.map(({ line, condition }) => {
      const number = recordOf(line);
      if (number === null) return { verified: false, line, message: "There is no record here." };
      return verified({ line }, () => records.set(number, compile(condition)));
    });
    this.#lines.set(snapshot, records);
    return set;
  }

  /** Why to stop at a record, in the order in which a person would expect to be told. */
  reasonAt(number: number, timed: TimedRecord | undefined): LiveStopReason {
    if (timed === undefined) return null;
    const scope = scopeOf(timed);
    const holds = (condition: Expression | null): boolean =>
      condition === null || Boolean(condition.evaluate(scope));
    for (const records of this.#lines.values()) {
      const condition = records.get(number);
      if (condition !== undefined && holds(condition)) return "breakpoint";
    }
    const { record } = timed;
    const isNamed = this.#names.some(
      ({ pattern, condition }) =>
        (pattern.test(record.kind) || (record.dir === "out" && pattern.test(record.rule))) &&
        holds(condition),
    );
    if (isNamed) return "function breakpoint";
    return this.#filters.has(severityOf(record)) ? "exception" : null;
  }
}

function scopeOf({ record }: TimedRecord): Readonly<Record<(typeof NAMES)[number], unknown>> {
  return {
    kind: record.kind,
    rule: record.dir === "out" ? record.rule : null,
    account: record.kind === "log.header" ? null : record.account,
    at: record.at,
    seq: record.seq,
    dir: record.dir,
    event: record,
  };
}

function compile(condition: string | undefined): Expression | null {
  return condition === undefined || condition.trim() === ""
    ? null
    : compileExpression(condition, NAMES);
}

function verified(place: { readonly line?: number }, add: () => void): DebugProtocol.Breakpoint {
  try {
    add();
    return { verified: true, ...place };
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    return { verified: false, ...place, message: error.message };
  }
}
