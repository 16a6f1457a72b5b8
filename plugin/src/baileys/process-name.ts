import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";

/*
 * Names other processes of this machine for people: number, program, and the state directory they were told to use. Read from /proc, where
 * there is one; elsewhere only the number is known. Arguments and environment hold tokens, so nothing else of them is ever repeated.
 */

const PROC = "/proc";
/** Where OpenClaw and its predecessors are told to keep their state. */
const STATE_VARIABLES = ["OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR"] as const;
/** A name of a program and no secret: letters, digits and the usual signs. */
const PROGRAM = /^[\w.@+-]{1,40}$/;
const SCRIPT = /^[^-].*\.[cm]?[jt]s$/u;
const SUBCOMMANDS: ReadonlySet<string> = new Set(["gateway", "channels", "agent", "daemon"]);
/** Processes looked at when somebody is searched for. */
const MAX_PROCESSES = 4_000;

/** `process 4711 (node openclaw.mjs gateway, state directory /srv/openclaw)`, as far as it can be known. */
export async function nameProcess(pid: number): Promise<string> {
  const [program, stateDir] = await Promise.all([programOf(pid), stateDirOf(pid)]);
  const known = [program, stateDir === null ? null : `state directory ${stateDir}`].filter(
    (part) => part !== null,
  );
  return known.length === 0 ? `process ${pid}` : `process ${pid} (${known.join(", ")})`;
}

/** Another process whose state directory or arguments lead to this folder; null when none can be seen. */
export async function findProcessUsing(folder: string): Promise<string | null> {
  const names = await readdir(PROC).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    if (pid !== process.pid && (await isUsing(pid, folder))) return nameProcess(pid);
  }
  return null;
}

async function isUsing(pid: number, folder: string): Promise<boolean> {
  if (await isOurChild(pid)) return false;
  const stateDir = await stateDirOf(pid);
  if (stateDir !== null && isWithin(folder, stateDir)) return true;
  return (await argumentsOf(pid)).some((argument) => argument === folder);
}

/** The gateway's own helpers work on the same state and hold no socket. */
async function isOurChild(pid: number): Promise<boolean> {
  const status = await readFile(`${PROC}/${pid}/status`, "utf8").catch(() => "");
  return new RegExp(`^PPid:\\s+${process.pid}$`, "mu").test(status);
}

function isWithin(folder: string, parent: string): boolean {
  return folder === parent || folder.startsWith(`${parent.replace(/\/+$/u, "")}/`);
}

/** Program, script and OpenClaw's subcommand; every other word could be anything and is left out. */
async function programOf(pid: number): Promise<string | null> {
  const [program, ...rest] = await argumentsOf(pid);
  if (program === undefined) return null;
  const script = rest.find((argument) => SCRIPT.test(argument));
  const after = script === undefined ? rest[0] : rest[rest.indexOf(script) + 1];
  const words = [program, ...(script === undefined ? [] : [script])].map((path) => basename(path));
  if (after !== undefined && SUBCOMMANDS.has(after)) words.push(after);
  const shown = words.filter((word) => PROGRAM.test(word));
  return shown.length === 0 ? null : shown.join(" ");
}

async function argumentsOf(pid: number): Promise<readonly string[]> {
  const line = await readFile(`${PROC}/${pid}/cmdline`, "utf8").catch(() => "");
  return line.split("\0").filter((argument) => argument !== "");
}

async function stateDirOf(pid: number): Promise<string | null> {
  const environment = await readFile(`${PROC}/${pid}/environ`, "utf8").catch(() => "");
  for (const variable of environment.split("\0")) {
    const [name, ...value] = variable.split("=");
    if (STATE_VARIABLES.some((known) => known === name)) return value.join("=");
  }
  return null;
}
