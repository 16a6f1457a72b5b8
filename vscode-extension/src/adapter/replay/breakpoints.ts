import type { DebugProtocol } from "@vscode/debugprotocol";
import {
  type DataStop,
  EXCEPTION_FILTERS,
  type FilterStop,
  type LineStop,
  type NameStop,
  type StopRules,
} from "./engine.ts";
import { compileExpression, compileMessage, ExpressionProblem } from "./expression.ts";
import { hitTest } from "./hit-count.ts";
import { SCOPE_NAMES } from "./view-scope.ts";
import type { Walk } from "./walk.ts";

type Lines = readonly DebugProtocol.SourceBreakpoint[];

/** What a client asked to stop at, as rules of the engine. What cannot be understood is told at the breakpoint and left out. */
export class Breakpoints {
  #path = "";
  #walk: Walk | null = null;
  /** As set, by source: they are placed anew when the records are. */
  readonly #asked = new Map<string, Lines>();
  #lines: readonly LineStop[] = [];
  #names: readonly NameStop[] = [];
  #data: readonly DataStop[] = [];
  #filters: readonly FilterStop[] = [];
  #nextId = 1;

  get rules(): StopRules {
    return { lines: this.#lines, names: this.#names, data: this.#data, filters: this.#filters };
  }

  /** The records of a source are known now, for the first time or anew. */
  opened(path: string, walk: Walk): void {
    this.#path = path;
    this.#walk = walk;
    this.#place(this.#asked.get(path) ?? []);
  }

  setLines({
    source,
    breakpoints,
  }: DebugProtocol.SetBreakpointsArguments): DebugProtocol.Breakpoint[] {
    const path = source.path ?? "";
    this.#asked.set(path, breakpoints ?? []);
    if (path === this.#path) return this.#place(breakpoints ?? []);
    return (breakpoints ?? []).map(({ line }) => ({
      id: this.#id(),
      verified: false,
      line,
      message: "This session replays other records than those of this file.",
    }));
  }

  #place(asked: Lines): DebugProtocol.Breakpoint[] {
    const stops: LineStop[] = [];
    const set = asked.map(({ line, condition, hitCondition, logMessage }) => {
      const id = this.#id();
      const index = this.#walk?.onLine(line) ?? null;
      if (index === null) return { id, verified: false, line, message: "There is no record here." };
      return verified(id, { line: this.#walk?.lineOf(index) ?? line }, () => {
        check(condition, hitCondition, logMessage);
        stops.push({
          id,
          index,
          ...texts(condition, hitCondition),
          logMessage: filled(logMessage),
        });
      });
    });
    this.#lines = stops;
    return set;
  }

  setNames({
    breakpoints,
  }: DebugProtocol.SetFunctionBreakpointsArguments): DebugProtocol.Breakpoint[] {
    const stops: NameStop[] = [];
    const set = breakpoints.map(({ name, condition, hitCondition }) => {
      const id = this.#id();
      return verified(id, {}, () => {
        check(condition, hitCondition);
        stops.push({ id, pattern: name, ...texts(condition, hitCondition) });
      });
    });
    this.#names = stops;
    return set;
  }

  setData({ breakpoints }: DebugProtocol.SetDataBreakpointsArguments): DebugProtocol.Breakpoint[] {
    const stops: DataStop[] = [];
    const set = breakpoints.map(({ dataId, condition, hitCondition }) => {
      const id = this.#id();
      return verified(id, {}, () => {
        check(condition, hitCondition);
        stops.push({ id, ...watchedBy(dataId), ...texts(condition, hitCondition) });
      });
    });
    this.#data = stops;
    return set;
  }

  setFilters({
    filters,
    filterOptions,
  }: DebugProtocol.SetExceptionBreakpointsArguments): DebugProtocol.Breakpoint[] {
    const stops: FilterStop[] = [];
    const asked = [...filters.map((filterId) => ({ filterId })), ...(filterOptions ?? [])];
    const set = asked.map((option: DebugProtocol.ExceptionFilterOptions) =>
      verified(this.#id(), {}, () => {
        const filter = EXCEPTION_FILTERS.find((known) => known === option.filterId);
        if (filter === undefined)
          throw new ExpressionProblem(`There is no filter "${option.filterId}".`);
        check(option.condition);
        stops.push({ filter, condition: filled(option.condition) });
      }),
    );
    this.#filters = stops;
    return set;
  }

  #id(): number {
    this.#nextId += 1;
    return this.#nextId;
  }
}

function verified(
  id: number,
  place: { readonly line?: number },
  add: () => void,
): DebugProtocol.Breakpoint {
  try {
    add();
    return { id, verified: true, ...place };
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    return { id, verified: false, ...place, message: error.message };
  }
}

/** @throws ExpressionProblem */
function check(condition?: string, hitCondition?: string, logMessage?: string): void {
  if (filled(condition) !== null) compileExpression(condition ?? "", SCOPE_NAMES);
  if (filled(logMessage) !== null) compileMessage(logMessage ?? "", SCOPE_NAMES);
  hitTest(filled(hitCondition));
}

function texts(condition?: string, hitCondition?: string) {
  return { condition: filled(condition), hitCondition: filled(hitCondition) };
}

function filled(text: string | undefined): string | null {
  return text === undefined || text.trim() === "" ? null : text;
}

/** A data breakpoint's id names account and path; one that was kept from another session may not. */
function watchedBy(dataId: string): { readonly account: string; readonly path: string } {
  let value: unknown;
  try {
    value = JSON.parse(dataId);
  } catch {
    value = null;
  }
  const [account, path] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof account !== "string" || typeof path !== "string")
    throw new ExpressionProblem("This data breakpoint is of another kind of session.");
  return { account, path };
}
