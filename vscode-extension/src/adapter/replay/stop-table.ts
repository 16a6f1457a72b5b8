import type { InvariantBreach } from "openclaw-whatsapp-continuity-plugin/core";
import type { Effect, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type { Divergence } from "openclaw-whatsapp-continuity-plugin/replay";
import { wordDivergence } from "./divergence-words.ts";
import {
  type ExceptionFilter,
  type PlaceView,
  ReplayProblem,
  type Stop,
  type StopReason,
  type StopRules,
  type StopTable,
} from "./engine.ts";
import {
  compileExpression,
  compileMessage,
  type Expression,
  ExpressionProblem,
  type Scope,
} from "./expression.ts";
import { hitTest } from "./hit-count.ts";
import { patternOf } from "./name-pattern.ts";
import { SCOPE_NAMES, scopeOf } from "./view-scope.ts";

/** Places listed at most; a rule that stops everywhere is told so rather than filling the memory. */
const MAX_STOPS = 200_000;

/** What of a place is known without folding up to it. */
export interface Glance {
  readonly record: LogRecord;
  readonly rule: string | null;
  readonly effects: readonly { readonly effect: Effect }[];
  readonly breach: InvariantBreach | null;
  readonly divergence: Divergence | null;
}

interface Matcher {
  readonly id: number;
  readonly reason: StopReason;
  /** The only record it can match; null for any. */
  readonly only: number | null;
  /** A first look, for which nothing is folded. */
  readonly mayMatch: (glance: Glance) => boolean;
  readonly matches: (view: PlaceView) => boolean;
  readonly condition: Expression | null;
  readonly isHit: (count: number) => boolean;
  readonly message: ((scope: Scope) => string) | null;
  readonly text: (view: PlaceView) => string | null;
  hits: number;
}

/**
 * Every place where the rules stop, found once and in order, so a hit count means the same whichever way one came, and running back is as
 * quick as running on. Only places that may match are folded up to.
 *
 * @throws ReplayProblem when a condition, hit count or message cannot be understood
 */
export function buildStopTable(
  rules: StopRules,
  glances: readonly Glance[],
  viewAt: (index: number) => PlaceView,
): StopTable {
  const matchers = inWords(() => matchersOf(rules));
  const stops: Stop[] = [];
  const logs: { index: number; text: string }[] = [];
  const anywhere = matchers.filter(({ only }) => only === null);
  const byIndex = Map.groupBy(
    matchers.filter(({ only }) => only !== null),
    ({ only }) => only ?? -1,
  );
  const visited = anywhere.length > 0 ? glances.keys() : [...byIndex.keys()].toSorted(ascending);
  for (const index of visited) {
    const glance = glances[index];
    if (glance === undefined) continue;
    const candidates = [
      ...(byIndex.get(index) ?? []),
      ...anywhere.filter((matcher) => matcher.mayMatch(glance)),
    ];
    if (candidates.length === 0) continue;
    const { stop, messages } = stopAt(viewAt(index), candidates);
    if (stop !== null) stops.push(stop);
    for (const text of messages) logs.push({ index, text });
    if (stops.length + logs.length > MAX_STOPS)
      throw new ReplayProblem(`The breakpoints stop at more than ${MAX_STOPS} places.`);
  }
  return { stops, logs };
}

function ascending(one: number, other: number): number {
  return one - other;
}

/** What stops at a place. A breakpoint on the line is named before an exception there. */
function stopAt(
  view: PlaceView,
  candidates: readonly Matcher[],
): { readonly stop: Stop | null; readonly messages: readonly string[] } {
  const hits: Matcher[] = [];
  const messages: string[] = [];
  let scope: Scope | null = null;
  for (const matcher of candidates) {
    if (!matcher.matches(view)) continue;
    scope ??= scopeOf(view);
    if (matcher.condition !== null && !matcher.condition.evaluate(scope)) continue;
    matcher.hits += 1;
    if (!matcher.isHit(matcher.hits)) continue;
    if (matcher.message === null) hits.push(matcher);
    else messages.push(matcher.message(scope));
  }
  const [first] = hits;
  const stop =
    first === undefined
      ? null
      : {
          index: view.index,
          reason: first.reason,
          ids: hits.filter(({ id }) => id > 0).map(({ id }) => id),
          text: first.text(view),
        };
  return { stop, messages };
}

function matchersOf(rules: StopRules): Matcher[] {
  return [
    ...rules.lines.map((rule) => ({
      ...conditional(rule),
      reason: "breakpoint" as const,
      only: rule.index,
      message: rule.logMessage === null ? null : compileMessage(rule.logMessage, SCOPE_NAMES),
    })),
    ...rules.names.map((rule) => {
      const pattern = patternOf(rule.pattern);
      return {
        ...conditional(rule),
        reason: "function breakpoint" as const,
        mayMatch: ({ record, rule: decided }: Glance) =>
          pattern.test(record.kind) || (decided !== null && pattern.test(decided)),
      };
    }),
    ...rules.data.map((rule) => ({
      ...conditional(rule),
      reason: "data breakpoint" as const,
      mayMatch: ({ record }: Glance) => record.dir === "in" && accountOf(record) === rule.account,
      matches: (view: PlaceView) => view.changes.some(({ path }) => isPartOf(path, rule.path)),
      text: (view: PlaceView) => changeText(view, rule.path),
    })),
    ...rules.filters.map(({ filter, condition }) => ({
      ...conditional({ id: 0, condition, hitCondition: null }),
      reason: "exception" as const,
      mayMatch: (glance: Glance) => isException(glance, filter),
      text: (view: PlaceView) => exceptionText(view, filter),
    })),
  ];
}

function conditional(rule: {
  readonly id: number;
  readonly condition: string | null;
  readonly hitCondition: string | null;
}): Omit<Matcher, "reason"> {
  return {
    id: rule.id,
    only: null,
    mayMatch: () => true,
    matches: () => true,
    condition: rule.condition === null ? null : compileExpression(rule.condition, SCOPE_NAMES),
    isHit: hitTest(rule.hitCondition),
    message: null,
    text: () => null,
    hits: 0,
  };
}

function accountOf(record: LogRecord): string | null {
  return record.kind === "log.header" ? null : record.account;
}

/** Whether a change lies at a path, below it, or around it. */
function isPartOf(changed: string, watched: string): boolean {
  const reaches = (one: string, other: string): boolean =>
    one === other || (one.startsWith(other) && /^[.[]/.test(one.slice(other.length)));
  return watched === "" || reaches(changed, watched) || reaches(watched, changed);
}

function changeText(view: PlaceView, path: string): string {
  const change = view.changes.find((each) => isPartOf(each.path, path));
  const [before, after] = [change?.before, change?.after].map((value) => JSON.stringify(value));
  return `state.${change?.path ?? path}: ${before ?? "absent"} -> ${after ?? "absent"}`;
}

/** Whether an exception filter stops at a place. */
export function isException(glance: Glance, filter: ExceptionFilter): boolean {
  switch (filter) {
    case "divergence":
      return glance.divergence !== null;
    case "invariant":
      return glance.breach !== null;
    case "dropped":
      return glance.effects.some(({ effect }) => isDrop(effect));
    case "permanent":
      return glance.effects.some(
        ({ effect }) => effect.kind === "status.publish" && effect.terminal,
      );
  }
}

function isDrop({ kind }: Effect): boolean {
  return kind === "event.drop" || kind === "input.refuse";
}

/** What an exception filter has to say about a place where it stops. */
export function exceptionText(view: PlaceView, filter: ExceptionFilter): string {
  switch (filter) {
    case "divergence": {
      const { divergence } = view;
      return divergence === null
        ? "divergent"
        : `${divergence.label}: ${wordDivergence(divergence)}`;
    }
    case "invariant":
      return `${view.breach?.invariant ?? "an invariant"}: ${view.breach?.detail ?? "broken"}`;
    case "dropped":
      return view.effects.find(({ effect }) => isDrop(effect))?.text ?? "dropped";
    case "permanent":
      return view.cause === null
        ? "The account stops."
        : `${view.cause.sentence} ${view.cause.action}`;
  }
}

function inWords<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ExpressionProblem) throw new ReplayProblem(error.message);
    throw error;
  }
}
