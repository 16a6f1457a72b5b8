import type { DebugProtocol } from "@vscode/debugprotocol";

/** A value with the path it can be asked for again by; null where there is none. */
interface Handle {
  readonly value: object;
  readonly path: string | null;
}

/** Words for values that have better ones than their text, and places that a value links to. */
export interface Wording {
  readonly describe?: (value: object) => string | null;
  /** Number of a place for the `locations` request; null when it links to none. */
  readonly locate?: (value: object) => number | null;
}

/** Handles of objects and lists that a person opened; forgotten whenever execution goes on. */
export class VariableHandles {
  readonly #handles: Handle[] = [];
  readonly #wording: Wording;

  constructor(wording: Wording = {}) {
    this.#wording = wording;
  }

  clear(): void {
    this.#handles.length = 0;
  }

  add(value: object, path: string | null = null): number {
    this.#handles.push({ value, path });
    return this.#handles.length;
  }

  children(reference: number): DebugProtocol.Variable[] {
    const handle = this.#handles[reference - 1];
    if (handle === undefined) return [];
    const { value, path } = handle;
    return Object.entries(value).map(([name, child]) =>
      this.variable(name, child, path === null ? null : below(path, name, value)),
    );
  }

  /** Where a child of an opened value stands; null when it has no path. */
  pathOf(reference: number, name: string): string | null {
    const handle = this.#handles[reference - 1];
    if (handle === undefined || handle.path === null || !Object.hasOwn(handle.value, name))
      return null;
    return below(handle.path, name, handle.value);
  }

  variable(name: string, value: unknown, path: string | null = null): DebugProtocol.Variable {
    const isObject = typeof value === "object" && value !== null;
    const location = isObject ? (this.#wording.locate?.(value) ?? null) : null;
    const words = isObject ? (this.#wording.describe?.(value) ?? null) : null;
    return {
      name,
      value: words ?? summary(value),
      type: Array.isArray(value) ? "list" : typeof value,
      variablesReference: isObject && Object.keys(value).length > 0 ? this.add(value, path) : 0,
      ...(path === null ? {} : { evaluateName: path }),
      ...(location === null ? {} : { valueLocationReference: location }),
    };
  }
}

function below(path: string, name: string, parent: object): string {
  if (Array.isArray(parent)) return `${path}[${name}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function summary(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.length}]`;
  if (typeof value === "object" && value !== null) {
    const text = JSON.stringify(value);
    return text.length <= 80 ? text : `{${Object.keys(value).join(", ")}}`.slice(0, 80);
  }
  return JSON.stringify(value) ?? "undefined";
}

/** `account.outages.past[0].causes`: a path and nothing else; no code is run. Undefined when it leads nowhere. */
export function evaluatePath(root: unknown, expression: string): unknown {
  const steps = expression.trim().match(/[^.[\]]+/g) ?? [];
  let value = root;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
