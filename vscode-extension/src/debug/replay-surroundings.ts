import { basename, join } from "node:path";
import * as vscode from "vscode";
import type { ReplaySurroundings } from "../adapter/replay/replay-opener.ts";
import { holdsPlugin } from "../adapter/replay/workspace-plugin.ts";
import { SETTINGS } from "../ids.ts";

/** Folders looked at for the plugin; a workspace with more copies of it has to name one by being opened there. */
const MAX_CANDIDATES = 8;

/** The editor as a replay sees it: files, the workspace's plugin where it may be run, and the JavaScript debugger. */
export function surroundingsOf(
  extensionUri: vscode.Uri,
  session?: vscode.DebugSession,
): ReplaySurroundings {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const chosen = settings.get<string>(SETTINGS.node, "");
  return {
    readText,
    findPlugin: findWorkspacePlugin,
    findUnusedPlugin: findAnyPlugin,
    chosenNode: chosen === "" ? null : chosen,
    engineEntry: vscode.Uri.joinPath(extensionUri, "dist/engine-process.mjs").fsPath,
    threadEntry: threadEntryOf(extensionUri),
    bundledSources: vscode.Uri.joinPath(extensionUri, "dist/plugin").fsPath,
    attachCore: (port) => attachJavaScript(port, session),
  };
}

/** Entry of the thread that works with the bundled copy of the plugin. */
export function threadEntryOf(extensionUri: vscode.Uri): string {
  return vscode.Uri.joinPath(extensionUri, "dist/bundled-thread.cjs").fsPath;
}

/** Also of files that are on no disk of this machine. */
async function readText(path: string): Promise<string> {
  const uri = /^[a-z][a-z\d+.-]+:\//i.test(path)
    ? vscode.Uri.parse(path, true)
    : vscode.Uri.file(path);
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    throw new Error(`${basename(path)} cannot be read. Check the path: ${path}`);
  }
}

/** The folder of the plugin's sources in a trusted workspace; null when its code must not or cannot be run. */
export function findWorkspacePlugin(): Promise<string | null> {
  return vscode.workspace.isTrusted ? findAnyPlugin() : Promise.resolve(null);
}

async function findAnyPlugin(): Promise<string | null> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(
    ({ uri }) => uri.scheme === "file",
  );
  for (const { uri } of folders) {
    const near = [uri.fsPath, join(uri.fsPath, "plugin")].find(holdsPlugin);
    if (near !== undefined) return near;
  }
  if (folders.length === 0) return null;
  const manifests = await vscode.workspace.findFiles(
    "**/openclaw.plugin.json",
    "**/node_modules/**",
    MAX_CANDIDATES,
  );
  return manifests.map((uri) => vscode.Uri.joinPath(uri, "..").fsPath).find(holdsPlugin) ?? null;
}

/** Attaches the editor's own JavaScript debugger, as a child of the session it belongs to. */
async function attachJavaScript(port: number, session?: vscode.DebugSession): Promise<void> {
  const configuration: vscode.DebugConfiguration = {
    type: "node",
    request: "attach",
    name: "Plugin's core",
    address: "127.0.0.1",
    port,
    skipFiles: ["<node_internals>/**"],
  };
  const options: vscode.DebugSessionOptions =
    session === undefined ? {} : { parentSession: session, lifecycleManagedByParent: true };
  const isAttached = await vscode.debug.startDebugging(
    session?.workspaceFolder,
    configuration,
    options,
  );
  if (!isAttached)
    throw new Error(
      "The JavaScript debugger did not attach. Enable the built-in JavaScript Debugger, or leave out debugCore.",
    );
}
