import { execFileSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const root = resolve(import.meta.dirname, "../../..");
const plugin = join(root, "plugin");

/** The tarball as it would be published; packed anew only when something in it is newer. */
export async function packedPlugin(): Promise<string> {
  const given = process.env["WHATSAPP_CONTINUITY_TARBALL"];
  if (given !== undefined && given !== "") return resolve(given);
  const tarballs = globSync("openclaw-whatsapp-continuity-*.tgz", { cwd: plugin });
  const tarball = tarballs[0] === undefined ? null : join(plugin, tarballs[0]);
  if (tarball !== null && statSync(tarball).mtimeMs > newestSource()) return tarball;
  execFileSync(process.execPath, ["build.ts"], { cwd: plugin });
  // Loaded by address: the workspace's scripts are outside of what this package is compiled from.
  const packer = (await import(pathToFileURL(join(root, ".ci/pack-plugin.ts")).href)) as {
    packPlugin(root: string): Promise<string>;
  };
  return packer.packPlugin(root);
}

function newestSource(): number {
  const sources = globSync(
    ["index.ts", "setup-entry.ts", "package.json", "openclaw.plugin.json", "src/**/*.ts"],
    {
      cwd: plugin,
    },
  );
  return Math.max(...sources.map((file) => statSync(join(plugin, file)).mtimeMs));
}
