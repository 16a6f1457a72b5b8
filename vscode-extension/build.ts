/** Bundles the extension into one file: an installed extension has no node_modules. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;

rmSync(join(root, "dist"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { extension: "src/extension.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  // Node of the oldest editor that `engines.vscode` admits.
  target: "node22",
  external: ["vscode"],
  minify: true,
  legalComments: "none",
  logLevel: "warning",
}).catch(() => {
  // esbuild has printed its reasons.
  process.exitCode = 1;
});
