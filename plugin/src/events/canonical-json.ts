/**
 * Order of fields in the objects inside a record, most telling first. Fields that are not listed follow in alphabetical order, so any value has
 * exactly one text.
 */
const NESTED_ORDER: readonly string[] = [
  "name",
  "message",
  "statusCode",
  "errorCode",
  "syscall",
  "httpStatus",
  "via",
  "tag",
  "attrs",
  "closeCode",
  "errors",
  "pn",
  "lid",
];
const NESTED_RANK = new Map(NESTED_ORDER.map((key, rank) => [key, rank]));

/** A key order, prepared for writing. */
export type KeyOrder = readonly { readonly key: string; readonly text: string }[];

export function keyOrder(keys: readonly string[]): KeyOrder {
  return [...new Set(keys)].map((key) => ({ key, text: `${JSON.stringify(key)}:` }));
}

/** JSON with a defined key order: the given one on the top level, {@link NESTED_ORDER} below. Absent fields stay absent. */
export function canonicalJson(value: object, order: KeyOrder): string {
  const fields = value as Readonly<Record<string, unknown>>;
  let json = "";
  for (const { key, text } of order) {
    const item = fields[key];
    if (item === undefined) continue;
    const separator = json === "" ? "{" : ",";
    json += `${separator}${text}${typeof item === "number" ? item : nested(item)}`;
  }
  return json === "" ? "{}" : `${json}}`;
}

function nested(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(nested).join(",")}]`;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  fields.sort(([a], [b]) => compareKeys(a, b));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${nested(item)}`).join(",")}}`;
}

function compareKeys(a: string, b: string): number {
  const byRank = rankOf(a) - rankOf(b);
  if (byRank !== 0) return byRank;
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf(key: string): number {
  return NESTED_RANK.get(key) ?? NESTED_ORDER.length;
}
