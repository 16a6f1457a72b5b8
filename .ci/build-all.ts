import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Failure } from "./problem.mjs";
import { seconds } from "./time-table.ts";

/**
 * Builds plugin/dist and vscode-extension/dist.
 *
 * @param root the workspace
 * @param names which of the two
 * @throws Failure after esbuild has said why on standard error
 */
export async function buildAll(
  root: string,
  names = ["plugin", "vscode-extension"],
): Promise<void> {
  for (const name of names) {
    const startedAt = performance.now();
    // A process of its own: a build script is a program, and esbuild leaves a helper running in its caller.
    const child = spawn(process.execPath, [join(root, name, "build.ts")], {
      stdio: ["ignore", 2, 2],
    });
    const [status] = (await once(child, "exit")) as [number | null];
    if (status !== 0) throw new Failure(`${name} could not be built, for the reasons above.`);
    process.stderr.write(`Built ${name} in ${seconds(performance.now() - startedAt)}\n`);
  }
}
