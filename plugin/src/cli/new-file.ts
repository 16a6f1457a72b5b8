import { existsSync, writeFileSync } from "node:fs";
import { CommandProblem } from "./command-problem.ts";

/**
 * Writes a file that must not exist yet: an incident is evidence and is never overwritten.
 *
 * @throws CommandProblem when it exists or cannot be written
 */
export function writeNewFile(path: string, text: string): void {
  if (existsSync(path)) {
    throw new CommandProblem(
      "WA_ERR_FILE_EXISTS",
      `${path} exists, and evidence is never overwritten`,
      "Choose another name with --out.",
    );
  }
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    throw new CommandProblem(
      "WA_ERR_FILE_NOT_WRITTEN",
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      "Choose a folder that exists and may be written to with --out.",
    );
  }
}
