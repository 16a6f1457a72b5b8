import { createHash } from "node:crypto";
import { join } from "node:path";
import type { AccountId } from "../events/index.ts";

/** Folder below the gateway's state directory that holds everything this plugin keeps. */
export const STATE_FOLDER = "whatsapp-continuity";
export const JOURNAL_FILE = "journal.sqlite";

/** Lower case only, because some file systems do not tell `Work` from `work`. */
const PLAIN = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Device names that Windows does not allow as a folder. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * Name of an account's folder. Ordinary ids stay readable; every other id (`../x`, `Büro`, an empty one) becomes a readable rest and a hash behind
 * `~`, a character that no ordinary name has, so two accounts never share a folder.
 */
export function accountFolder(accountId: AccountId): string {
  if (PLAIN.test(accountId) && !RESERVED.test(accountId)) return accountId;
  const readable = accountId
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 32);
  const hash = createHash("sha256").update(accountId).digest("hex").slice(0, 16);
  return `${readable === "" ? "account" : readable}~${hash}`;
}

/** Files in custody lie beside the journal. */
export function mediaFolder(stateDir: string, accountId: AccountId): string {
  return join(stateDir, STATE_FOLDER, accountFolder(accountId), "outbound-media");
}

export function journalPath(stateDir: string, accountId: AccountId): string {
  return join(stateDir, STATE_FOLDER, accountFolder(accountId), JOURNAL_FILE);
}
