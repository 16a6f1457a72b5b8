import { effectTable, inputTable, type RawError, worldTable } from "../../events/index.ts";
import { numberOf } from "./reported-error.ts";

type Json = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, { check(value: unknown, path: string): unknown }>>;

const TABLES: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
  in: inputTable,
  out: effectTable,
  world: worldTable,
};
const ENVELOPE = ["boot", "seq", "at", "account", "dir", "assumed", "derived", "source"] as const;

/** Whether an object holds the fields of a line that this plugin wrote into the gateway's log. */
export function isOwnLogLine(fields: Json): boolean {
  return (
    typeof fields["event"] === "string" &&
    typeof fields["boot"] === "string" &&
    typeof fields["dir"] === "string" &&
    typeof fields["seq"] === "number"
  );
}

/**
 * The record a line of the gateway's log was made from: fields that were left out because they were null, and the error that was
 * spread out so that the gateway masks nothing of it, are put together again. Null for an event that this version does not know.
 */
export function recordOfLogLine(fields: Json): Json | null {
  const table = TABLES[String(fields["dir"])] ?? {};
  const kind = String(fields["event"]);
  const shapes = Object.hasOwn(table, kind) ? table[kind] : undefined;
  if (shapes === undefined) return null;
  const record: Record<string, unknown> = { kind };
  const decision = fields["dir"] === "out" ? ["cause", "rule"] : [];
  for (const name of [...ENVELOPE, ...decision]) {
    if (fields[name] !== undefined) record[name] = fields[name];
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const value = valueOf(name, fields);
    if (value !== undefined) record[name] = value;
    else if (shape.check(null, name) === null) record[name] = null;
  }
  return record;
}

function valueOf(name: string, fields: Json): unknown {
  if (name === "error") return errorOf(fields);
  // Whose device it is does not stand in a log; that it is one does.
  if (name === "self") return fields["linked"] === true ? { pn: null, lid: null } : undefined;
  return fields[name];
}

function errorOf(fields: Json): RawError | undefined {
  const { errorName, errorMessage } = fields;
  if (typeof errorName !== "string") return undefined;
  const text = (name: string): Json => {
    const value = fields[name];
    return typeof value === "string" ? { [name]: value } : {};
  };
  const count = (name: string): Json => {
    const value = numberOf(fields[name]);
    return value === null ? {} : { [name]: value };
  };
  return {
    name: errorName,
    message: typeof errorMessage === "string" ? errorMessage : "",
    ...count("statusCode"),
    ...text("errorCode"),
    ...text("syscall"),
    ...count("httpStatus"),
    ...text("via"),
    ...text("tag"),
    ...count("closeCode"),
    ...attributesOf(fields["stanzaAttributes"]),
  };
}

/** `type replaced, code 440` as it was before it was made one text. */
function attributesOf(value: unknown): { readonly attrs?: Readonly<Record<string, string>> } {
  if (typeof value !== "string" || value === "") return {};
  const pairs = value.split(", ").map((pair) => {
    const space = pair.indexOf(" ");
    return space < 0 ? [pair, ""] : [pair.slice(0, space), pair.slice(space + 1)];
  });
  return { attrs: Object.fromEntries(pairs) as Readonly<Record<string, string>> };
}
