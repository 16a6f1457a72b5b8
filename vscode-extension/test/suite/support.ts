import * as vscode from "vscode";
import type { ExtensionApi } from "../../src/extension.ts";
import type { Feed } from "../../src/sources/feed-hub.ts";

const EXTENSION = "whatsapp-continuity.openclaw-whatsapp-continuity";
const LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 25;

/** The extension as installed, activated as a user's first click would. */
export async function api(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>(EXTENSION);
  if (extension === undefined) throw new Error("The extension under test is not loaded.");
  return extension.isActive ? extension.exports : extension.activate();
}

/** Waits until something holds, and returns it. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const endMs = Date.now() + LIMIT_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

export function sample(name: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) throw new Error("No folder is open.");
  return vscode.Uri.joinPath(folder.uri, name);
}

export async function open(name: string): Promise<Feed> {
  const { opener } = await api();
  const feed = await opener.openLog(sample(name));
  if (feed === null) throw new Error(`${name} was not opened.`);
  return feed;
}

export async function closeEverything(): Promise<void> {
  const { hub } = await api();
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  for (const feed of hub.feeds) hub.remove(feed);
}

/** The extension host is looked at this often. */
const TICK_MS = 5;

/**
 * The longest time for which nothing else could run in the extension host while something was done, in ms of this thread's own work: what
 * other programs take on a busy machine does not count.
 */
export async function longestBlock(act: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let beforeMs = workedMs();
  const timer = setInterval(() => {
    const nowMs = workedMs();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
    beforeMs = nowMs;
  }, TICK_MS);
  try {
    await act();
    await new Promise((resolve) => setTimeout(resolve, 4 * TICK_MS));
  } finally {
    clearInterval(timer);
  }
  return longestMs;
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
