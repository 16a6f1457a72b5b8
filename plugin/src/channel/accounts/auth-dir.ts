import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import {
  DEFAULT_ACCOUNT_ID,
  normalizeAccountId,
  resolveUserPath,
} from "openclaw/plugin-sdk/account-core";
import { resolveOAuthDir } from "openclaw/plugin-sdk/state-paths";
import { CHANNEL_ID } from "../identifiers.ts";

/*
 * Where an account's credentials lie: the same folders as the official plugin's, so a linked device stays linked when one replaces
 * the other. Nothing here is relative to the plugin's own files, which OpenClaw runs from a temporary copy.
 */

export interface AuthDirLocation {
  readonly authDir: string;
  /** The folder is OpenClaw's whole credentials folder and holds other channels' files too. */
  readonly shared: boolean;
}

/** The account's folder: configured, or its own one below the state directory, or the shared one of old installations. */
export function locateAuthDir(accountId: string, configured: string | undefined): AuthDirLocation {
  if (configured !== undefined) return { authDir: resolveUserPath(configured), shared: false };
  const authDir = path.join(managedRoot(), normalizeAccountId(accountId));
  if (accountId !== DEFAULT_ACCOUNT_ID) return { authDir, shared: false };
  const old = resolveOAuthDir();
  return hasCredentials(old) && !hasCredentials(authDir)
    ? { authDir: old, shared: true }
    : { authDir, shared: false };
}

/** Folder below which account folders are ours to create and, after a logout, to remove. */
export function managedRoot(): string {
  return path.join(resolveOAuthDir(), CHANNEL_ID);
}

/** Whether a linked device's credentials seem to be there; cheap, for lists and setup. Symbolic links do not count. */
export function hasCredentials(authDir: string): boolean {
  const found = lstatSync(path.join(authDir, "creds.json"), { throwIfNoEntry: false });
  return found !== undefined && found.isFile() && found.size > 1;
}

/** Whether any account was ever linked, also one that is not configured any more. */
export function hasAnyCredentials(configuredDirs: readonly string[]): boolean {
  return [...configuredDirs, resolveOAuthDir(), ...managedDirs()].some(hasCredentials);
}

function managedDirs(): readonly string[] {
  const root = managedRoot();
  if (lstatSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(root, entry.name));
}
