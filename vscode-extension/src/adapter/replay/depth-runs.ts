import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ReplayProblem } from "./engine.ts";

/** What a deeper level says about an incident, as `replay --json` prints it. */
export interface DepthOutcome {
  readonly incident: string;
  readonly ok: boolean;
  readonly decisions: number;
  readonly diverged: number;
  readonly first: DepthDivergence | null;
  readonly ms: number;
  readonly error?: { readonly message: string; readonly line: number | null };
}

/** Where the decisions of one strand of an account leave those of depth core. */
export interface DepthDivergence {
  readonly seq: number;
  readonly account: string;
  readonly strand: string;
  readonly expected: string | null;
  readonly actual: string | null;
}

export interface DepthRunOptions {
  readonly plugin: string;
  readonly node: string;
  /** Path of the incident. */
  readonly incident: string;
  /** Where the log of what happened is written. */
  readonly log: string;
  readonly signal?: AbortSignal;
}

const SCRIPT = "test/depths/records.ts";
const STDERR_CHARACTERS = 4_000;

/**
 * Plays an incident at depth baileys: unmodified Baileys and the workspace's plugin against the simulated WhatsApp server, in virtual time.
 *
 * @throws ReplayProblem when the workspace cannot do that
 */
export async function playAtBaileysDepth(options: DepthRunOptions): Promise<DepthOutcome> {
  const { plugin, node, incident, log, signal } = options;
  const script = join(plugin, SCRIPT);
  if (!existsSync(script))
    throw new ReplayProblem(
      `Depth baileys needs ${SCRIPT} and the simulated server of the plugin's repository; open a checkout of it, or replay at depth core.`,
    );
  const { stdout, stderr } = await run(node, [script, incident, log], plugin, signal);
  const last = stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last) as DepthOutcome;
  } catch {
    throw new ReplayProblem(`Depth baileys could not be played: ${whyOf(stderr, plugin)}`);
  }
}

/** What a process said that ended without an answer, without its stack. */
function whyOf(stderr: string, plugin: string): string {
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(stderr)?.[1];
  if (missing !== undefined)
    return `${missing} is not there. Install the dependencies of ${plugin} (npm install or pnpm install), or replay at depth core.`;
  const told = /^\s*(?:\w*Error\b.*|Unknown file extension.*)$/m.exec(stderr)?.[0] ?? stderr;
  return told.trim() === "" ? "it said nothing" : told.trim();
}

function run(
  node: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "" };
    const child = spawn(node, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-STDERR_CHARACTERS);
    });
    child.on("error", (error) =>
      reject(new ReplayProblem(`Depth baileys could not be started: ${error.message}`)),
    );
    child.on("close", () => resolve({ stdout, stderr }));
  });
}
