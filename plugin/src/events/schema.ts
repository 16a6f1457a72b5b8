/**
 * A few combinators that describe the shape of a record once. The TypeScript type, the codec's check with its
 * exact error position and the format documentation all come from the same value, so they cannot drift apart.
 * Written here and not taken from a library because this folder imports nothing: it is bundled into the plugin,
 * the extension and the webview.
 */

/** What a check found wrong: where in the value (`facts.error.name`) and what was expected there. */
export interface ShapeProblem {
  readonly path: string;
  readonly expected: string;
}

/** A shape knows its type (`T` exists for inference only) and finds the first problem of a value. */
export interface Shape<T> {
  readonly describe: string;
  readonly optional?: true;
  /** Returns the first problem in document order, or `null` when the value fits. */
  check(value: unknown, path: string): ShapeProblem | null;
  readonly type?: T;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];

/** The object type of a field table; fields made by {@link optional} may be absent. */
export type InferFields<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> };

function primitive<T>(describe: string, fits: (value: unknown) => boolean): Shape<T> {
  return {
    describe,
    check: (value, path) => (fits(value) ? null : { path, expected: describe }),
  };
}

export const text: Shape<string> = primitive("a string", (v) => typeof v === "string");
export const flag: Shape<boolean> = primitive("true or false", (v) => typeof v === "boolean");
export const number: Shape<number> = primitive(
  "a finite number",
  (v) => typeof v === "number" && Number.isFinite(v),
);
/** A count, an id or a duration in whole milliseconds: an integer >= 0. */
export const count: Shape<number> = primitive(
  "an integer >= 0",
  (v) => typeof v === "number" && Number.isSafeInteger(v) && v >= 0,
);

export function literal<const V extends string | number | boolean>(value: V): Shape<V> {
  return primitive(JSON.stringify(value), (v) => v === value);
}

export function oneOf<const V extends readonly string[]>(...values: V): Shape<V[number]> {
  return primitive(`one of ${values.join(", ")}`, (v) => values.some((known) => known === v));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    describe: `${shape.describe} or null`,
    check: (value, path) => (value === null ? null : shape.check(value, path)),
  };
}

/** A field that may be absent. Absence and `null` are different: use {@link nullable} for the latter. */
export function optional<T>(shape: Shape<T>): Shape<T> & { readonly optional: true } {
  return { ...shape, optional: true };
}

export function listOf<T>(shape: Shape<T>, maxItems: number): Shape<readonly T[]> {
  const describe = `a list of at most ${maxItems} items`;
  return {
    describe,
    check(value, path) {
      if (!Array.isArray(value) || value.length > maxItems) return { path, expected: describe };
      for (const [index, item] of value.entries()) {
        const problem = shape.check(item, `${path}[${index}]`);
        if (problem !== null) return problem;
      }
      return null;
    },
  };
}

/** A closed object: every key must be known, every required key present. */
export function object<const F extends Fields>(fields: F): Shape<InferFields<F>> {
  return {
    describe: "an object",
    check: (value, path) => checkFields(fields, value, path, NO_EXTRA_KEYS),
  };
}

/** A string map with a bound on its size, for what Baileys hands over as free-form attributes. */
export function attributes(maxEntries: number): Shape<Readonly<Record<string, string>>> {
  const describe = `an object of at most ${maxEntries} strings`;
  return {
    describe,
    check(value, path) {
      if (!isObject(value)) return { path, expected: describe };
      const entries = Object.entries(value);
      if (entries.length > maxEntries) return { path, expected: describe };
      for (const [key, item] of entries) {
        if (typeof item !== "string") return { path: join(path, key), expected: "a string" };
      }
      return null;
    },
  };
}

/** A shape that refers to itself (an error with inner errors); built lazily. */
export function lazy<T>(describe: string, build: () => Shape<T>): Shape<T> {
  return { describe, check: (value, path) => build().check(value, path) };
}

const NO_EXTRA_KEYS: ReadonlySet<string> = new Set();

/**
 * Checks an object against a field table; keys in `alsoAllowed` belong to somebody else (the envelope) and are skipped.
 */
export function checkFields(
  fields: Fields,
  value: unknown,
  path: string,
  alsoAllowed: ReadonlySet<string>,
): ShapeProblem | null {
  if (!isObject(value)) return { path, expected: "an object" };
  for (const [key, item] of Object.entries(value)) {
    // Own fields only: a key such as "__proto__" or "constructor" in a damaged file is an unknown field, not an inherited one.
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) {
      if (alsoAllowed.has(key)) continue;
      return { path: join(path, key), expected: "no such field" };
    }
    const problem = field.check(item, join(path, key));
    if (problem !== null) return problem;
  }
  for (const [key, field] of Object.entries(fields)) {
    if (field.optional !== true && !Object.hasOwn(value, key)) {
      return { path: join(path, key), expected: `${field.describe} (missing)` };
    }
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** One table per slice: kind -> fields. */
export type KindTable = Readonly<Record<string, Fields>>;

/** The closed union of a kind table: `{ kind: "a.b", ... } | { kind: "c.d", ... }`. */
export type UnionOf<T extends KindTable> = {
  readonly [K in keyof T & string]: { readonly kind: K } & InferFields<T[K]>;
}[keyof T & string];
