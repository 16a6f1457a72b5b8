import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explainInstallFailure } from "./install-failure.mjs";
import { withInstallLock } from "./install-lock.mjs";
import { runPnpm } from "./pnpm.mjs";
import { Problem } from "./problem.mjs";

/** Manifests that decide what is installed, and the folders that show that it was. */
const PACKAGES = ["", "plugin", "fixtures", "vscode-extension"];
const STAMP = "node_modules/.installed-for";

/**
 * The Node that runs the project; the system's Node only runs this bootstrap.
 *
 * @param {string} root
 */
export function projectNode(root) {
  return join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
}

/**
 * Installs what is missing, and nothing when everything is there. Deleting any `node_modules`, changing the lockfile or
 * a manifest, or moving to another platform makes it install again.
 *
 * @param {string} root
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  try {
    await withInstallLock(root, async () => {
      if (!isInstalled(root)) await install(root);
    });
  } catch (error) {
    throw error instanceof Problem ? error : explainInstallFailure(String(error));
  }
}

/** @param {string} root */
async function install(root) {
  const startedAt = Date.now();
  process.stderr.write("Installing dependencies (some minutes the first time)\n");
  rmSync(join(root, STAMP), { force: true });
  const { ok, output } = await runPnpm(root, root, [
    "install",
    "--frozen-lockfile",
    "--reporter=append-only",
  ]);
  if (!ok) throw explainInstallFailure(output);
  if (!existsSync(projectNode(root))) {
    throw new Problem(
      "The npm package `node` was installed but brought no Node binary",
      "delete node_modules and run the command again",
    );
  }
  writeFileSync(join(root, STAMP), fingerprint(root));
  process.stderr.write(`Installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s\n`);
}

/** @param {string} root */
function isInstalled(root) {
  const folders = PACKAGES.map((name) => join(root, name, "node_modules"));
  if (![...folders, projectNode(root), join(root, STAMP)].every((path) => existsSync(path)))
    return false;
  return readFileSync(join(root, STAMP), "utf8") === fingerprint(root);
}

/** @param {string} root */
function fingerprint(root) {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}\n`);
  const manifests = PACKAGES.map((name) => join(name, "package.json"));
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}
