import * as vscode from "vscode";
import { surroundingsOf } from "../debug/replay-surroundings.ts";
import { chosenCode } from "./incident-tests.ts";

const SCHEME = "whatsapp-golden";
const ACCEPT = "Accept Golden";

/** Shows what a golden would become, and writes it when a person accepts that. */
export class GoldenReview implements vscode.Disposable, vscode.TextDocumentContentProvider {
  readonly #extensionUri: vscode.Uri;
  readonly #registration: vscode.Disposable;
  readonly #texts = new Map<string, string>();
  #next = 1;

  constructor(extensionUri: vscode.Uri) {
    this.#extensionUri = extensionUri;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  dispose(): void {
    this.#registration.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "";
  }

  /** @returns whether a golden was written */
  async review(uri: vscode.Uri): Promise<boolean> {
    const { goldenPathOf, ReplayOpener } = await import("../adapter/replay/replay-opener.ts");
    const opener = new ReplayOpener(surroundingsOf(this.#extensionUri));
    const engine = await opener.engine(chosenCode());
    const incident = await opener.incident(uri.fsPath);
    let text: string;
    try {
      text = await engine.golden(incident);
    } finally {
      engine.dispose();
    }
    const name = vscode.workspace.asRelativePath(goldenPathOf(uri.fsPath));
    const before = incident.golden?.text ?? "";
    if (before === text) {
      await vscode.window.showInformationMessage(
        `${name} is what is decided now; nothing to accept.`,
      );
      return false;
    }
    await this.#show(goldenPathOf(uri.fsPath), before, text, incident.golden !== null);
    if (!(await isAccepted(`${changedLines(before, text)} of ${name}`))) return false;
    await vscode.workspace.fs.writeFile(
      vscode.Uri.file(goldenPathOf(uri.fsPath)),
      new TextEncoder().encode(text),
    );
    return true;
  }

  async #show(path: string, before: string, after: string, exists: boolean): Promise<void> {
    this.#texts.clear();
    const now = this.#document(path, "now", after);
    const then = exists ? vscode.Uri.file(path) : this.#document(path, "nothing", before);
    const title = `${path.split("/").at(-1)} (golden <-> decided now)`;
    await vscode.commands.executeCommand("vscode.diff", then, now, title, { preview: true });
  }

  #document(path: string, part: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: vscode.Uri.file(path).path,
      query: `${part}-${this.#next}`,
    });
    this.#next += 1;
    this.#texts.set(uri.toString(), text);
    return uri;
  }
}

/** Stays until it is answered: one has to read before, and may scroll meanwhile. */
async function isAccepted(what: string): Promise<boolean> {
  const items = [
    { label: ACCEPT, detail: "What is decided now becomes the expectation." },
    { label: "Keep", detail: "Nothing is written." },
  ];
  const title = `${what} would change`;
  const answer = await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true });
  return answer?.label === ACCEPT;
}

function changedLines(before: string, after: string): string {
  const lines = before.split("\n");
  const changed = after.split("\n").filter((line, index) => line !== lines[index]).length;
  return changed === 1 ? "1 line" : `${changed} lines`;
}
