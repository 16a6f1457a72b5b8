import { randomUUID } from "node:crypto";
import {
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

/*
 * Files of a linked device, laid out as the official plugin and Baileys' multi-file store have them, so that switching plugins needs no new
 * QR code. Written through a temporary file and a rename: a kill leaves the old or the new content, never half of it.
 */

export const CREDS_FILE = "creds.json";
export const CREDS_BACKUP_FILE = "creds.json.bak";
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const TEMPORARY_PREFIX = ".continuity.";
/** Of the next content of a key; the key's name follows. */
const NEXT_PREFIX = `${TEMPORARY_PREFIX}next-`;

/** Kinds of Signal and app state files of rc14; `creds.json` and its backup come on top. */
const KEY_CATEGORIES = [
  "app-state-sync-key",
  "app-state-sync-version",
  "device-list",
  "identity-key",
  "lid-mapping",
  "pre-key",
  "sender-key",
  "sender-key-memory",
  "session",
  "tctoken",
] as const;

/** True for the files this plugin may remove at a logout that a person asked for. */
export function isManagedFile(name: string): boolean {
  if (name === CREDS_FILE || name === CREDS_BACKUP_FILE) return true;
  if (name.startsWith(TEMPORARY_PREFIX)) return true;
  return name.endsWith(".json") && KEY_CATEGORIES.some((kind) => name.startsWith(`${kind}-`));
}

/** Baileys' own rule for a file name: JIDs and Signal addresses contain `/` and `:`. */
export function keyFileName(category: string, id: string): string {
  return `${category}-${id}.json`.replaceAll("/", "__").replaceAll(":", "-");
}

/** The credentials folder or a file in it is a symbolic link or no regular file; keys are never written through one. */
export class UnsafeCredentialPath extends Error {
  readonly code = "WA_ERR_UNSAFE_CREDENTIAL_PATH";
  constructor(file: string) {
    super(
      `The WhatsApp credential path ${file} contains a symbolic link or is not a regular file. Replace it by a plain folder with plain files.`,
    );
    this.name = "UnsafeCredentialPath";
  }
}

/**
 * Refuses symbolic links on the way to the file and anything but a regular or missing file at its end. The first component below
 * the root may be a link (`/var` on macOS), as with the official plugin.
 *
 * @throws UnsafeCredentialPath
 */
export function assertSafeFile(file: string): void {
  const absolute = path.resolve(file);
  const { root } = path.parse(absolute);
  const parts = absolute.slice(root.length).split(path.sep);
  let current = root;
  for (const [index, part] of parts.entries()) {
    current = path.join(current, part);
    const found = statOf(current);
    if (found === null) return;
    const last = index === parts.length - 1;
    const allowedLink = index === 0 && !last && found.isSymbolicLink();
    const fits = last ? found.isFile() : found.isDirectory() || allowedLink;
    if (!fits) throw new UnsafeCredentialPath(file);
  }
}

function statOf(file: string): Stats | null {
  return lstatSync(file, { throwIfNoEntry: false }) ?? null;
}

/** The content, or null when there is no such file or it is empty. Throws on an unsafe or unreadable path. */
export function readSafely(file: string): string | null {
  assertSafeFile(file);
  try {
    const content = readFileSync(file, "utf8");
    return content.length > 1 ? content : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * Replaces a file in one step and waits for the disk (file and directory), so that a power cut keeps it.
 */
export async function replaceFileDurably(file: string, content: string): Promise<void> {
  const directory = path.dirname(file);
  const temporary = temporaryIn(directory);
  try {
    const handle = await open(temporary, "wx", FILE_MODE);
    try {
      await handle.writeFile(content, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Directly before the rename: what was checked is what is replaced.
    assertSafeFile(file);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

/** Replaces a file in one step without waiting for the disk: a crash of the process leaves whole content, a power cut may not. */
export function replaceFileSync(file: string, content: string): void {
  const temporary = temporaryIn(path.dirname(file));
  try {
    writeFileSync(temporary, content, { encoding: "utf8", flag: "wx", mode: FILE_MODE });
    assertSafeFile(file);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Replaces a Signal key without waiting for the disk, with the same promise as {@link replaceFileSync} once {@link prepareDirectory} has run.
 * Synchronous, because keys are written for every message and each step would wait for the thread pool. The old file is removed first: ext4
 * (`auto_da_alloc`) writes a file to the disk at once when it is renamed over another one, which held the event loop up for 1 ms per
 * message, and for 15 ms on a busy disk. Calls for one file must not overlap.
 */
export function replaceKeySync(file: string, content: string): void {
  const next = path.join(path.dirname(file), NEXT_PREFIX + path.basename(file));
  try {
    writeFileSync(next, content, { encoding: "utf8", flag: "wx", mode: FILE_MODE });
    assertSafeFile(file);
    rmSync(file, { force: true });
    renameSync(next, file);
  } catch (error) {
    // Once the old content is gone the new one is the only one there is.
    if (existsSync(file)) rmSync(next, { force: true });
    throw error;
  }
}

function temporaryIn(directory: string): string {
  return path.join(directory, `${TEMPORARY_PREFIX}${randomUUID()}`);
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory for this.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes sure of the folder, closed to others, and ends what a kill in the middle of a write left: a key's next content is put in its place. */
export async function prepareDirectory(directory: string): Promise<void> {
  assertSafeFile(path.join(directory, CREDS_FILE));
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const found = await stat(directory);
  if (!found.isDirectory()) throw new UnsafeCredentialPath(directory);
  const entries = await readdir(directory);
  const left = entries.filter((name) => name.startsWith(TEMPORARY_PREFIX));
  for (const name of left) {
    const key = name.slice(NEXT_PREFIX.length);
    const isAlone = name.startsWith(NEXT_PREFIX) && !entries.includes(key);
    // A half written one is put there too, and is read as no key.
    if (isAlone) await rename(path.join(directory, name), path.join(directory, key));
    else await rm(path.join(directory, name), { force: true });
  }
}
