import { mkdir, readFile, realpath } from "node:fs/promises";
import type { OwnerLock } from "../runtime/ports.ts";
import { nameProcess } from "./process-name.ts";

/*
 * One process per linked device. The official plugin guards an auth directory with the host's file lock (`<auth dir>.lock` beside the
 * directory); taking the same lock through the same function keeps the two plugins off each other's directory whatever the host
 * does to the format. The function is handed in because this folder does not import the host.
 */

/** `acquireFileLock` of the host's plugin SDK (subpath `file-lock`), as far as it is used here. */
export type AcquireFileLock = (
  path: string,
  options: {
    readonly retries: {
      readonly retries: number;
      readonly factor: number;
      readonly minTimeout: number;
      readonly maxTimeout: number;
    };
    readonly stale: number;
    readonly staleRecovery: "remove-if-unchanged";
  },
) => Promise<{ readonly lockPath: string; release(): Promise<void> }>;

/** Age that counts only where the lock file names no process; the official plugin's value. */
const STALE_MS = 300_000;
const BUSY_CODES: ReadonlySet<unknown> = new Set(["file_lock_timeout", "file_lock_stale"]);

/** The lock by the official plugin's rules; it waits by the core's `owner-retry` timer and not in here. */
export function createOwnerLock(acquireFileLock: AcquireFileLock): OwnerLock {
  return {
    async acquire(authDir) {
      await mkdir(authDir, { recursive: true, mode: 0o700 });
      // The official plugin locks the real path: two configured paths to one directory are one device.
      const directory = await realpath(authDir);
      try {
        const lock = await acquireFileLock(directory, {
          retries: { retries: 0, factor: 1, minTimeout: 1, maxTimeout: 1 },
          stale: STALE_MS,
          staleRecovery: "remove-if-unchanged",
        });
        // With an invisible token of this one lock in it, so another's file never looks the same.
        const taken = await contentOf(lock.lockPath);
        return {
          result: "acquired",
          release: () => lock.release(),
          takenBy: () => takenBy(lock.lockPath, taken),
        };
      } catch (error) {
        if (!isBusy(error)) throw error;
        return { result: "busy", holder: await holderIn(await contentOf(`${directory}.lock`)) };
      }
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && BUSY_CODES.has(error.code);
}

/** Null while the file is as it was taken, and when it is gone: then nobody has it. */
async function takenBy(lockPath: string, taken: string | null): Promise<string | null> {
  const now = await contentOf(lockPath);
  if (now === null || now === taken) return null;
  return (await holderIn(now)) ?? "another process";
}

async function contentOf(lockPath: string): Promise<string | null> {
  try {
    return await readFile(lockPath, "utf8");
  } catch {
    // Released in between, or not readable: only the name is missing.
    return null;
  }
}

/** Names the process in a lock file, e.g. `process 4711 (openclaw)`, or `this process`; null when it cannot be told. */
async function holderIn(content: string | null): Promise<string | null> {
  if (content === null) return null;
  try {
    // The host appends a token of spaces and tabs after the JSON; JSON.parse accepts it.
    const payload: unknown = JSON.parse(content);
    if (typeof payload !== "object" || payload === null || !("pid" in payload)) return null;
    const { pid } = payload;
    if (typeof pid !== "number") return null;
    return pid === process.pid ? "this process" : await nameProcess(pid);
  } catch {
    return null;
  }
}
