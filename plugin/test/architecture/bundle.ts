import { join } from "node:path";
import { build, type Metafile } from "esbuild";

/** Entry points that must run anywhere: in the gateway, in the editor, in a web page. */
export const NEUTRAL_ENTRIES = [
  "src/events/index.ts",
  "src/core/index.ts",
  "src/replay/index.ts",
  "src/explain/index.ts",
  "src/importing/index.ts",
] as const;

/**
 * Bundles one entry for no platform at all. Nothing is external, so an import of a package or of Node fails.
 *
 * @param pluginRoot folder of the plugin
 * @param entry path below it
 * @returns size of the bundle in bytes
 * @throws esbuild's BuildFailure, with the offending import
 */
export async function bundleNeutral(pluginRoot: string, entry: string): Promise<number> {
  const { outputFiles } = await build({
    absWorkingDir: pluginRoot,
    entryPoints: [`./${entry}`],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    logLevel: "silent",
  });
  return outputFiles.reduce((total, file) => total + file.contents.byteLength, 0);
}

/**
 * The packages that are loaded as soon as an entry is: what a dynamic import reaches is left out.
 *
 * @param pluginRoot folder of the plugin
 * @param entry path below it
 */
export async function packagesLoadedBy(
  pluginRoot: string,
  entry: string,
): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    absWorkingDir: pluginRoot,
    entryPoints: [`./${entry}`],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: join(pluginRoot, "dist"),
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent",
  });
  return staticImports(metafile, entry);
}

function staticImports({ outputs }: Metafile, entry: string): ReadonlySet<string> {
  const start = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === entry);
  if (start === undefined) throw new Error(`esbuild wrote no output for ${entry}`);
  const packages = new Set<string>();
  const seen = new Set<string>();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const imported of outputs[path]?.imports ?? []) {
      if (imported.kind === "dynamic-import") continue;
      if (imported.external === true) packages.add(imported.path);
      else open.push(imported.path);
    }
  }
  return packages;
}
