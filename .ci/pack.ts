/** `npm run pack -- [--json]`: builds and packs both, `{plugin: PATH.tgz, vsix: PATH.vsix}`. */
import { resolve } from "node:path";
import { buildAll } from "./build-all.ts";
import { packExtension } from "./pack-extension.ts";
import { packPlugin } from "./pack-plugin.ts";
import { exitBecauseOf } from "./problem.mjs";
import { parseFlags } from "./flags.ts";

const root = resolve(import.meta.dirname, "..");

async function main(): Promise<void> {
  const { json } = parseFlags("pack", ["json"]);
  await buildAll(root);
  const packed = { plugin: await packPlugin(root), vsix: packExtension(root) };
  process.stdout.write(json ? `${JSON.stringify(packed)}\n` : `${packed.plugin}\n${packed.vsix}\n`);
}

await main().catch(exitBecauseOf);
