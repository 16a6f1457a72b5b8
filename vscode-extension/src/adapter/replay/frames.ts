import type { DebugProtocol } from "@vscode/debugprotocol";
import type { OpenedIncident, PlaceView } from "./engine.ts";
import type { RulePlace } from "./rule-sources.ts";
import { relativeTime } from "./words.ts";

/** Rules of one decision that are shown as frames; the others are in its effects. */
const MAX_RULE_FRAMES = 4;

/**
 * The stack at a record: the record itself in the incident, the rules that decide about it in the core, and what led to it. Inside a decision the
 * effect stands on top, at the line of its rule.
 */
export class Frames {
  readonly #incident: OpenedIncident;
  readonly #path: string;
  readonly #findRule: (rule: string) => RulePlace | null;
  /** Record of frame `i + 1`. */
  readonly #indexes: number[] = [];

  constructor(
    incident: OpenedIncident,
    path: string,
    findRule: (rule: string) => RulePlace | null,
  ) {
    this.#incident = incident;
    this.#path = path;
    this.#findRule = findRule;
  }

  clear(): void {
    this.#indexes.length = 0;
  }

  indexOf(frameId: number | undefined): number | null {
    return frameId === undefined ? null : (this.#indexes[frameId - 1] ?? null);
  }

  of(view: PlaceView, effect: number | null): DebugProtocol.StackFrame[] {
    const here = this.#record(
      view.index,
      `${relativeTime(view.record.at)} ${view.record.kind}: ${view.title}`,
    );
    const because = view.because.map(({ index, title }) => ({
      ...this.#record(index, `because of ${title}`),
      presentationHint: "subtle" as const,
    }));
    const decided = effect === null ? undefined : view.effects[effect];
    if (decided !== undefined) {
      const name = `effect ${(effect ?? 0) + 1} of ${view.effects.length}: ${decided.text} [${decided.rule}]`;
      return [this.#rule(decided.rule, name, view.index), here, ...because];
    }
    return [here, ...this.#rules(view), ...because];
  }

  #rules(view: PlaceView): DebugProtocol.StackFrame[] {
    const rules = new Set([view.rule, ...view.effects.map(({ rule }) => rule)]);
    return [...rules]
      .filter((rule) => rule !== null)
      .slice(0, MAX_RULE_FRAMES)
      .filter((rule) => this.#findRule(rule) !== null)
      .map((rule) => this.#rule(rule, `decided by ${rule}`, view.index));
  }

  #rule(rule: string, name: string, index: number): DebugProtocol.StackFrame {
    const place = this.#findRule(rule);
    if (place === null) return this.#record(index, name);
    return {
      id: this.#indexes.push(index),
      name,
      line: place.line,
      column: 1,
      source: { name: place.file.split(/[\\/]/).at(-1) ?? place.file, path: place.file },
    };
  }

  #record(index: number, name: string): DebugProtocol.StackFrame {
    return {
      id: this.#indexes.push(index),
      name,
      line: this.#incident.lines[index] ?? 1,
      column: 1,
      source: { name: this.#path.split(/[\\/]/).at(-1) ?? this.#path, path: this.#path },
    };
  }
}
