/**
 * Columns in a line of JSON. `JSON.parse` does the reading; this scanner runs only when something is wrong, because the engines'
 * own messages differ and say nothing about where a well-formed but wrong field stands.
 */

/** The first place where the text stops being JSON; the column counts UTF-16 units from 1. */
export interface SyntaxProblem {
  readonly column: number;
  readonly expected: string;
}

/** Deeper nesting than any record has; bounds the recursion. */
const MAX_DEPTH = 32;

class Stop extends Error {
  readonly problem: SyntaxProblem;
  constructor(index: number, expected: string) {
    super(expected);
    this.problem = { column: index + 1, expected };
  }
}

/** The first syntax problem of a line, or `null` when it is one JSON value. */
export function findSyntaxProblem(line: string): SyntaxProblem | null {
  const scan = scanLine(line);
  return scan.problem;
}

/**
 * Column of the field that a schema problem names: of the key when the field exists, else of the innermost object around it.
 */
export function columnOfPath(line: string, path: string): number | null {
  const { columns } = scanLine(line);
  for (let rest = path; ; rest = parentOf(rest)) {
    const column = columns.get(rest);
    if (column !== undefined) return column;
    if (rest === "") return null;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0));
}

function scanLine(line: string): {
  readonly problem: SyntaxProblem | null;
  readonly columns: ReadonlyMap<string, number>;
} {
  const scanner = new Scanner(line);
  try {
    scanner.run();
    return { problem: null, columns: scanner.columns };
  } catch (error) {
    if (error instanceof Stop) return { problem: error.problem, columns: scanner.columns };
    throw error;
  }
}

class Scanner {
  readonly columns = new Map<string, number>();
  readonly #text: string;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    this.#value("", 0);
    this.#space();
    if (this.#index < this.#text.length) throw new Stop(this.#index, "the end of the line");
  }

  #value(path: string, depth: number): void {
    this.#space();
    if (depth > MAX_DEPTH) throw new Stop(this.#index, `nesting of at most ${MAX_DEPTH} levels`);
    if (!this.columns.has(path)) this.columns.set(path, this.#index + 1);
    const next = this.#text[this.#index];
    if (next === "{") this.#object(path, depth);
    else if (next === "[") this.#array(path, depth);
    else if (next === '"') this.#string();
    else this.#scalar();
  }

  #object(path: string, depth: number): void {
    this.#index += 1;
    this.#space();
    if (this.#take("}")) return;
    for (;;) {
      this.#space();
      const keyAt = this.#index;
      if (this.#text[keyAt] !== '"') throw new Stop(keyAt, "a field name in quotes");
      this.#string();
      const key: unknown = JSON.parse(this.#text.slice(keyAt, this.#index));
      const childPath = path === "" ? String(key) : `${path}.${String(key)}`;
      this.columns.set(childPath, keyAt + 1);
      this.#space();
      if (!this.#take(":")) throw new Stop(this.#index, '":" after the field name');
      this.#value(childPath, depth + 1);
      this.#space();
      if (this.#take("}")) return;
      if (!this.#take(",")) throw new Stop(this.#index, '"," or "}"');
    }
  }

  #array(path: string, depth: number): void {
    this.#index += 1;
    this.#space();
    if (this.#take("]")) return;
    for (let item = 0; ; item += 1) {
      this.#value(`${path}[${item}]`, depth + 1);
      this.#space();
      if (this.#take("]")) return;
      if (!this.#take(",")) throw new Stop(this.#index, '"," or "]"');
    }
  }

  #string(): void {
    STRING.lastIndex = this.#index;
    const match = STRING.exec(this.#text);
    if (match === null) {
      this.#index = endOfBrokenString(this.#text, this.#index);
      throw new Stop(this.#index, "a well-formed string");
    }
    this.#index = STRING.lastIndex;
  }

  #scalar(): void {
    SCALAR.lastIndex = this.#index;
    if (SCALAR.exec(this.#text) === null) throw new Stop(this.#index, "a JSON value");
    this.#index = SCALAR.lastIndex;
  }

  #space(): void {
    SPACE.lastIndex = this.#index;
    SPACE.exec(this.#text);
    this.#index = SPACE.lastIndex;
  }

  #take(character: string): boolean {
    if (this.#text[this.#index] !== character) return false;
    this.#index += 1;
    return true;
  }
}

// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these inside strings.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** The character at which a string stops being well-formed: a bad escape, a control character, or the end. */
function endOfBrokenString(text: string, start: number): number {
  // oxlint-disable-next-line no-control-regex -- as above.
  const good = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
  good.lastIndex = start;
  good.exec(text);
  return good.lastIndex;
}
