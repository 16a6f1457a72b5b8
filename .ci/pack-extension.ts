import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./problem.mjs";

const MAX_BYTES = 2 ** 20;

/**
 * Packs the built extension.
 *
 * @param root the workspace
 * @returns absolute path of the .vsix
 * @throws Failure when vsce refuses or the result is too big
 */
export function packExtension(root: string): string {
  const folder = join(root, "vscode-extension");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const vsix = join(folder, `${manifest.name}-${manifest.version}.vsix`);
  rmSync(vsix, { force: true });
  // vsce asks questions when it has a terminal; the bundle holds all dependencies.
  const vsce = join(folder, "node_modules/.bin/vsce");
  const { status } = spawnSync(
    vsce,
    [
      "package",
      "--no-dependencies",
      "--allow-missing-repository",
      // The pictures of the README lie beside it; there is no address to point them at.
      "--no-rewrite-relative-links",
      "--out",
      vsix,
    ],
    {
      cwd: folder,
      stdio: ["ignore", 2, 2],
    },
  );
  if (status !== 0)
    throw new Failure("The extension could not be packed, for vsce's reasons above.");
  const bytes = statSync(vsix).size;
  if (bytes > MAX_BYTES) throw new Failure(`${vsix} has ${bytes} bytes, more than ${MAX_BYTES}`);
  return vsix;
}
