import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "./problem.mjs";

const LOCK = "node_modules/.installing";
const WAIT_MS = 10 * 60_000;

/**
 * Two root scripts started at once must not install over each other: the second waits for the first.
 *
 * @param {string} root
 * @param {() => Promise<void>} install
 */
export async function withInstallLock(root, install) {
  const path = join(root, LOCK);
  const deadline = Date.now() + WAIT_MS;
  let told = false;
  while (!acquire(path)) {
    if (Date.now() > deadline) {
      throw new Problem(
        "Another installation has been running for 10 minutes",
        `end it, or delete ${LOCK}`,
      );
    }
    if (!told) process.stderr.write("Waiting for another installation in this folder\n");
    told = true;
    await sleep(500);
  }
  try {
    await install();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function acquire(path) {
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  if (!isAlive(Number(readFileSync(path, "utf8")))) rmSync(path, { force: true });
  return false;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    // Signal 0 only asks whether the process exists; another user's process answers EPERM.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}
