import * as vscode from "vscode";

const SUMMARY_SCHEME = "whatsapp-incident-summary";

/** The readable account of an incident beside its text. */
export function registerIncidentSummary(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SUMMARY_SCHEME, {
    provideTextDocumentContent: readSummary,
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
async function readSummary(uri: vscode.Uri): Promise<string> {
  const incident = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri.query, true));
  const { summariseIncident } = await import("../model/incident-summary.ts");
  return summariseIncident(incident.getText(), vscode.workspace.asRelativePath(incident.uri));
}
