import * as vscode from "vscode";

export const TEXT_SCHEME = "whatsapp-continuity-text";
/** Texts kept for documents that are still open; older ones were looked at long ago. */
const MAX_TEXTS = 50;

/** Texts of ours as documents that can be searched and copied, and are never asked to be saved. */
export class ReadOnlyTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(TEXT_SCHEME, this);
  #next = 1;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "This text is no longer there. Ask again.";
  }

  /** @param name file name; its extension chooses the language */
  async show(name: string, text: string, column = vscode.ViewColumn.Active): Promise<void> {
    const uri = vscode.Uri.from({ scheme: TEXT_SCHEME, path: `/${this.#next}/${name}` });
    this.#next += 1;
    this.#texts.set(uri.toString(), text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > MAX_TEXTS && oldest !== undefined) this.#texts.delete(oldest);
    await vscode.window.showTextDocument(uri, { preview: true, viewColumn: column });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#texts.clear();
  }
}
