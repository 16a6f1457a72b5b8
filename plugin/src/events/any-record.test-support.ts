import * as fc from "fast-check";
import {
  effectTable,
  envelopeFields,
  FORMAT,
  FORMAT_VERSION,
  headerFields,
  inputTable,
  type LogRecord,
  worldTable,
} from "./record.ts";
import type { Shape } from "./schema.ts";

let cached: fc.Arbitrary<LogRecord> | null = null;

/**
 * Any record of any kind. The generator tries the shapes themselves (a shape says what fits), so a new field or kind is covered
 * without a change here; an unknown sort of shape is an error, not a gap.
 */
export function anyRecord(): fc.Arbitrary<LogRecord> {
  cached ??= build();
  return cached;
}

function build(): fc.Arbitrary<LogRecord> {
  const tables = { in: inputTable, out: effectTable, world: worldTable } as const;
  const kinds = Object.entries(tables).flatMap(([dir, table]) =>
    Object.entries(table).map(([kind, fields]) =>
      recordOf({ ...envelopeFields, ...fields }, { dir, kind }, dir === "out"),
    ),
  );
  const header = recordOf(headerFields, { dir: "in", kind: "log.header" }, false);
  return fc.oneof(header, ...kinds);
}

function recordOf(
  fields: Readonly<Record<string, Shape<unknown>>>,
  fixed: object,
  isEffect: boolean,
): fc.Arbitrary<LogRecord> {
  const required = Object.keys(fields).filter((key) => fields[key]?.optional !== true);
  const model = Object.fromEntries(
    Object.entries(fields).map(([key, shape]) => [key, valueOf(shape)]),
  );
  return fc
    .tuple(fc.record(model, { requiredKeys: required }), fc.nat(), fc.nat(), fc.string())
    .map(([values, cause, gap, rule]) => ({
      ...values,
      ...fixed,
      ...(isEffect ? { cause, seq: cause + gap + 1, rule } : {}),
    }))
    .map((record) => record as unknown as LogRecord);
}

const anyError = fc.letrec((tie) => ({
  error: fc.record(
    {
      name: fc.string(),
      message: fc.string(),
      statusCode: fc.nat(),
      errorCode: fc.string(),
      syscall: fc.string(),
      httpStatus: fc.nat(),
      via: fc.string(),
      tag: fc.string(),
      attrs: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.string(),
        { maxKeys: 4 },
      ),
      closeCode: fc.nat(),
      errors: fc.array(tie("error"), { maxLength: 2 }),
    },
    { requiredKeys: ["name", "message"] },
  ),
})).error;

const CANDIDATES: readonly fc.Arbitrary<unknown>[] = [
  fc.boolean(),
  fc.nat(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.string(),
  fc.constant(FORMAT),
  fc.constant(FORMAT_VERSION),
  fc.constant(true),
  fc.constant(null),
  fc.record({ pn: fc.option(fc.string()), lid: fc.option(fc.string()) }),
  anyError,
];

function valueOf(shape: Shape<unknown>): fc.Arbitrary<unknown> {
  const named = /^one of (.+?)(?: or null)?$/.exec(shape.describe)?.[1]?.split(", ") ?? [];
  const candidates = [...CANDIDATES, ...named.map((value) => fc.constant(value))];
  const fitting = candidates.filter((candidate) =>
    fc.sample(candidate, 20).some((v) => fits(shape, v)),
  );
  if (fitting.length === 0) throw new Error(`no example for ${shape.describe}`);
  return fc.oneof(...fitting).filter((value) => fits(shape, value));
}

function fits(shape: Shape<unknown>, value: unknown): boolean {
  return shape.check(value, "") === null;
}
