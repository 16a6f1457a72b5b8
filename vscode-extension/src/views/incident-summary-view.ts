import * as vscode from "vscode";
import { threadEntryOf } from "../debug/replay-surroundings.ts";
import { withProgress } from "./progress.ts";

const SUMMARY_SCHEME = "whatsapp-incident-summary";

/** The readable account of an incident beside its text. */
export function registerIncidentSummary(extension: vscode.Uri): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SUMMARY_SCHEME, {
    provideTextDocumentContent: (uri) => readSummary(extension, uri),
  });
}

export async function showIncidentSummary(): Promise<void> {
  const incident = vscode.window.activeTextEditor?.document;
  if (incident === undefined) {
    await vscode.window.showInformationMessage("Open an incident file (*.incident.jsonl) first.");
    return;
  }
  const uri = vscode.Uri.from({
    scheme: SUMMARY_SCHEME,
    path: `${incident.uri.path}.md`,
    query: incident.uri.toString(),
  });
  await vscode.window.showTextDocument(uri, {
    viewColumn: vscode.ViewColumn.Beside,
    preview: true,
  });
}

/** The summary of the incident whose address is in the query. */
async function readSummary(extension: vscode.Uri, uri: vscode.Uri): Promise<string> {
  const incident = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri.query, true));
  const file = vscode.workspace.asRelativePath(incident.uri);
  const { ThreadEngine } = await import("../adapter/replay/thread-engine.ts");
  const engine = new ThreadEngine(threadEntryOf(extension));
  try {
    return await withProgress(`Summarising ${file}`, (token) => {
      const cancelled = new Promise<string>((done) => {
        token.onCancellationRequested(() => done("The summary was cancelled."));
      });
      return Promise.race([engine.summarise(incident.getText(), file), cancelled]);
    });
  } finally {
    engine.dispose();
  }
}
