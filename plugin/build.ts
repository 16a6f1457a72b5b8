/** Bundles what the package ships into `dist`, one file per entry of package.json with shared chunks. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const outdir = join(root, "dist");

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    index: "./index.ts",
    "setup-entry": "./setup-entry.ts",
    cli: "./src/cli/main.ts",
    events: "./src/events/index.ts",
    core: "./src/core/index.ts",
    replay: "./src/replay/index.ts",
    explain: "./src/explain/index.ts",
    importing: "./src/importing/index.ts",
  },
  outdir,
  bundle: true,
  // Chunks keep Baileys' folder out of the entry, so that registering the channel does not load Baileys.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // The host brings openclaw, npm brings the dependencies: nothing of either may be in the bundle twice.
  packages: "external",
  // A command's file runs by itself in a checkout (`npm run replay`); in the bin only main.ts may start something.
  define: { "import.meta.main": "false" },
  legalComments: "none",
  logLevel: "warning",
}).catch(() => {
  // esbuild has printed its reasons.
  process.exitCode = 1;
});
