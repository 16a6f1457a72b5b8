import * as vscode from "vscode";
import { summariseIncident } from "./model/incident-summary.ts";

const SUMMARY_SCHEME = "whatsapp-incident-summary";

/** Called by the editor the first time an incident or the command is used. */
export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(SUMMARY_SCHEME, {
      provideTextDocumentContent: readSummary,
    }),
    vscode.commands.registerCommand("whatsappContinuity.showIncidentSummary", showIncidentSummary),
  );
}

async function showIncidentSummary(): Promise<void> {
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
  try {
    await vscode.window.showTextDocument(uri, {
      viewColumn: vscode.ViewColumn.Beside,
      preview: true,
    });
  } catch (error) {
    await vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

/** The summary of the incident whose address is in the query. */
async function readSummary(uri: vscode.Uri): Promise<string> {
  const incident = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri.query, true));
  return summariseIncident(incident.getText(), vscode.workspace.asRelativePath(incident.uri));
}
