import type { DebugProtocol } from "@vscode/debugprotocol";
import { VariableHandles } from "../inspect.ts";
import type { PlaceView } from "./engine.ts";
import {
  compileExpression,
  ExpressionProblem,
  memberOf,
  type Scope as ExpressionScope,
} from "./expression.ts";
import type { RulePlace } from "./rule-sources.ts";
import { SCOPE_NAMES, scopeOf } from "./view-scope.ts";
import { relativeTime } from "./words.ts";

/** What a person looks at while a session stands still: scopes, variables, watches, completions. */
export class Inspection {
  readonly #words = new WeakMap<object, string>();
  readonly #locations = new WeakMap<object, number>();
  /** Place `i + 1` of the `locations` request. */
  readonly #places: RulePlace[] = [];
  readonly #handles = new VariableHandles({
    describe: (value) => this.#words.get(value) ?? null,
    locate: (value) => this.#locations.get(value) ?? null,
  });
  readonly #findRule: (rule: string) => RulePlace | null;

  constructor(findRule: (rule: string) => RulePlace | null) {
    this.#findRule = findRule;
  }

  clear(): void {
    this.#handles.clear();
    this.#places.length = 0;
  }

  scopes(view: PlaceView): DebugProtocol.Scope[] {
    const scope = this.#scopeOf(view);
    const listed = (name: string, key: string, hint?: string): DebugProtocol.Scope => {
      const value = scope[key];
      const object = typeof value === "object" && value !== null ? value : {};
      return {
        name,
        variablesReference: this.#handles.add(object, key),
        expensive: false,
        ...(hint === undefined ? {} : { presentationHint: hint }),
      };
    };
    const { divergence } = view;
    return [
      listed("Event", "event", "arguments"),
      listed("State", "state", "locals"),
      listed("Changes", "changes"),
      listed("Effects", "effects"),
      listed("Timers", "timers"),
      ...(divergence === null
        ? []
        : [
            {
              name: `Expected (${divergence.label})`,
              variablesReference: this.#handles.add(divergence.expected ?? {}),
              expensive: false,
            },
          ]),
    ];
  }

  children(reference: number): DebugProtocol.Variable[] {
    return this.#handles.children(reference);
  }

  /** Where a rule that a value links to is decided. */
  location(reference: number): RulePlace | null {
    return this.#places[reference - 1] ?? null;
  }

  /** @throws ExpressionProblem when it cannot be understood or leads nowhere */
  evaluate(view: PlaceView, text: string): DebugProtocol.Variable {
    const scope = this.#scopeOf(view);
    // A field of the event may be named without saying so.
    const [bare = ""] = /^[A-Za-z]\w*/.exec(text.trim()) ?? [];
    const isField = !isScopeName(bare) && memberOf(scope["event"], bare) !== undefined;
    const asked = isField ? `event.${text.trim()}` : text;
    const value = compileExpression(asked, SCOPE_NAMES).evaluate(scope);
    if (value === undefined) {
      throw new ExpressionProblem(
        `Nothing at ${text}. Write a path such as state.connection.phase, event.kind or effects[0].rule.`,
      );
    }
    const isPath = /^[A-Za-z]\w*(?:\.\w+|\[[^\]]+\])*$/.test(asked.trim());
    return this.#handles.variable(text, value, isPath ? asked.trim() : null);
  }

  /** Members that can follow what stands before the caret. */
  complete(view: PlaceView, text: string, column: number): DebugProtocol.CompletionItem[] {
    const before = text.slice(0, Math.max(0, column - 1));
    const [path = ""] = /[A-Za-z]\w*(?:\.\w+|\[[^\]]*\])*\.?$/.exec(before) ?? [];
    const cut = path.lastIndexOf(".");
    const typed = path.slice(cut + 1);
    const start = before.length - typed.length;
    const names = cut < 0 ? SCOPE_NAMES : this.#membersAt(view, path.slice(0, cut));
    return names
      .filter((name) => name.startsWith(typed))
      .map((name) => ({
        label: name,
        start,
        length: typed.length,
        type: cut < 0 ? ("variable" as const) : ("property" as const),
      }));
  }

  /**
   * The path below `state` that a data breakpoint can watch; null for everything else.
   *
   * @param reference of the value the name belongs to; undefined for an expression
   */
  watchable(reference: number | undefined, name: string): string | null {
    const path = reference === undefined ? name.trim() : this.#handles.pathOf(reference, name);
    if (path === "state") return "";
    return path?.startsWith("state.") === true ? path.slice("state.".length) : null;
  }

  #membersAt(view: PlaceView, path: string): readonly string[] {
    let value: unknown;
    try {
      value = compileExpression(path, SCOPE_NAMES).evaluate(this.#scopeOf(view));
    } catch (error) {
      if (error instanceof ExpressionProblem) return [];
      throw error;
    }
    const element: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof element !== "object" || element === null) return [];
    return Object.keys(element).filter((name) => /^\w+$/.test(name));
  }

  #scopeOf(view: PlaceView): ExpressionScope {
    const scope = scopeOf(view);
    for (const [index, effect] of (scope["effects"] as readonly object[]).entries()) {
      const decided = view.effects[index];
      if (decided === undefined) continue;
      this.#words.set(effect, `${decided.text}  [${decided.rule}]`);
      const place = this.#findRule(decided.rule);
      if (place !== null) this.#locations.set(effect, this.#places.push(place));
    }
    for (const change of Object.values(scope["changes"] as Readonly<Record<string, object>>)) {
      const { before, after } = change as { readonly before: unknown; readonly after: unknown };
      this.#words.set(change, `${brief(before)} -> ${brief(after)}`);
    }
    for (const timer of view.timers) {
      const due =
        timer.dueInMs === null || timer.dueAt === null
          ? "started before this log"
          : `due in ${timer.dueInMs} ms, at ${relativeTime(timer.dueAt)}`;
      this.#words.set(
        timer,
        `${timer.timer}${timer.subject === null ? "" : ` of ${timer.subject}`}: ${due}`,
      );
    }
    return scope;
  }
}

function isScopeName(name: string): boolean {
  return SCOPE_NAMES.some((known) => known === name);
}

const BRIEF = 60;
function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length <= BRIEF ? text : `${text.slice(0, BRIEF)}...`;
}
