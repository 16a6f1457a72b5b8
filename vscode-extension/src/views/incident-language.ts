import * as vscode from "vscode";
import { COMMANDS, LANGUAGE } from "../ids.ts";
import type { IncidentLines } from "../model/incident-lines.ts";
import { inSlices } from "../sources/time-slices.ts";

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
      provideHover: async (document, { line }, token) =>
        hoverOf(await reader.read(document), line, token),
    }),
    vscode.languages.registerFoldingRangeProvider(LANGUAGE, {
      provideFoldingRanges: async (document) =>
        (await reader.read(document))
          ?.folds()
          .map(({ start, end }) => new vscode.FoldingRange(start, end)) ?? [],
    }),
    vscode.languages.registerCodeLensProvider(LANGUAGE, { provideCodeLenses: lensesOf }),
    vscode.workspace.onDidCloseTextDocument((document) => reader.forget(document)),
  );
}

function hintsOf(lines: IncidentLines | null, range: vscode.Range): vscode.InlayHint[] {
  const hints: vscode.InlayHint[] = [];
  if (lines === null) return hints;
  for (let line = range.start.line; line <= range.end.line; line += 1) {
    const text = lines.hint(line);
    if (text === null) continue;
    const hint = new vscode.InlayHint(new vscode.Position(line, 0), text);
    hint.paddingRight = true;
    hints.push(hint);
  }
  return hints;
}

async function hoverOf(
  lines: IncidentLines | null,
  line: number,
  token: vscode.CancellationToken,
): Promise<vscode.Hover | null> {
  const isCancelled = (): boolean => token.isCancellationRequested;
  const paragraphs = lines === null ? null : await inSlices(lines.explain(line), isCancelled);
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

/** A document as lines, read or about to be; null when it changed before that was done. */
interface Reading {
  readonly version: number;
  readonly lines: Promise<IncidentLines | null>;
}

/** Documents as lines of an incident, read once per version. */
class IncidentReader {
  readonly #readings = new Map<string, Reading>();

  read(document: vscode.TextDocument): Promise<IncidentLines | null> {
    const key = document.uri.toString();
    const known = this.#readings.get(key);
    if (known?.version === document.version) return known.lines;
    const { version } = document;
    const isOld = (): boolean => this.#readings.get(key)?.version !== version;
    const reading = { version, lines: readLines(document.getText(), isOld) };
    this.#readings.delete(key);
    this.#readings.set(key, reading);
    const [oldest] = this.#readings.keys();
    if (this.#readings.size > MAX_READ && oldest !== undefined) this.#readings.delete(oldest);
    return reading.lines;
  }

  forget(document: vscode.TextDocument): void {
    this.#readings.delete(document.uri.toString());
  }
}

async function readLines(text: string, isOld: () => boolean): Promise<IncidentLines | null> {
  const { IncidentLines: Lines } = await import("../model/incident-lines.ts");
  return inSlices(Lines.read(text), isOld);
}
