import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { isGroupAlive } from "./process-group.ts";

/** Lines kept of a captured step; the end is where the reason stands. */
const KEPT_LINES = 400;
/** Time to tidy up after SIGTERM, and after the step's own process has ended. */
const GRACE_MS = 5_000;

export interface ProcessEnd {
  /** Null when the process was ended by a signal. */
  readonly status: number | null;
  readonly timedOut: boolean;
  /** True when processes that the step started were still there after its end. They have been ended. */
  readonly leftovers: boolean;
  /** Tail of what it printed; empty when the output was passed through. */
  readonly output: string;
  readonly ms: number;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the output as it is, terminal and all; without it the tail is captured. */
  readonly passThrough?: 1 | 2;
  /** Shows captured lines as they come. */
  readonly echo?: 1 | 2;
}

const running = new Set<ChildProcess>();

/** Ends the process groups of all steps that are running, for a Ctrl-C. */
export function endRunningProcesses(): void {
  for (const child of running) signalGroup(child, "SIGTERM");
}

/**
 * Runs a command in a process group of its own, bounded in time, and makes sure that nothing of the group stays. Never
 * rejects: a command that cannot be started ends without a status, and the output says why.
 */
export async function runProcess(
  [executable, ...args]: readonly [string, ...(readonly string[])],
  options: ProcessOptions,
): Promise<ProcessEnd> {
  const startedAt = performance.now();
  const output = options.passThrough ?? "pipe";
  const child = spawn(executable, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", output, output],
    detached: true,
  });
  running.add(child);
  const tail = captureTail(child, options.echo);
  const closed = new Promise((resolve) => child.once("close", resolve));
  let timedOut = false;
  const timeout = setTimeout(() => {
    timedOut = true;
    void endGroup(child);
  }, options.timeoutMs);
  const status = await exitStatus(child, tail);
  clearTimeout(timeout);
  const ms = performance.now() - startedAt;
  const leftovers = !timedOut && !(await groupIsGone(child));
  await endGroup(child);
  await Promise.race([closed, sleep(GRACE_MS, undefined, { ref: false })]);
  running.delete(child);
  return { status, timedOut, leftovers, output: tail.join("\n"), ms };
}

function captureTail(child: ChildProcess, echo: 1 | 2 | undefined): string[] {
  const tail: string[] = [];
  const show = { 1: process.stdout, 2: process.stderr };
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on("line", (line) => {
      tail.push(line);
      if (echo !== undefined) show[echo].write(`${line}\n`);
      if (tail.length > KEPT_LINES) tail.shift();
    });
  }
  return tail;
}

function exitStatus(child: ChildProcess, tail: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      tail.push(error.message);
      resolve(null);
    });
    child.once("exit", resolve);
  });
}

async function groupIsGone(child: ChildProcess): Promise<boolean> {
  for (const end = Date.now() + GRACE_MS; Date.now() < end; await sleep(50)) {
    if (!isGroupAlive(child.pid)) return true;
  }
  return !isGroupAlive(child.pid);
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, "SIGTERM");
  if (!(await groupIsGone(child))) signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!isGroupAlive(child.pid)) return;
  try {
    process.kill(-(child.pid as number), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
