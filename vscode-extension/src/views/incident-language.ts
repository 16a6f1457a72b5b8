import * as vscode from "vscode";
import { COMMANDS, LANGUAGE } from "../ids.ts";
import type { IncidentLines } from "../model/incident-lines.ts";

/** Incidents read at a time; older ones are read again when they are looked at. */
const MAX_READ = 6;
const GOLDEN = /\.expected\.jsonl$/;

/** What makes the text of an incident readable: hints, hovers, folds, and what can be done with it. */
export function registerIncidentLanguage(): vscode.Disposable {
  const reader = new IncidentReader();
  return vscode.Disposable.from(
    vscode.languages.registerInlayHintsProvider(LANGUAGE, {
      provideInlayHints: async (document, range) => hintsOf(await reader.read(document), range),
    }),
    vscode.languages.registerHoverProvider(LANGUAGE, {
      provideHover: async (document, { line }) => hoverOf(await reader.read(document), line),
    }),
    vscode.languages.registerFoldingRangeProvider(LANGUAGE, {
      provideFoldingRanges: async (document) =>
        (await reader.read(document))
          .folds()
          .map(({ start, end }) => new vscode.FoldingRange(start, end)),
    }),
    vscode.languages.registerCodeLensProvider(LANGUAGE, { provideCodeLenses: lensesOf }),
    vscode.workspace.onDidCloseTextDocument((document) => reader.forget(document)),
  );
}

function hintsOf(lines: IncidentLines, range: vscode.Range): vscode.InlayHint[] {
  const hints: vscode.InlayHint[] = [];
  for (let line = range.start.line; line <= range.end.line; line += 1) {
    const text = lines.hint(line);
    if (text === null) continue;
    const hint = new vscode.InlayHint(new vscode.Position(line, 0), text);
    hint.paddingRight = true;
    hints.push(hint);
  }
  return hints;
}

function hoverOf(lines: IncidentLines, line: number): vscode.Hover | null {
  const paragraphs = lines.explain(line);
  return paragraphs === null
    ? null
    : new vscode.Hover(new vscode.MarkdownString(paragraphs.join("\n\n")));
}

function lensesOf(document: vscode.TextDocument): vscode.CodeLens[] {
  if (GOLDEN.test(document.uri.path)) return [];
  const top = new vscode.Range(0, 0, 0, 0);
  const lens = (title: string, command: string): vscode.CodeLens =>
    new vscode.CodeLens(top, { title, command, arguments: [document.uri] });
  return [
    lens("$(play) Replay", COMMANDS.replayIncident),
    lens("$(debug-alt) Debug", COMMANDS.debugIncident),
    lens("$(pulse) Timeline", COMMANDS.openTimelineFor),
  ];
}

/** Documents as lines of an incident, read once per version. */
class IncidentReader {
  readonly #read = new Map<string, { readonly version: number; readonly lines: IncidentLines }>();

  async read(document: vscode.TextDocument): Promise<IncidentLines> {
    const key = document.uri.toString();
    const known = this.#read.get(key);
    if (known?.version === document.version) return known.lines;
    const { IncidentLines: Lines } = await import("../model/incident-lines.ts");
    const lines = new Lines(document.getText());
    this.#read.delete(key);
    this.#read.set(key, { version: document.version, lines });
    const [oldest] = this.#read.keys();
    if (this.#read.size > MAX_READ && oldest !== undefined) this.#read.delete(oldest);
    return lines;
  }

  forget(document: vscode.TextDocument): void {
    this.#read.delete(document.uri.toString());
  }
}
