import * as vscode from "vscode";
import { launchOf } from "../debug/launch.ts";
import { LANGUAGE, SETTINGS } from "../ids.ts";
import { GoldenReview } from "./golden-review.ts";
import { chosenDepth, type IncidentTests } from "./incident-tests.ts";

/** What Accept Golden was called on: a file, a test, or a message of a test. */
export type GoldenTarget = vscode.Uri | vscode.TestItem | { readonly test: vscode.TestItem };

/** What can be done with an incident file, from its code lenses, the editor's title, and the Testing view. */
export class IncidentActions implements vscode.Disposable {
  readonly #tests: IncidentTests;
  readonly #goldens: GoldenReview;
  readonly #onSettings: vscode.Disposable;

  constructor(tests: IncidentTests, extensionUri: vscode.Uri) {
    this.#tests = tests;
    this.#goldens = new GoldenReview(extensionUri);
    this.#onSettings = vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${SETTINGS.section}.${SETTINGS.depth}`))
        tests.depthChanged();
    });
  }

  dispose(): void {
    this.#onSettings.dispose();
    this.#goldens.dispose();
  }

  async replay(given?: vscode.Uri): Promise<void> {
    const uri = given ?? openIncident();
    if (uri !== null) await this.#tests.replay(uri);
  }

  async debug(given?: vscode.Uri): Promise<void> {
    const uri = given ?? openIncident();
    if (uri === null) return;
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    await vscode.debug.startDebugging(folder, launchOf(uri));
  }

  /** Shows the change, writes it when it is accepted, and replays the incident against it. */
  async acceptGolden(given?: GoldenTarget): Promise<void> {
    const uri = given === undefined ? openIncident() : fileOf(given);
    if (uri === null) return;
    if (await this.#goldens.review(uri)) await this.#tests.replay(uri);
  }

  /** The switch: what runs with the next replay and the next session. */
  async chooseDepth(): Promise<void> {
    const items = [
      {
        label: "core",
        description: "milliseconds",
        detail: "Recorded facts are decided again, in virtual time.",
      },
      {
        label: "baileys",
        description: "seconds",
        detail: "The incident's world is played against Baileys and the simulated WhatsApp server.",
      },
    ];
    const title = `Replay incidents at which depth? Now: ${chosenDepth()}`;
    const picked = await vscode.window.showQuickPick(items, { title });
    if (picked === undefined) return;
    const settings = vscode.workspace.getConfiguration(SETTINGS.section);
    const target =
      vscode.workspace.workspaceFolders === undefined
        ? vscode.ConfigurationTarget.Global
        : vscode.ConfigurationTarget.Workspace;
    await settings.update(SETTINGS.depth, picked.label, target);
  }
}

function fileOf(target: GoldenTarget): vscode.Uri | null {
  if (target instanceof vscode.Uri) return target;
  return ("test" in target ? target.test.uri : target.uri) ?? null;
}

function openIncident(): vscode.Uri | null {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === LANGUAGE) return document.uri;
  void vscode.window.showInformationMessage("Open an incident file (*.incident.jsonl) first.");
  return null;
}
