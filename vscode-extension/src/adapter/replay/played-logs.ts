import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kept for editors that still show them; the oldest goes. */
const MAX_KEPT = 20;

let root: string | null = null;
let next = 1;
const kept: string[] = [];

/** A folder for the logs of one session's deeper runs. It goes with this process at the latest. */
export function folderForPlayedLogs(): string {
  root ??= rootFolder();
  const folder = join(root, String(next));
  next += 1;
  mkdirSync(folder);
  kept.push(folder);
  const oldest = kept.length > MAX_KEPT ? kept.shift() : undefined;
  if (oldest !== undefined) rmSync(oldest, { recursive: true, force: true });
  return folder;
}

function rootFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "whatsapp-continuity-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
