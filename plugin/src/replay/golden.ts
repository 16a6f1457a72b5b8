import type { RuledEffect } from "../core/index.ts";
import {
  columnOfPath,
  digestOf,
  effectText,
  findSyntaxProblem,
  LogFormatError,
  type RuleId,
} from "../events/index.ts";
import type { Decision } from "./fold.ts";

/*
 * A golden says what today's core decides for each line of an incident, and holds the digest of that line. It is reviewed when it
 * changes; the incident itself never does. One line per line of evidence, so that a changed decision is a changed line.
 */

export const GOLDEN_FORMAT = "whatsapp-continuity-golden";
const GOLDEN_VERSION = 1;

/** A decision in the form that goldens, divergences and JSON output share. */
export interface DecisionView {
  readonly rule: RuleId;
  /** Effects in the order they were decided; `rule` only where it is not the decision's own. */
  readonly effects: readonly unknown[];
}

/** A golden as read: its lines as text, which is what they are compared as. */
export interface Golden {
  readonly file: string;
  readonly incident: string;
  /** `lines[i]` belongs to line `i + 1` of the incident. */
  readonly lines: readonly string[];
}

/** The golden of an incident as text. `decisions` are those of the inputs, by line number. */
export function serialiseGolden(
  incident: string,
  evidence: readonly string[],
  decisions: ReadonlyMap<number, Decision>,
): string {
  const header = JSON.stringify({
    format: GOLDEN_FORMAT,
    version: GOLDEN_VERSION,
    incident,
    lines: evidence.length,
  });
  const lines = evidence.map((line, index) =>
    goldenLine(index + 1, line, decisions.get(index + 1) ?? null),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

function goldenLine(number: number, evidence: string, decision: Decision | null): string {
  return `${lineHead(number, digestOf(evidence))}${decision === null ? "}" : decisionTail(decision)}`;
}

function lineHead(number: number, digest: string): string {
  return `{"line":${number},"digest":"${digest}"`;
}
const DIGEST_LENGTH = 16;

/** The part of a golden's line behind the digest; comparing these texts is the comparison of decisions. */
function decisionTail({ input, rule, effects }: Decision): string {
  let text = `,"seq":${input.seq},"rule":${JSON.stringify(rule)},"effects":[`;
  for (const [index, effect] of effects.entries()) {
    text += index === 0 ? ruledEffectText(effect, rule) : `,${ruledEffectText(effect, rule)}`;
  }
  return `${text}]}`;
}

/** Whether a golden's line holds this decision (null: none). The digest in it was compared before. */
export function holdsDecision(golden: Golden, line: number, decision: Decision | null): boolean {
  const tail = decision === null ? "}" : decisionTail(decision);
  return golden.lines[line - 1] === lineHead(line, digestIn(golden, line)) + tail;
}

function ruledEffectText({ rule, effect }: RuledEffect, primary: RuleId): string {
  const text = effectText(effect);
  return rule === primary ? text : `${text.slice(0, -1)},"rule":${JSON.stringify(rule)}}`;
}

/** A decision as plain data, with the same fields and order as in a golden. */
export function viewOf(decision: {
  readonly rule: RuleId;
  readonly effects: readonly RuledEffect[];
}): DecisionView {
  const effects = decision.effects.map((effect): unknown =>
    JSON.parse(ruledEffectText(effect, decision.rule)),
  );
  return { rule: decision.rule, effects };
}

/**
 * Reads a golden's frame; its lines are read only when they differ.
 *
 * @throws LogFormatError when it is not a golden, or not that of this incident
 */
export function parseGolden(text: string, incident: string, file: string): Golden {
  const lines = text.split("\n");
  const first = lines.shift() ?? "";
  const header = parseObject(first, 1, file);
  for (const [key, expected] of [
    ["format", GOLDEN_FORMAT],
    ["version", GOLDEN_VERSION],
    ["incident", incident],
  ] as const) {
    if (header[key] !== expected)
      fail(file, 1, columnOfPath(first, key), key, JSON.stringify(expected));
  }
  if (lines.pop() !== "") fail(file, lines.length + 2, 1, "", "a line end after the last line");
  if (header["lines"] !== lines.length) {
    fail(
      file,
      1,
      columnOfPath(first, "lines"),
      "lines",
      `${lines.length}, the number of lines that follow`,
    );
  }
  return { file, incident, lines };
}

/** The decision on a golden's line; null for a line of evidence that is no input. */
export function expectedOf(golden: Golden, line: number): DecisionView | null {
  const text = golden.lines[line - 1] ?? "";
  const value = parseObject(text, line + 1, golden.file);
  const { rule, effects } = value as { readonly rule?: unknown; readonly effects?: unknown };
  return typeof rule === "string" && Array.isArray(effects) ? { rule, effects } : null;
}

/** The digest a golden's line holds, or "" when there is no such line. */
export function digestIn(golden: Golden, line: number): string {
  const text = golden.lines[line - 1];
  if (text === undefined) return "";
  const prefix = lineHead(line, "").slice(0, -1);
  return text.startsWith(prefix) ? text.slice(prefix.length, prefix.length + DIGEST_LENGTH) : "";
}

function parseObject(text: string, line: number, file: string): Readonly<Record<string, unknown>> {
  const problem = findSyntaxProblem(text);
  if (problem !== null) fail(file, line, problem.column, "", problem.expected);
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail(file, line, 1, "", "a JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

function fail(
  file: string,
  line: number,
  column: number | null,
  path: string,
  expected: string,
): never {
  throw new LogFormatError(
    { file, line, column, path },
    expected,
    "Restore the golden from version control, or write it again with --update and review the change.",
  );
}
