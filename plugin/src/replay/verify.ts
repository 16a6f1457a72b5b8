import type { Policy } from "../core/index.ts";
import {
  type EffectRecord,
  effectText,
  type LogRecord,
  type ParsedLog,
  type RuleId,
} from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { type Decision, foldAll } from "./fold.ts";
import {
  type DecisionView,
  expectedOf,
  type Golden,
  holdsDecision,
  parseGolden,
  serialiseGolden,
  viewOf,
} from "./golden.ts";
import { checkPassedLines, evidenceLines, readEvidence } from "./integrity.ts";

/** An incident as it lies on disk. */
export interface IncidentText {
  readonly incident: string;
  readonly file: string;
  readonly evidence: string;
  /** Null when nobody wrote a golden yet. */
  readonly golden: { readonly file: string; readonly text: string } | null;
}

/**
 * One input that is decided differently than expected. Only the first one is certain: after it the world would have answered
 * differently, so the rest of the recording is `counterfactual`.
 */
export interface Divergence {
  readonly seq: number;
  /** The rule that decides now. */
  readonly rule: RuleId;
  readonly expected: DecisionView | null;
  readonly actual: DecisionView;
  readonly line: number;
  readonly label: "divergent" | "counterfactual";
}

/** Divergences listed at most; the number of all of them is always given. */
export const MAX_LISTED_DIVERGENCES = 200;

export interface ReplayResult {
  readonly incident: string;
  readonly depth: "core";
  /** Every decision as expected, and no invariant broken. */
  readonly ok: boolean;
  /** Inputs folded; each is one decision. */
  readonly decisions: number;
  readonly exact: number;
  readonly diverged: number;
  readonly first: Divergence | null;
  /** Broken invariants. */
  readonly invariants: number;
  /** What the decisions were compared with. `nothing` is never ok. */
  readonly comparedWith: "golden" | "recorded" | "nothing";
}

/** Everything a replay found out, for tools that show it. */
export interface Replay {
  readonly result: ReplayResult;
  readonly log: ParsedLog;
  readonly decisions: readonly Decision[];
  readonly divergences: readonly Divergence[];
}

export interface ReplayOptions {
  /** Replays under this policy whatever the log says; null follows the log. */
  readonly policy?: Policy | null;
  /** Decides instead of this package's core: another build of it. */
  readonly decide?: (records: readonly LogRecord[], policy: Policy | null) => readonly Decision[];
}

/**
 * Replays an incident and compares each decision with its golden or, without one, with the decisions the log itself recorded.
 *
 * @throws LogFormatError with the position when evidence or golden is damaged; LogVersionError for a log of the future
 */
export function replayIncident(given: IncidentText, options: ReplayOptions = {}): Replay {
  const incident = asWritten(given);
  const golden = goldenOf(incident);
  const log = readEvidence(incident.evidence, incident.file, golden);
  const decide = options.decide ?? decideNow;
  const decisions = decide(log.records, options.policy ?? null);
  const lines = inputLines(log);
  const compare = comparison(log, golden);
  if (golden !== null) checkPassedLines(golden, new Set(lines));
  let diverged = 0;
  const divergences: Divergence[] = [];
  for (const [index, decision] of decisions.entries()) {
    const line = lines[index] ?? 0;
    const expected = compare.differing(decision, line);
    if (expected === SAME) continue;
    diverged += 1;
    if (divergences.length === MAX_LISTED_DIVERGENCES) continue;
    const { seq } = decision.input;
    const label = diverged === 1 ? "divergent" : "counterfactual";
    divergences.push({ seq, rule: decision.rule, expected, actual: viewOf(decision), line, label });
  }
  const invariants = decisions.filter((decision) => decision.breach !== null).length;
  const result: ReplayResult = {
    incident: incident.incident,
    depth: "core",
    ok: diverged === 0 && invariants === 0 && compare.with !== "nothing",
    decisions: decisions.length,
    exact: decisions.length - diverged,
    diverged,
    first: divergences[0] ?? null,
    invariants,
    comparedWith: compare.with,
  };
  return { log, decisions, divergences, result };
}

/**
 * The golden of what the core decides now.
 *
 * @throws LogFormatError when an existing golden was made for other evidence
 */
export function writeGolden(given: IncidentText): string {
  const incident = asWritten(given);
  const log = readEvidence(incident.evidence, incident.file, goldenOf(incident));
  const decisions = decideNow(log.records, null);
  const lines = inputLines(log);
  const byLine = new Map(decisions.map((decision, index) => [lines[index] ?? 0, decision]));
  return serialiseGolden(incident.incident, evidenceLines(incident.evidence), byLine);
}

/**
 * The texts as they were written. A checkout on Windows may have other line ends, and an editor there puts a mark at the beginning: neither
 * changes what was recorded, because a line of JSON holds no raw line end.
 */
function asWritten(incident: IncidentText): IncidentText {
  const { golden } = incident;
  return {
    ...incident,
    evidence: plainLines(incident.evidence),
    golden: golden === null ? null : { ...golden, text: plainLines(golden.text) },
  };
}

function plainLines(text: string): string {
  const unmarked = text.startsWith("\ufeff") ? text.slice(1) : text;
  return unmarked.includes("\r\n") ? unmarked.replaceAll("\r\n", "\n") : unmarked;
}

function decideNow(records: readonly LogRecord[], policy: Policy | null): readonly Decision[] {
  return foldAll(currentCore, records, policy);
}

function goldenOf({ golden, incident }: IncidentText): Golden | null {
  return golden === null ? null : parseGolden(golden.text, incident, golden.file);
}

const SAME = Symbol("same");
type Difference = typeof SAME | DecisionView | null;

interface Comparison {
  readonly with: ReplayResult["comparedWith"];
  readonly differing: (decision: Decision, line: number) => Difference;
}

function comparison(log: ParsedLog, golden: Golden | null): Comparison {
  if (golden !== null) {
    const differing = (decision: Decision, line: number): Difference =>
      holdsDecision(golden, line, decision) ? SAME : expectedOf(golden, line);
    return { with: "golden", differing };
  }
  const recorded = recordedDecisions(log.records);
  if (recorded === null) return { with: "nothing", differing: () => SAME };
  return { with: "recorded", differing: (decision) => differsFromRecorded(recorded, decision) };
}

/** Line of each input, in their order: the i-th decision is about the i-th of them. */
function inputLines(log: ParsedLog): readonly number[] {
  const lines: number[] = [];
  for (const [index, record] of log.records.entries()) {
    if (record.dir === "in" && record.kind !== "log.header") lines.push(log.lines[index] ?? 0);
  }
  return lines;
}

type Recorded = ReadonlyMap<string, readonly EffectRecord[]>;

/** What the plugin that wrote the log decided, by the input that caused it; null for a log of somebody else. */
function recordedDecisions(records: readonly LogRecord[]): Recorded | null {
  const byCause = new Map<string, EffectRecord[]>();
  for (const record of records) {
    if (record.dir !== "out" || record.kind === "reported.decide") continue;
    const key = `${record.boot} ${record.cause}`;
    const siblings = byCause.get(key);
    if (siblings === undefined) byCause.set(key, [record]);
    else siblings.push(record);
  }
  return byCause.size === 0 ? null : byCause;
}

function differsFromRecorded(recorded: Recorded, decision: Decision): Difference {
  const then = recorded.get(`${decision.input.boot} ${decision.input.seq}`) ?? [];
  const thenTexts = then.map((record) => `${record.rule} ${effectText(record)}`);
  const nowTexts = decision.effects.map(({ rule, effect }) => `${rule} ${effectText(effect)}`);
  if (thenTexts.join("\n") === nowTexts.join("\n")) return SAME;
  const first = then[0];
  if (first === undefined) return null;
  const effects = then.map((record) => ({ rule: record.rule, effect: record }));
  return viewOf({ rule: first.rule, effects });
}
