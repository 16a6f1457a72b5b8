import * as vscode from "vscode";
import { importIncident } from "openclaw-whatsapp-continuity-plugin/importing";
import { createScrubber } from "../sources/scrubber.ts";
import type { AccountsNode } from "./accounts-view.ts";
import type { GatewayActions } from "./gateway-actions.ts";
import type { ReadOnlyTexts } from "./read-only-texts.ts";

/** The plugin's versions are not known of a text; the replay shows its own. */
const VERSIONS = { plugin: "unknown", baileys: "unknown" } as const;
const EXTENSION = ".incident.jsonl";

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
    const taken = `${people} people, ${groups} groups and ${others} other names were replaced by numbers`;
    const limit = replayable
      ? ""
      : " It begins where the state is not known, so it cannot be replayed.";
    await this.#present({
      fileName,
      text,
      sentence: `${records} records. ${taken}; texts, keys and QR codes were never recorded.${limit}`,
    });
  }

  /** @param given a file; else the active editor, else the clipboard */
  async import(given?: vscode.Uri): Promise<void> {
    const { label, text } = await textToImport(given);
    // The sentence of an ImportError says what is missing; the caller shows it.
    const imported = importIncident(text, {
      label,
      fallbackMs: Date.now(),
      utcOffsetMinutes: null,
      versions: VERSIONS,
      scrub: this.#scrub,
    });
    const { lines, recognised, observed, assumed, ellipses } = imported;
    const gaps = ellipses === 0 ? "" : `, and lines are missing at ${ellipses} places`;
    await this.#present({
      fileName: `${label.replace(/\.\w+$/, "").replaceAll(/[^\w-]+/g, "-")}${EXTENSION}`,
      text: imported.text,
      sentence: `${recognised} of ${lines} lines tell about WhatsApp${gaps}: ${observed} facts with exact times, ${assumed} assumed.`,
    });
  }

  async #present({ fileName, text, sentence }: NewIncident): Promise<void> {
    await this.#texts.show(fileName, text);
    const save = "Save As…";
    if ((await vscode.window.showInformationMessage(sentence, save)) !== save) return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const chosen = await vscode.window.showSaveDialog({
      title: "Save the incident",
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, fileName) }),
      filters: { Incident: ["jsonl"] },
    });
    if (chosen === undefined) return;
    await vscode.workspace.fs.writeFile(chosen, new TextEncoder().encode(text));
    await vscode.window.showTextDocument(chosen, { preview: false });
  }
}

async function textToImport(
  given: vscode.Uri | undefined,
): Promise<{ readonly label: string; readonly text: string }> {
  if (given !== undefined) {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(given));
    return { label: given.path.split("/").at(-1) ?? "log", text };
  }
  const document = vscode.window.activeTextEditor?.document;
  if (document !== undefined && document.getText().trim() !== "") {
    const label = document.isUntitled ? "pasted" : (document.uri.path.split("/").at(-1) ?? "log");
    return { label, text: document.getText() };
  }
  return { label: "pasted", text: await vscode.env.clipboard.readText() };
}
