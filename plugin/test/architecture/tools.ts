import { execFile } from "node:child_process";
import { join, resolve } from "node:path";

/** Root of the workspace. */
export const ROOT = resolve(import.meta.dirname, "../../..");
export const PLUGIN = join(ROOT, "plugin");

export interface ToolRun {
  readonly status: number;
  readonly output: string;
}

/** Runs one of the workspace's command line tools (`tsc`, `oxlint`) and returns what it says. */
export function runTool(name: string, args: readonly string[], cwd: string): Promise<ToolRun> {
  return new Promise((settle, reject) => {
    const tool = join(ROOT, "node_modules/.bin", name);
    execFile(tool, [...args], { cwd, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else settle({ status: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}
