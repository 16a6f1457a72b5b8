/**
 * `npm start [-- --exit] [--json]`: the reported incidents as they are decided today, then the acts of the demonstration on a real
 * gateway with the packed plugin. Without `--exit` it stays up until Ctrl-C.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { buildAll } from "./build-all.ts";
import { parseFlags } from "./flags.ts";
import { forwardSignals } from "./forward-signals.mjs";
import { packPlugin } from "./pack-plugin.ts";
import { EXIT, exitBecauseOf } from "./problem.mjs";

const root = resolve(import.meta.dirname, "..");
const DEMONSTRATION = join(root, "fixtures/demo/main.ts");

/** The five reports that the project grew from. */
const REPORTED = [
  "enotfound-dead-channel",
  "440-conflict-loop",
  "408-metronome",
  "reply-after-teardown",
  "503-missed-group-messages",
].map((slug) => join(root, "fixtures/incidents", `${slug}.jsonl`));

interface Flags {
  readonly exit: boolean;
  readonly json: boolean;
}

async function main(): Promise<void> {
  const flags: Flags = parseFlags("start", ["exit", "json"]);
  say("Five incidents as they were reported, and what is decided now:\n");
  const incidents = await replayReported(flags);
  const acts = existsSync(DEMONSTRATION) ? await demonstrate(flags, incidents) : EXIT.holds;
  process.exitCode = Math.max(incidents.status, acts);
}

interface Replayed {
  readonly status: number;
  /** What the replay command prints as JSON; undefined when it told a person. */
  readonly results: unknown;
}

async function replayReported({ json }: Flags): Promise<Replayed> {
  const replay = join(root, "plugin/src/cli/replay.ts");
  const child = runScript(replay, [...REPORTED, ...(json ? ["--json"] : [])], json);
  const captured = child.stdout === null ? undefined : text(child.stdout);
  const [status, output] = await Promise.all([statusOf(child), captured]);
  return { status, results: output === undefined ? undefined : JSON.parse(output) };
}

/** Builds and packs the plugin, plays the acts with it, and returns the exit status. */
async function demonstrate(flags: Flags, incidents: Replayed): Promise<number> {
  say("Packing the plugin as it would be published");
  await buildAll(root, ["plugin"]);
  const plugin = await packPlugin(root);
  const args = [
    "--plugin",
    plugin,
    ...(flags.exit ? ["--exit"] : []),
    ...(flags.json ? ["--json"] : []),
  ];
  const child = runScript(DEMONSTRATION, args, flags.json);
  if (child.stdout !== null) {
    // The document comes when the acts are over; without `--exit` the gateway stays up after it.
    createInterface({ input: child.stdout }).once("line", (line) => {
      const { ok, acts } = JSON.parse(line) as { readonly ok: boolean; readonly acts: unknown };
      const document = {
        ok: ok && incidents.status === EXIT.holds,
        acts,
        incidents: incidents.results,
      };
      process.stdout.write(`${JSON.stringify(document)}\n`);
    });
  }
  return statusOf(child);
}

/** Runs a script that talks to the person on standard error, and on standard output unless that is captured. */
function runScript(script: string, args: readonly string[], capture: boolean): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["inherit", capture ? "pipe" : "inherit", "inherit"],
  });
  forwardSignals(child);
  return child;
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      settle(status ?? EXIT.doesNotHold);
    });
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main().catch(exitBecauseOf);
