import type { DebugProtocol } from "@vscode/debugprotocol";

/** Handles of objects and lists that a person opened; forgotten whenever execution goes on. */
export class VariableHandles {
  readonly #values: object[] = [];

  clear(): void {
    this.#values.length = 0;
  }

  add(value: object): number {
    this.#values.push(value);
    return this.#values.length;
  }

  children(reference: number): DebugProtocol.Variable[] {
    const value = this.#values[reference - 1];
    return value === undefined
      ? []
      : Object.entries(value).map(([name, child]) => this.variable(name, child));
  }

  variable(name: string, value: unknown): DebugProtocol.Variable {
    const isObject = typeof value === "object" && value !== null;
    return {
      name,
      value: summary(value),
      type: Array.isArray(value) ? "list" : typeof value,
      variablesReference: isObject && Object.keys(value).length > 0 ? this.add(value) : 0,
    };
  }
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
