import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kept for editors that still show them; the oldest goes. */
const MAX_KEPT = 20;
const PREFIX = "whatsapp-continuity-played-";
/** A process that was killed leaves its folder; after a day nobody looks at it any more. */
const FORGOTTEN_MS = 24 * 3_600_000;

let root: string | null = null;
let next = 1;
const kept: string[] = [];

/** A folder for the logs of one session's deeper runs. It goes with this process, or a day after it when that was killed. */
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
  removeForgotten(tmpdir(), Date.now());
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Removes what processes left that ended without being asked. */
export function removeForgotten(parent: string, nowMs: number): void {
  for (const name of readdirSync(parent).filter((each) => each.startsWith(PREFIX))) {
    const folder = join(parent, name);
    // Another process may remove it at the same time, or it is somebody else's.
    const { mtimeMs, uid } = statSync(folder, { throwIfNoEntry: false }) ?? {};
    const isOurs = process.getuid === undefined || uid === process.getuid();
    if (isOurs && mtimeMs !== undefined && nowMs - mtimeMs > FORGOTTEN_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}
