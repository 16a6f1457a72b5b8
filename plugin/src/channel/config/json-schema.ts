/** The part of JSON Schema (draft 7) that the manifest's schemas use; OpenClaw checks configs with it before code loads. */
export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "boolean" | "integer";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly default?: string | number | boolean;
}

export const text: JsonSchema = { type: "string" };
export const flag: JsonSchema = { type: "boolean" };
export const texts: JsonSchema = { type: "array", items: text };
export const positive: JsonSchema = { type: "integer", minimum: 1 };
export const natural: JsonSchema = { type: "integer", minimum: 0 };

export function choice(...values: readonly string[]): JsonSchema {
  return { type: "string", enum: values };
}

/** An object in which every key must be known: a misspelt key is an error, not a setting that silently does nothing. */
export function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", additionalProperties: false, properties };
}

/** An object whose keys are chosen by the user (accounts, groups, contacts). */
export function byName(value: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: value };
}
