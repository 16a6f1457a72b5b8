/** Bundles the extension into a few files: an installed extension has no node_modules. */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";

const root = import.meta.dirname;
const common: BuildOptions = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

rmSync(join(root, "dist"), { recursive: true, force: true });
await Promise.all([
  build({
    ...common,
    entryPoints: { extension: "src/extension.ts" },
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    platform: "node",
    // Node of the oldest editor that `engines.vscode` admits.
    target: "node22",
    external: ["vscode"],
  }),
  build({
    ...common,
    entryPoints: { timeline: "webview/timeline/main.ts" },
    format: "iife",
    platform: "browser",
    target: "es2024",
  }),
]).catch(() => {
  // esbuild has printed its reasons.
  process.exitCode = 1;
});
copyFileSync(join(root, "webview/timeline/style.css"), join(root, "dist/timeline.css"));
