import { rm } from "node:fs/promises";
import path from "node:path";
import {
  CREDS_BACKUP_FILE,
  CREDS_FILE,
  keyFileName,
  prepareDirectory,
  readSafely,
  replaceFileDurably,
  replaceKeySync,
} from "./credential-files.ts";
import { contentOf, inspectCredentials, sameDevice, selfOf } from "./credential-store.ts";
import { noteCredentials } from "./credential-writes.ts";
import { enqueueFileTask, whenFilesIdle } from "./file-queue.ts";
import type {
  AuthenticationCreds,
  AuthenticationState,
  Baileys,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStore,
} from "./library.ts";

/** The device's keys as a socket uses them. */
export interface AuthState {
  readonly state: AuthenticationState;
  /** Writes the credentials; calls are serialised and each resolves when its content is on disk. */
  save(): Promise<void>;
}

/** The stored credentials can be neither read nor restored; the sentence says what to do. */
export class CredentialsUnreadable extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "CredentialsUnreadable";
  }
}

/** How long a new socket waits for writes of its predecessor; then it reads what is there. */
const FLUSH_LIMIT_MS = 15_000;

/**
 * Opens the folder for a socket, with the file names and encoding of Baileys' `useMultiFileAuthState`. Credentials are written durably
 * (temporary file, fsync, rename, fsync of the folder) and backed up; key files are replaced whole without waiting for the
 * disk, because a flush per received message would cost more than the resend that a power cut causes.
 */
export async function openAuthState(baileys: Baileys, authDir: string): Promise<AuthState> {
  await whenFilesIdle(authDir, FLUSH_LIMIT_MS);
  await prepareDirectory(authDir);
  // Restores a torn file from its backup, as the official plugin does before every socket.
  const { state, problem } = inspectCredentials(authDir);
  if (state === "corrupt") throw new CredentialsUnreadable(problem ?? "");
  const stored = readSafely(path.join(authDir, CREDS_FILE));
  if (stored !== null) noteCredentials(authDir, stored);
  const creds: AuthenticationCreds =
    stored === null
      ? baileys.initAuthCreds()
      : (JSON.parse(stored, baileys.BufferJSON.reviver) as AuthenticationCreds);
  return {
    state: { creds, keys: keyStore(baileys, authDir) },
    save: () => enqueueFileTask(authDir, CREDS_FILE, () => saveCreds(baileys, authDir, creds)),
  };
}

async function saveCreds(
  baileys: Baileys,
  authDir: string,
  creds: AuthenticationCreds,
): Promise<void> {
  const next = JSON.stringify(creds, baileys.BufferJSON.replacer);
  const file = path.join(authDir, CREDS_FILE);
  const backupFile = path.join(authDir, CREDS_BACKUP_FILE);
  const previous = contentOf(file);
  // Only a linked device is worth a backup: an unlinked one would replace the copy that could still save the account.
  if (previous.kind === "linked") await replaceFileDurably(backupFile, previous.json);
  await replaceFileDurably(file, next);
  noteCredentials(authDir, next);

  const self = selfOf(creds);
  const backup = contentOf(backupFile);
  if (backup.kind === "linked" && self.pn !== null && !sameDevice(backup.self, self)) {
    // Another number was linked in place: its predecessor must never come back from the backup.
    await replaceFileDurably(backupFile, next);
  }
}

function keyStore(baileys: Baileys, authDir: string): SignalKeyStore {
  return {
    async get<T extends keyof SignalDataTypeMap>(category: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {};
      await Promise.all(
        ids.map(async (id) => {
          const value = await readKey(baileys, authDir, category, id);
          if (value !== null) found[id] = value as SignalDataTypeMap[T];
        }),
      );
      return found;
    },
    async set(data: SignalDataSet) {
      const writes: Promise<void>[] = [];
      for (const [category, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          writes.push(writeKey(baileys, authDir, keyFileName(category, id), value));
        }
      }
      await Promise.all(writes);
    },
  };
}

async function readKey(
  baileys: Baileys,
  authDir: string,
  category: string,
  id: string,
): Promise<unknown> {
  const name = keyFileName(category, id);
  // Behind pending writes of the same file, so that a reader never sees less than was written.
  const content = await enqueueFileTask(authDir, name, async () =>
    readSafely(path.join(authDir, name)),
  );
  if (content === null) return null;
  const value = parseKey(baileys, content);
  if (value === null) return null;
  return category === "app-state-sync-key"
    ? baileys.proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>)
    : value;
}

/**
 * Baileys' own store and the official plugin write key files in place, so a kill there can leave half a file. As in their stores, half
 * a key is no key: Signal asks the sender for a fresh session.
 */
function parseKey(baileys: Baileys, content: string): unknown {
  try {
    return JSON.parse(content, baileys.BufferJSON.reviver);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function writeKey(baileys: Baileys, authDir: string, name: string, value: unknown): Promise<void> {
  const file = path.join(authDir, name);
  if (value === null || value === undefined) {
    return enqueueFileTask(authDir, name, () => rm(file, { force: true }));
  }
  // Serialised now: the library goes on changing the object.
  const content = JSON.stringify(value, baileys.BufferJSON.replacer);
  return enqueueFileTask(authDir, name, async () => replaceKeySync(file, content));
}
