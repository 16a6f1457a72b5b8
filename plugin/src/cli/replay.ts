import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isLogFormatError, isLogVersionError } from "../events/index.ts";
import {
  currentCore,
  foldAll,
  type ReplayResult,
  replayIncident,
  writeGolden,
} from "../replay/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import { COLOURED, describeIncident, type Ink, PLAIN } from "./incident-account.ts";
import { findIncidents, goldenFileOf, readIncident, slugOf } from "./incident-files.ts";

const USAGE = "Usage: replay PATH... [--depth core|baileys|gateway] [--json] [--update]";
const DEPTHS = ["core", "baileys", "gateway"] as const;
export type Depth = (typeof DEPTHS)[number];

/** Where the decisions of a deeper level leave those of depth `core`: `seq` is the place in the strand of the account's decisions. */
export interface SequenceDivergence {
  readonly seq: number;
  readonly account: string;
  /** `connection`, `delivery`, `message 1`, `send 1`, ... */
  readonly strand: string;
  readonly rule: string;
  readonly expected: string | null;
  readonly actual: string | null;
}

/** One incident's result as `--json` prints it. */
export interface IncidentOutcome extends Omit<ReplayResult, "depth" | "comparedWith" | "first"> {
  readonly depth: Depth;
  readonly first: ReplayResult["first"] | SequenceDivergence | null;
  /** What deciding took, without reading and comparing. */
  readonly ms: number;
  readonly totalMs?: number;
  readonly comparedWith?: ReplayResult["comparedWith"];
  /** Only when the incident could not be replayed. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly file: string | null;
    readonly line: number | null;
    readonly column: number | null;
    readonly path: string;
  };
}

/** Plays an incident's world at a deeper level. Depth `core` needs none. */
export type DepthRunner = (file: string) => Promise<IncidentOutcome>;

export interface ReplayEnvironment {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly ink: Ink;
  /** What is installed here beside depth `core`; the published package has none. */
  readonly runners: Readonly<Partial<Record<Depth, DepthRunner>>>;
}

/**
 * `replay`: folds incidents and compares each decision with the golden.
 *
 * @returns the exit status: 0 holds, 1 does not hold, 2 bad input
 */
export async function runReplay(argv: readonly string[], env: ReplayEnvironment): Promise<number> {
  const { values, positionals } = parseOptions(argv);
  if (values.help) {
    env.out(`${USAGE}\n`);
    return EXIT.holds;
  }
  const depth = depthOf(values.depth);
  const files = findIncidents(positionals);
  if (values.update) return update(files, depth, env);
  const outcomes: IncidentOutcome[] = [];
  for (const file of files) {
    const outcome =
      depth === "core"
        ? replayFile(file, values.json ? null : env)
        : await runnerOf(depth, env)(file);
    outcomes.push(outcome);
    if (depth !== "core" && !values.json) env.out(`${agreementLine(outcome)}\n`);
    if (outcome.error !== undefined) env.err(`${outcome.error.message}\n`);
  }
  if (values.json) env.out(`${JSON.stringify(outcomes, null, 2)}\n`);
  else env.out(summaryOf(outcomes));
  if (outcomes.some((outcome) => outcome.error !== undefined)) return EXIT.badInput;
  return outcomes.every((outcome) => outcome.ok) ? EXIT.holds : EXIT.doesNotHold;
}

/** One incident at a deeper level, for people. */
function agreementLine({ incident, decisions, first, ms, error }: IncidentOutcome): string {
  if (error !== undefined) return `${incident}: not played`;
  const took = `${decisions} decisions, ${ms} ms`;
  if (first === null || !("strand" in first)) return `${incident}: agrees (${took})`;
  const place = `${first.account}, ${first.strand}, decision ${first.seq + 1}`;
  const [expected, actual] = [first.expected ?? "nothing more", first.actual ?? "nothing more"];
  return `${incident}: differs (${took}); ${place}: depth core decides ${expected}, here it was ${actual}`;
}

/** Replays one incident at depth `core`, telling about it when there is somebody to tell. */
export function replayFile(
  file: string,
  listener: Pick<ReplayEnvironment, "out" | "ink"> | null,
): IncidentOutcome {
  try {
    const started = performance.now();
    const incident = readIncident(file);
    let ms = 0;
    const replay = replayIncident(incident, {
      decide: (records, policy) => {
        const began = performance.now();
        const decisions = foldAll(currentCore, records, policy);
        ms = Math.round(performance.now() - began);
        return decisions;
      },
    });
    listener?.out(`${describeIncident(replay, ms, listener.ink)}\n`);
    return { ...replay.result, ms, totalMs: Math.round(performance.now() - started) };
  } catch (error) {
    return damaged(file, error);
  }
}

function damaged(file: string, error: unknown): IncidentOutcome {
  if (!isLogFormatError(error) && !isLogVersionError(error)) throw error;
  const { position, code, message } = error;
  return {
    incident: slugOf(file),
    depth: "core",
    ok: false,
    decisions: 0,
    exact: 0,
    diverged: 0,
    first: null,
    invariants: 0,
    ms: 0,
    error: { code, message, ...position },
  };
}

function update(files: readonly string[], depth: Depth, env: ReplayEnvironment): number {
  if (depth !== "core") {
    throw new CommandProblem("WA_ERR_DEPTH", "Goldens are made at depth core", "Leave --depth out");
  }
  for (const file of files) {
    const incident = readIncident(file);
    const text = writeGolden(incident);
    const goldenFile = goldenFileOf(file);
    if (incident.golden?.text === text) {
      env.err(`${goldenFile}: unchanged\n`);
      continue;
    }
    writeFileSync(goldenFile, text);
    env.err(
      `${goldenFile}: ${incident.golden === null ? "written" : "changed; review the difference"}\n`,
    );
  }
  return EXIT.holds;
}

function runnerOf(depth: Depth, env: ReplayEnvironment): DepthRunner {
  const runner = env.runners[depth];
  if (runner !== undefined) return runner;
  throw new CommandProblem(
    "WA_ERR_DEPTH",
    `Depth ${depth} plays an incident against the simulated WhatsApp server, which is not part of this installation`,
    "Replay with --depth core, or use a checkout of the repository that has this depth",
  );
}

function depthOf(value: string): Depth {
  const depth = DEPTHS.find((known) => known === value);
  if (depth !== undefined) return depth;
  throw new CommandProblem(
    "WA_ERR_USAGE",
    `There is no depth "${value}"`,
    `Choose one of ${DEPTHS.join(", ")}`,
  );
}

function parseOptions(argv: readonly string[]): {
  readonly values: {
    readonly depth: string;
    readonly help: boolean;
    readonly json: boolean;
    readonly update: boolean;
  };
  readonly positionals: readonly string[];
} {
  const parsed = parseStrictly(argv);
  if (parsed.positionals.length > 0 || parsed.values.help) return parsed;
  throw new CommandProblem("WA_ERR_USAGE", "No incident was named", USAGE);
}

function parseStrictly(argv: readonly string[]): ReturnType<typeof parseOptions> {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        depth: { type: "string", default: "core" },
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        update: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split(". ", 1)[0] ?? "") : String(error);
    throw new CommandProblem("WA_ERR_USAGE", cause, USAGE);
  }
}

function summaryOf(outcomes: readonly IncidentOutcome[]): string {
  const held = outcomes.filter((outcome) => outcome.ok).length;
  return `${held} of ${outcomes.length} incidents decided as expected\n`;
}

/** Runs the command for this process; also used by the bin and by `npm run replay`. */
export async function replayCommand(
  argv: readonly string[],
  runners: ReplayEnvironment["runners"] = {},
): Promise<number> {
  const { stdout, stderr } = process;
  stdout.on("error", leaveQuietly);
  const env: ReplayEnvironment = {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ink: stdout.isTTY && process.env["NO_COLOR"] === undefined ? COLOURED : PLAIN,
    runners,
  };
  try {
    return await runReplay(argv, env);
  } catch (error) {
    return reportProblem(error, argv.includes("--json"), env);
  }
}

/** Somebody read the first lines and closed the pipe (`| head`): that is no failure of the replay. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Bad input in one sentence; with `--json` also as the one document that such a command prints. */
function reportProblem(error: unknown, json: boolean, env: ReplayEnvironment): number {
  const isOurs =
    error instanceof CommandProblem || isLogFormatError(error) || isLogVersionError(error);
  if (!isOurs) throw error;
  const { code, message, action } = error;
  env.err(`${message}\n`);
  if (json)
    env.out(`${JSON.stringify({ ok: false, error: { code, message, action } }, null, 2)}\n`);
  return EXIT.badInput;
}

if (import.meta.main) process.exitCode = await replayCommand(process.argv.slice(2));
