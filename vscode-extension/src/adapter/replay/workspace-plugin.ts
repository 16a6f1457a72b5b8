import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestOfCode } from "./code-digest.ts";
import type { CodeIdentity } from "./engine.ts";

const PLUGIN_ID = "whatsapp-continuity";

/** Whether a folder holds the sources of the plugin: what a replay can run instead of the bundled copy. */
export function holdsPlugin(folder: string): boolean {
  const manifest = join(folder, "openclaw.plugin.json");
  if (!existsSync(manifest) || !existsSync(join(folder, "src/replay/index.ts"))) return false;
  try {
    const { id } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly id?: unknown };
    return id === PLUGIN_ID;
  } catch {
    return false;
  }
}

/** The Node that a workspace brings with its dependencies, if it does. */
export function nodeOf(plugin: string): string | null {
  for (const folder of [plugin, dirname(plugin)]) {
    const node = join(folder, "node_modules/node/bin/node");
    if (existsSync(node)) return node;
  }
  return null;
}

/** Which code a workspace's plugin is; its files are read and not run. */
export function identityOf(plugin: string): CodeIdentity {
  const { version } = JSON.parse(readFileSync(join(plugin, "package.json"), "utf8")) as {
    readonly version?: string;
  };
  return {
    origin: "workspace",
    version: version ?? "without a version",
    digest: digestOfCode(plugin),
    folder: plugin,
  };
}
