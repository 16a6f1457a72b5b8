/** Bundles the extension into a few files: an installed extension has no node_modules. */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { digestOfCode } from "./src/adapter/replay/code-digest.ts";
import { readCoreFiles } from "./src/adapter/replay/core-files.ts";

const root = import.meta.dirname;
const plugin = join(root, "../plugin");
const { version } = JSON.parse(readFileSync(join(plugin, "package.json"), "utf8")) as {
  readonly version: string;
};
const common: BuildOptions = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};
/** Which copy of the plugin is inside. */
const COPY = {
  PLUGIN_VERSION: JSON.stringify(version),
  PLUGIN_DIGEST: JSON.stringify(digestOfCode(plugin)),
};
/** Node of the oldest editor that `engines.vscode` admits. */
const NODE = "node22";

rmSync(join(root, "dist"), { recursive: true, force: true });
await Promise.all([
  build({
    ...common,
    entryPoints: { extension: "src/extension.ts" },
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    platform: "node",
    target: NODE,
    external: ["vscode"],
    define: COPY,
  }),
  build({
    ...common,
    entryPoints: { "engine-process": "src/adapter/replay/engine-process.ts" },
    outExtension: { ".js": ".mjs" },
    format: "esm",
    platform: "node",
    target: NODE,
  }),
  build({
    ...common,
    entryPoints: { "bundled-thread": "src/adapter/replay/bundled-thread.ts" },
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    platform: "node",
    target: NODE,
    define: COPY,
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
copyCore();

/** The sources of the bundled core, so that a decision can be followed to the line of its rule. */
function copyCore(): void {
  const folder = join(root, "dist/plugin/src/core");
  mkdirSync(folder, { recursive: true });
  for (const { file } of readCoreFiles(plugin)) copyFileSync(file, join(folder, basename(file)));
}
