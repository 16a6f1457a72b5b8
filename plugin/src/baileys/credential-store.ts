import { lstat, readdir, rm } from "node:fs/promises";
import { writeFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { CredentialState, CredentialStore, SelfAddress } from "../runtime/ports.ts";
import { addressForms } from "./address-forms.ts";
import {
  CREDS_BACKUP_FILE,
  CREDS_FILE,
  isManagedFile,
  isMissing,
  readSafely,
  UnsafeCredentialPath,
} from "./credential-files.ts";
import { writerOfCredentials } from "./credential-writes.ts";

const NOBODY: SelfAddress = { pn: null, lid: null };

const LINK_AGAIN = "Link again with: openclaw channels login --channel whatsapp";

/** What one credentials file says, without interpreting keys. */
export type CredentialContent =
  | { readonly kind: "linked"; readonly self: SelfAddress; readonly json: string }
  /** Parsable, but no phone has accepted the link yet: a QR code was shown and not scanned. */
  | { readonly kind: "unlinked" }
  | { readonly kind: "missing" }
  /** Half a file. `self` is what its readable beginning says, for comparison with the backup. */
  | { readonly kind: "torn"; readonly self: SelfAddress };

/** Looks at credentials and removes them on a person's order; the auth state of a running socket is `auth-state.ts`. */
export function createCredentialStore(): CredentialStore {
  return { inspect: inspectCredentials, addressForms, writtenBy: writerOfCredentials, remove };
}

/** See {@link CredentialStore.inspect}. Never throws. */
export function inspectCredentials(authDir: string): CredentialState {
  try {
    return inspectFiles(authDir);
  } catch (error) {
    // Unsafe path, no permission: the account cannot run, and the reason must be seen.
    const problem = error instanceof Error ? error.message : String(error);
    return { state: "corrupt", self: NOBODY, problem };
  }
}

function inspectFiles(authDir: string): CredentialState {
  const current = contentOf(path.join(authDir, CREDS_FILE));
  switch (current.kind) {
    case "linked":
      return { state: "linked", self: current.self, problem: null };
    case "unlinked":
      return { state: "missing", self: NOBODY, problem: null };
    case "missing":
      return restoreFromBackup(authDir, "missing", NOBODY);
    case "torn":
      return restoreFromBackup(authDir, "torn", current.self);
  }
}

/** A folder without creds.json but with a good backup is a device whose last save was cut off. */
function restoreFromBackup(
  authDir: string,
  found: "missing" | "torn",
  self: SelfAddress,
): CredentialState {
  const backup = contentOf(path.join(authDir, CREDS_BACKUP_FILE));
  if (backup.kind === "linked" && self.pn !== null && !sameDevice(backup.self, self)) {
    return {
      state: "corrupt",
      self: NOBODY,
      problem: `${CREDS_FILE} is not readable and its backup belongs to another number. ${LINK_AGAIN}`,
    };
  }
  if (backup.kind === "linked") {
    writeRestored(path.join(authDir, CREDS_FILE), backup.json);
    return {
      state: "linked",
      self: backup.self,
      problem: `${CREDS_FILE} was ${found === "torn" ? "not readable" : "missing"} and was restored from its backup.`,
    };
  }
  if (found === "missing") return { state: "missing", self: NOBODY, problem: null };
  return {
    state: "corrupt",
    self: NOBODY,
    problem: `${CREDS_FILE} is not readable and there is no usable backup. ${LINK_AGAIN}`,
  };
}

/** Synchronous, because `inspect` answers before the first socket is created. */
function writeRestored(file: string, json: string): void {
  const temporary = `${file}.restoring`;
  try {
    writeFileSync(temporary, json, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function contentOf(file: string): CredentialContent {
  const json = readSafely(file);
  if (json === null) return { kind: "missing" };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { kind: "torn", self: selfInTornJson(json) };
  }
  if (typeof value !== "object" || value === null || !("noiseKey" in value)) {
    return { kind: "torn", self: NOBODY };
  }
  const self = selfOf(value);
  return self.pn === null && self.lid === null
    ? { kind: "unlinked" }
    : { kind: "linked", self, json };
}

/** `me.id` and `me.lid` without device suffix. */
export function selfOf(creds: object): SelfAddress {
  const me: unknown = "me" in creds ? creds.me : null;
  if (typeof me !== "object" || me === null) return NOBODY;
  return {
    pn: "id" in me ? withoutDevice(me.id) : null,
    lid: "lid" in me ? withoutDevice(me.lid) : null,
  };
}

/** The library writes `me` as `{"id":"<number>:<device>@s.whatsapp.net",...}`, usually within the part that survived. */
function selfInTornJson(json: string): SelfAddress {
  const id = /"me":\{"id":"([^"]+)"/.exec(json)?.[1];
  return { pn: withoutDevice(id), lid: null };
}

/** One number, whatever the device: a LID decides only where both sides lack the number. */
export function sameDevice(left: SelfAddress, right: SelfAddress): boolean {
  if (left.pn !== null && right.pn !== null) return left.pn === right.pn;
  return left.lid !== null && left.lid === right.lid;
}

export function withoutDevice(jid: unknown): string | null {
  return typeof jid === "string" && jid.includes("@") ? jid.replace(/:\d+@/, "@") : null;
}

/** After a logout that a person asked for: the managed files, nothing else, and only in a plain directory. */
async function remove(authDir: string): Promise<void> {
  try {
    const found = await lstat(authDir);
    if (!found.isDirectory()) throw new UnsafeCredentialPath(authDir);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const entries = await readdir(authDir, { withFileTypes: true });
  await Promise.all(
    entries
      .filter((entry) => entry.isFile() && isManagedFile(entry.name))
      .map((entry) => rm(path.join(authDir, entry.name), { force: true })),
  );
}
