import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { explainInstallFailure } from "./install-failure.mjs";

/** Lines of output kept to explain a failure. */
const KEPT_LINES = 200;
/** pnpm reports progress many times a second; a log wants to see it less often. */
const PROGRESS_EVERY_MS = 3_000;

/** Without a network npm would try for more than a minute before it says so. */
const QUICK_RETRIES = {
  npm_config_fetch_retry_mintimeout: "1000",
  npm_config_fetch_retry_maxtimeout: "4000",
};

/**
 * Runs the pnpm that package.json pins, through npx, with its progress on standard error.
 *
 * @param {string} root the workspace
 * @param {string} cwd
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, output: string }>} `output`: the last lines it printed
 * @throws {import("./problem.mjs").Problem} when there is no npx
 */
export async function runPnpm(root, cwd, args) {
  /** @type {{ packageManager: string }} */
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // With what npm has in its cache this needs no network, so a second installation works offline.
  const first = await runNpx(root, cwd, ["--yes", "--prefer-offline", packageManager, ...args]);
  // npm's cached list of versions may be older than the pinned one; only then is the list fetched again.
  if (first.ok || !first.output.includes("ETARGET")) return first;
  return runNpx(root, cwd, ["--yes", packageManager, ...args]);
}

/**
 * @param {string} root
 * @param {string} cwd
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function runNpx(root, cwd, args) {
  return new Promise((resolve, reject) => {
    // The project's own Node may be about to be replaced, so it must not run its own installation.
    const path = (process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((dir) => !dir.startsWith(root));
    const child = spawn("npx", args, {
      cwd,
      // Without a terminal pnpm would ask before it replaces a node_modules of another layout; CI means "do not ask".
      env: { ...process.env, ...QUICK_RETRIES, PATH: path.join(delimiter), CI: "true" },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    /** @type {string[]} */
    const lines = [];
    let lastProgressAt = 0;
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        if (!line.startsWith("Progress:") || Date.now() - lastProgressAt < PROGRESS_EVERY_MS)
          return;
        lastProgressAt = Date.now();
        process.stderr.write(`  ${line}\n`);
      });
    }
    child.once("error", (error) => {
      reject(explainInstallFailure(error.message));
    });
    child.once("close", (code) => {
      resolve({ ok: code === 0, output: lines.join("\n") });
    });
  });
}
