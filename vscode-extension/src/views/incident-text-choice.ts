import { basename } from "node:path";
import * as vscode from "vscode";
import { textOfBytes } from "openclaw-whatsapp-continuity-plugin/importing";
import { LANGUAGE } from "../ids.ts";

/** A text that may tell about an incident, and what it is. */
export interface SourceText {
  /** File name, or where the text came from. */
  readonly label: string;
  readonly text: string;
}

/**
 * The text that an incident is made of: the file a menu was opened on, else what a person chooses of the selection, the editor in front and the
 * clipboard. Null when nothing was chosen.
 */
export async function chooseText(given: vscode.Uri | undefined): Promise<SourceText | null> {
  if (given !== undefined) return fileText(given);
  const found = [...editorTexts(), ...(await clipboardText())];
  const items = found.map(({ source, where }) => ({
    label: where,
    description: lineCount(source.text),
    source,
  }));
  const other = { label: "A file...", description: "", source: null };
  const picked = await vscode.window.showQuickPick([...items, other], {
    title: "Make an incident of which text?",
  });
  if (picked === undefined) return null;
  return picked.source ?? chooseFile();
}

interface Offer {
  readonly where: string;
  readonly source: SourceText;
}

/** What is marked, else the whole document; an incident is one already. */
function editorTexts(): Offer[] {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.document.languageId === LANGUAGE) return [];
  const { document, selection } = editor;
  const name = document.isUntitled ? "pasted" : basename(document.uri.path);
  const marked = document.getText(selection);
  const text = marked.trim() === "" ? document.getText() : marked;
  if (text.trim() === "") return [];
  const what = marked.trim() === "" ? "The editor" : "The selection";
  const where = document.isUntitled ? what : `${what} (${name})`;
  return [{ where, source: { label: name, text } }];
}

/** A browser may keep the clipboard to itself; the other texts are there all the same. */
async function clipboardText(): Promise<Offer[]> {
  const text = await Promise.resolve(vscode.env.clipboard.readText()).catch(() => "");
  return text.trim() === "" ? [] : [{ where: "The clipboard", source: { label: "pasted", text } }];
}

async function chooseFile(): Promise<SourceText | null> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: "Make an incident of a log",
      canSelectMany: false,
    })) ?? [];
  return chosen === undefined ? null : fileText(chosen);
}

async function fileText(uri: vscode.Uri): Promise<SourceText> {
  const label = basename(uri.path);
  const text = textOfBytes(await vscode.workspace.fs.readFile(uri));
  if (text === null)
    throw new Error(
      `${label} is not a text. Choose a log that is not compressed, or copy its lines.`,
    );
  return { label, text };
}

function lineCount(text: string): string {
  const lines = text.trimEnd().split("\n").length;
  return lines === 1 ? "1 line" : `${lines} lines`;
}
