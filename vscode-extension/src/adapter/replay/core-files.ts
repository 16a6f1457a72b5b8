import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CoreFile } from "./rule-sources.ts";

/** The files of a plugin's core, in which its rules are named. `folder` is the plugin's, or that of the sources in this extension. */
export function readCoreFiles(folder: string): readonly CoreFile[] {
  const core = join(folder, "src/core");
  return readdirSync(core)
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|test-support)\.ts$/.test(name))
    .toSorted()
    .map((name) => ({ file: join(core, name), text: readFileSync(join(core, name), "utf8") }));
}
