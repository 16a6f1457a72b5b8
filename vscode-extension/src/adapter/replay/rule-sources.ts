/** Where a rule is decided: a file of the core and a line, from 1. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

/** One file of the core. */
export interface CoreFile {
  readonly file: string;
  readonly text: string;
}

interface Occurrence extends RulePlace {
  readonly pattern: RegExp | null;
  readonly literal: string;
}

/** A rule's id as it stands in the source: a text, or one with a part that is filled in. */
const RULE_TEXT = /(["`])([a-z][a-z-]*\/[^"`]+)\1/g;

/** Finds the line of the core that decides by a rule, by the rule's id as it is written there. */
export class RuleSources {
  readonly #occurrences: readonly Occurrence[];
  readonly #found = new Map<string, RulePlace | null>();

  constructor(files: readonly CoreFile[]) {
    this.#occurrences = files.flatMap(occurrencesIn);
  }

  /** Null when no file names the rule: it belongs to other software, or to another version. */
  find(rule: string): RulePlace | null {
    const known = this.#found.get(rule);
    if (known !== undefined) return known;
    const candidates = this.#occurrences.filter(({ literal, pattern }) =>
      pattern === null ? literal === rule : pattern.test(rule),
    );
    const best = candidates.toSorted((one, other) => rank(other) - rank(one))[0];
    const place = best === undefined ? null : { file: best.file, line: best.line };
    this.#found.set(rule, place);
    return place;
  }
}

/** A written id before a pattern, and the more exact pattern first. */
function rank({ pattern, literal }: Occurrence): number {
  return pattern === null ? 1_000 : literal.length;
}

function occurrencesIn({ file, text }: CoreFile): Occurrence[] {
  return text.split("\n").flatMap((content, index) =>
    [...content.matchAll(RULE_TEXT)].map(([, , literal = ""]) => ({
      file,
      line: index + 1,
      literal,
      pattern: literal.includes("${") ? patternOf(literal) : null,
    })),
  );
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/]+")}$`);
}
