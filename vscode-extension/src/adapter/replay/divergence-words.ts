import type { Divergence } from "openclaw-whatsapp-continuity-plugin/replay";
import { changesBetween } from "./changes.ts";

/** Differing effects that are told one by one. */
const MAX_TOLD = 3;

/** What is decided otherwise than expected, in one sentence: another rule, or the fields of the effects that differ. */
export function wordDivergence({ expected, actual, rule }: Divergence): string {
  if (expected === null) return `decided by ${rule}, expected no decision`;
  if (expected.rule !== rule) return `decided by ${rule}, expected ${expected.rule}`;
  const told = differences(expected.effects, actual.effects);
  const more = told.length > MAX_TOLD ? `; and ${told.length - MAX_TOLD} more` : "";
  return `${rule} decides other effects: ${told.slice(0, MAX_TOLD).join("; ")}${more}`;
}

function differences(expected: readonly unknown[], actual: readonly unknown[]): readonly string[] {
  const count = Math.max(expected.length, actual.length);
  return Array.from({ length: count }, (_, index) => [expected[index], actual[index]] as const)
    .filter(([then, now]) => JSON.stringify(then) !== JSON.stringify(now))
    .map(([then, now]) => difference(then, now));
}

function difference(expected: unknown, actual: unknown): string {
  const [then, now] = [kindOf(expected), kindOf(actual)];
  if (expected === undefined) return `${now} was not expected`;
  if (actual === undefined) return `${then} is missing`;
  if (then !== now) return `${now}, expected ${then}`;
  const fields = changesBetween(expected, actual).map(
    ({ path, before, after }) =>
      `${path} ${JSON.stringify(after) ?? "absent"}, expected ${JSON.stringify(before) ?? "absent"}`,
  );
  return `${now} with ${fields.join(", ")}`;
}

function kindOf(effect: unknown): string {
  const { kind } = (effect ?? {}) as { readonly kind?: unknown };
  return typeof kind === "string" ? kind : "an effect";
}
