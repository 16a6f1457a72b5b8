import { serialiseRecord } from "openclaw-whatsapp-continuity-plugin/events";
import * as vscode from "vscode";
import type { Feed } from "../sources/feed-hub.ts";
import type { ReadOnlyTexts } from "./read-only-texts.ts";

/**
 * Opens a record where it stands: its line in the file, or the record itself as a document when it came from somewhere that has no
 * lines (a gateway, the clipboard).
 */
export async function openRecord(
  texts: ReadOnlyTexts,
  feed: Feed,
  boot: string,
  seq: number,
): Promise<void> {
  if (feed.uri !== null && feed.kind !== "gateway") {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(feed.uri, true));
    const line = lineOfRecord(document, boot, seq);
    if (line !== null) {
      const selection = document.lineAt(line).range;
      await vscode.window.showTextDocument(document, {
        selection,
        viewColumn: vscode.ViewColumn.Beside,
      });
      return;
    }
  }
  const timed = feed.model.buffer.at(feed.model.buffer.find(boot, seq));
  if (timed === undefined) return;
  const content = JSON.stringify(JSON.parse(serialiseRecord(timed.record)), null, 2);
  await texts.show(`${timed.record.kind}.json`, content, vscode.ViewColumn.Beside);
}

/** Where a record stands in a text; null when it does not. */
export function lineOfRecord(
  document: vscode.TextDocument,
  boot: string,
  seq: number,
): number | null {
  const wanted = [`"boot":${JSON.stringify(boot)}`, `"seq":${seq},`];
  for (let line = 0; line < document.lineCount; line += 1) {
    const { text } = document.lineAt(line);
    if (wanted.every((part) => text.includes(part))) return line;
  }
  return null;
}

/** The record on a line of an incident; null when there is none. */
export function recordOfLine(text: string): { readonly boot: string; readonly seq: number } | null {
  const boot = /"boot":"([^"]*)"/.exec(text)?.[1];
  const seq = /"seq":(\d+)/.exec(text)?.[1];
  return boot === undefined || seq === undefined ? null : { boot, seq: Number(seq) };
}
