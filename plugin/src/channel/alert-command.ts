import { spawn } from "node:child_process";

/** A program that tells somebody something is done by then. */
const RUN_LIMIT_MS = 30_000;
/** Of what the program complains about; the rest is read and forgotten, so that it never waits for us. */
const MAX_COMPLAINT_CHARACTERS = 500;
/** What a program needs to be found and to run; the gateway's own environment holds tokens. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "LANG",
  "TZ",
  "TMPDIR",
  "SystemRoot",
  "DBUS_SESSION_BUS_ADDRESS",
];

/** How a run ended: null, or one clause that says what was wrong. */
export type CommandProblem = string | null;

/**
 * Runs a configured program once, without a shell, with `words` behind its own arguments. Bounded in time and output: after 30 seconds it is
 * killed with everything it started.
 *
 * @param signal ends it early
 * @returns what was wrong, for a person; the program's own words are not scrubbed yet. Never rejects.
 */
export function runAlertCommand(
  [program = "", ...given]: readonly string[],
  words: readonly string[],
  signal: AbortSignal,
  limitMs = RUN_LIMIT_MS,
): Promise<CommandProblem> {
  const isGroup = process.platform !== "win32";
  return new Promise((resolve) => {
    const child = spawn(program, [...given, ...words], {
      stdio: ["ignore", "ignore", "pipe"],
      env: environment(),
      shell: false,
      windowsHide: true,
      // A group of its own, so that what a script started ends with it.
      detached: isGroup,
    });
    let complaint = "";
    let isLate = false;
    const kill = (): void => {
      try {
        if (isGroup && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        else child.kill("SIGKILL");
      } catch {
        // It has just ended by itself.
      }
    };
    const limit = setTimeout(() => {
      isLate = true;
      kill();
    }, limitMs);
    limit.unref();
    signal.addEventListener("abort", kill, { once: true });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaint.length < MAX_COMPLAINT_CHARACTERS) complaint += text;
    });
    const end = (problem: CommandProblem): void => {
      clearTimeout(limit);
      signal.removeEventListener("abort", kill);
      resolve(problem);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      end(`could not be started (${error.code ?? error.name})`);
    });
    child.once("exit", (status) => {
      // What it left running keeps neither its pipe nor our attention.
      child.stderr.destroy();
      if (isLate) return end(`was not done within ${limitMs / 1_000} seconds and was ended`);
      if (status === 0 || signal.aborted) return end(null);
      const said = complaint.slice(0, MAX_COMPLAINT_CHARACTERS).trim();
      end(`failed with status ${status ?? "none"}${said === "" ? "" : `: ${said}`}`);
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
