import { Worker } from "node:worker_threads";
import * as vscode from "vscode";
import { withProgress } from "./progress.ts";
import type { SummaryAnswer, SummaryRequest } from "./incident-summary-worker.ts";

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
  const request: SummaryRequest = { content: incident.getText(), file };
  return withProgress(`Summarising ${file}`, (token) => summarise(extension, request, token));
}

/** @throws Error with what is wrong with the incident, in words */
function summarise(
  extension: vscode.Uri,
  workerData: SummaryRequest,
  token: vscode.CancellationToken,
): Promise<string> {
  const entry = vscode.Uri.joinPath(extension, "dist/incident-summary-worker.cjs").fsPath;
  return new Promise((done, failed) => {
    const worker = new Worker(entry, { workerData });
    const cancelled = token.onCancellationRequested(() => {
      void worker.terminate();
      done("The summary was cancelled.");
    });
    worker.once("error", failed);
    worker.once("exit", () => {
      cancelled.dispose();
      failed(new Error("The summary ended without a result. Try again."));
    });
    worker.once("message", (answer: SummaryAnswer) => {
      if ("summary" in answer) done(answer.summary);
      else failed(new Error(answer.problem));
    });
  });
}
