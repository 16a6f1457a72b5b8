import { basename } from "node:path";
import * as vscode from "vscode";
import {
  describeImport,
  importIncident,
  reviewIncident,
  writeReview,
} from "openclaw-whatsapp-continuity-plugin/importing";
import { createScrubber } from "../sources/scrubber.ts";
import type { AccountsNode } from "./accounts-view.ts";
import type { GatewayActions } from "./gateway-actions.ts";
import { chooseText } from "./incident-text-choice.ts";
import { type ReadOnlyTexts, TEXT_SCHEME } from "./read-only-texts.ts";

/** The plugin's versions are not known of a text; the replay shows its own. */
const VERSIONS = { plugin: "unknown", baileys: "unknown" } as const;
const EXTENSION = ".incident.jsonl";
const SAVE = "Save As...";
const HINT_MS = 10_000;

/** An incident that exists nowhere yet, with a sentence about what is and what is not in it. */
interface NewIncident {
  readonly fileName: string;
  readonly text: string;
  readonly sentence: string;
}

/** Makes incidents: out of a running gateway, or out of text that somebody pasted. Each is shown before it is saved. */
export class NewIncidents {
  readonly #actions: GatewayActions;
  readonly #texts: ReadOnlyTexts;
  readonly #scrub = createScrubber();

  constructor(actions: GatewayActions, texts: ReadOnlyTexts) {
    this.#actions = actions;
    this.#texts = texts;
  }

  async capture(node: AccountsNode | undefined): Promise<void> {
    const captured = await this.#actions.capture(node);
    if (captured === null) return;
    const { fileName, text, records, people, groups, others, replayable } = captured;
    if (records === 0) {
      await vscode.window.showInformationMessage(
        "Nothing was recorded in that time. Choose a longer one.",
      );
      return;
    }
    const limit = replayable
      ? ""
      : " It begins where the state is not known, so it can be read and not replayed.";
    await this.#present({
      fileName,
      text,
      sentence: `${records} records; ${people} people, ${groups} groups and ${others} other names were replaced by numbers.${limit}`,
    });
  }

  /** @param given a file; else a person chooses */
  async import(given?: vscode.Uri): Promise<void> {
    const source = await chooseText(given);
    if (source === null) return;
    const { label, text } = source;
    // The sentence of an ImportError says what is missing; the caller shows it.
    const imported = importIncident(text, {
      label,
      fallbackMs: Date.now(),
      utcOffsetMinutes: null,
      versions: VERSIONS,
      scrub: this.#scrub,
    });
    await this.#present({
      fileName: `${label.replace(/\.\w+$/, "").replaceAll(/[^\p{L}\p{N}_-]+/gu, "-")}${EXTENSION}`,
      text: imported.text,
      sentence: describeImport(imported),
    });
  }

  /** The incident, and beside it what was removed, kept and assumed; saved when a person has read that and says so. */
  async #present({ fileName, text, sentence }: NewIncident): Promise<void> {
    const review = writeReview(reviewIncident(text), fileName, sentence);
    const reviewName = fileName.replace(EXTENSION, ".review.md");
    await this.#texts.show(fileName, text, vscode.ViewColumn.One);
    await this.#texts.show(reviewName, review, vscode.ViewColumn.Beside);
    // Stays until it is answered: one has to read before, and may scroll meanwhile.
    const items = [
      { label: SAVE, detail: sentence },
      { label: "Discard", detail: "Nothing is written." },
    ];
    const title = `Save ${fileName}? What was removed and what stays is beside it`;
    const answer = await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true });
    if (answer === undefined) return;
    const isDone = answer.label !== SAVE || (await save(fileName, text));
    if (isDone) await closeTexts([fileName, reviewName]);
  }
}

/** What was shown to be looked at has been looked at. */
async function closeTexts(names: readonly string[]): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const shown = tabs.filter(
    ({ input }) =>
      input instanceof vscode.TabInputText &&
      input.uri.scheme === TEXT_SCHEME &&
      names.includes(basename(input.uri.path)),
  );
  await vscode.window.tabGroups.close(shown);
}

/** @returns whether a person chose where */
async function save(fileName: string, text: string): Promise<boolean> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showSaveDialog({
    title: "Save the incident",
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, fileName) }),
    filters: { Incident: ["jsonl"] },
  });
  if (chosen === undefined) return false;
  await vscode.workspace.fs.writeFile(chosen, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(chosen, {
    preview: false,
    viewColumn: vscode.ViewColumn.One,
  });
  void vscode.window.setStatusBarMessage(
    `${basename(chosen.path)} is listed in the Testing view; Accept Golden makes it a test`,
    HINT_MS,
  );
  return true;
}
