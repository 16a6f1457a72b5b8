import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPseudonymiser } from "../events/index.ts";
import type { Jid, Pseudonymiser } from "../runtime/ports.ts";

/**
 * A file of another length is no key of ours: a short key would be a weak one. It is passed over and not removed, because another process may
 * be about to put a good one in its place.
 */
const KEY_FILES = ["pseudonym-key", "pseudonym-key.1", "pseudonym-key.2"] as const;
const KEY_BYTES = 32;

export interface InstallPseudonymsOptions {
  /** The plugin's folder below the gateway's state directory. */
  readonly folder: string;
  /** The address that stands for a person where both are known; see the journal. Defaults to the address itself. */
  readonly canonical?: (jid: Jid) => Jid;
  /** Told once when the key cannot be kept: pseudonyms then change with the next start. */
  readonly onProblem?: (sentence: string) => void;
}

/**
 * The pseudonyms of this installation. Its key is random, lies in a file of its own (0600), and is never part of a record, a capture
 * or an answer: without it nothing leads from a pseudonym back to a number.
 */
export function createInstallPseudonyms(options: InstallPseudonymsOptions): Pseudonymiser {
  const key = loadKey(options.folder, options.onProblem ?? (() => undefined));
  return createPseudonymiser({
    keyedHash: (text) => createHmac("sha256", key).update(text).digest("hex"),
    ...(options.canonical === undefined ? {} : { canonical: options.canonical }),
  });
}

function loadKey(folder: string, onProblem: (sentence: string) => void): Buffer {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of KEY_FILES) {
      const path = join(folder, name);
      const key = readKey(path) ?? createKey(folder, path);
      if (key.length === KEY_BYTES) {
        chmodSync(path, 0o600);
        return key;
      }
    }
    throw new KeyFilesDamaged();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    onProblem(
      `The key for pseudonyms cannot be kept (${code}): people get new pseudonyms with the next start. Make the gateway's state directory writable for its user.`,
    );
    return randomBytes(KEY_BYTES);
  }
}

/** Null when there is none. */
function readKey(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Atomic also between two processes: whoever links first wins, and everybody reads what is there then. */
function createKey(folder: string, path: string): Buffer {
  const draft = join(folder, `${KEY_FILES[0]}.${process.pid}.${randomBytes(4).toString("hex")}`);
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path);
}

class KeyFilesDamaged extends Error {
  readonly code = "key files damaged";
}
