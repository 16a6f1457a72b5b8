/** `npm run build`: plugin/dist and vscode-extension/dist. */
import { resolve } from "node:path";
import { buildAll } from "./build-all.ts";
import { parseFlags } from "./flags.ts";
import { exitBecauseOf } from "./problem.mjs";

async function main(): Promise<void> {
  parseFlags("build", []);
  await buildAll(resolve(import.meta.dirname, ".."));
}

await main().catch(exitBecauseOf);
