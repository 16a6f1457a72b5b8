/** What the tests need beyond npm packages: a browser and a VS Code server. Fetched on first use, cached below node_modules. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache");

/**
 * The npm package code-server carries a complete built VS Code server and workbench (1.139 in this version), which needs no download
 * host of its own.
 */
const SERVER_VERSION = "4.139.1";

/** Parts of the server that no test touches; a quarter of a gigabyte. */
const UNUSED = [
  "node_modules/@microsoft/mxc-sdk",
  "extensions/copilot",
  "extensions/mermaid-markdown-features",
  "extensions/microsoft-authentication",
  "extensions/ms-vscode.vscode-js-profile-table",
];

export class EnvironmentProblem extends Error {}

/**
 * Folder of the VS Code server (`out/server-main.js` below it).
 *
 * @throws EnvironmentProblem with the next action
 */
export function ensureServer(): string {
  const home = join(cache, `vscode-server-${SERVER_VERSION}`);
  const server = join(home, "lib/vscode");
  if (existsSync(join(server, "out/server-main.js")) && existsSync(join(server, "node_modules")))
    return server;
  const partial = `${home}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  run("npm", ["pack", "--silent", `code-server@${SERVER_VERSION}`], partial);
  const [archive] = readdirSync(partial).filter((name) => name.endsWith(".tgz"));
  run(
    "tar",
    ["-xzf", archive ?? "", "--strip-components=1", "package/lib", "package/LICENSE"],
    partial,
  );
  rmSync(join(partial, archive ?? ""));
  // No install script of anybody runs; the server's tests need none of the native modules.
  const install = [
    "install",
    "--omit=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--silent",
  ];
  run("npm", install, join(partial, "lib/vscode"));
  for (const part of UNUSED)
    rmSync(join(partial, "lib/vscode", part), { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
  renameSync(partial, home);
  return server;
}

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * A Chromium. Installed from Debian when it is missing and this is root on a machine with apt.
 *
 * @throws EnvironmentProblem with the next action
 */
export function ensureBrowser(): string {
  const known = process.env["CHROMIUM"] ?? BROWSERS.find(existsSync);
  if (known !== undefined && existsSync(known)) return known;
  const isDebianRoot = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!isDebianRoot) {
    throw new EnvironmentProblem(
      "The editor tests need Chromium. Install it (apt-get install chromium fonts-dejavu-core), or set CHROMIUM to its path.",
    );
  }
  run("apt-get", ["update", "-qq"], root);
  run(
    "apt-get",
    ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    root,
  );
  return "/usr/bin/chromium";
}

function run(command: string, args: readonly string[], cwd: string): void {
  const env = {
    ...process.env,
    npm_config_update_notifier: "false",
    DEBIAN_FRONTEND: "noninteractive",
  };
  const result = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (result.status === 0) return;
  const why = `${result.stderr ?? ""}${result.error?.message ?? ""}`
    .trim()
    .split("\n")
    .slice(-3)
    .join(" ");
  throw new EnvironmentProblem(
    `${command} ${args.slice(0, 3).join(" ")} failed: ${why}. Check the network and run it again.`,
  );
}
