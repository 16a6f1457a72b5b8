import { createHash } from "node:crypto";
import path from "node:path";
import { CREDS_FILE, readSafely } from "./credential-files.ts";
import { whenFilesIdle } from "./file-queue.ts";
import { findProcessUsing } from "./process-name.ts";

/*
 * What this process last read or wrote as a folder's credentials. The library saves them at every login, so a file that is another one
 * now tells of a second program on the same device, also of one that does not ask for the owner lock. Process-wide, because another
 * generation of this code is no second program.
 */

const SLOT = Symbol.for("openclaw-whatsapp-continuity.credential-writes/1");
const SETTLED_LIMIT_MS = 2_000;

function known(): Map<string, string> {
  const holder = globalThis as { [SLOT]?: Map<string, string> };
  holder[SLOT] ??= new Map();
  return holder[SLOT];
}

export function noteCredentials(authDir: string, json: string): void {
  known().set(authDir, digestOf(json));
}

/** See `CredentialStore.writtenBy`. Nothing is known of a folder that no socket of this process has used. */
export async function writerOfCredentials(authDir: string): Promise<string | null> {
  await whenFilesIdle(authDir, SETTLED_LIMIT_MS);
  const expected = known().get(authDir);
  const json = readSafely(path.join(authDir, CREDS_FILE));
  if (expected === undefined || json === null || digestOf(json) === expected) return null;
  return (await findProcessUsing(authDir)) ?? "a process that did not ask for the owner lock";
}

/** Keys never stay in memory for this. */
function digestOf(json: string): string {
  return createHash("sha256").update(json).digest("base64");
}
