import { basename } from "node:path";
import * as vscode from "vscode";
import type { Divergence } from "openclaw-whatsapp-continuity-plugin/replay";
import { wordDivergence } from "../adapter/replay/divergence-words.ts";
import type { PlayedIncident, ReplayOpener } from "../adapter/replay/replay-opener.ts";
import type { OpenedIncident, ReplayEngine } from "../adapter/replay/engine.ts";
import { launchOf } from "../debug/launch.ts";
import { surroundingsOf } from "../debug/replay-surroundings.ts";
import { SETTINGS, TESTS } from "../ids.ts";

const INCIDENTS =
  "{**/fixtures/incidents/*.jsonl,**/fixtures/scenarios/*.jsonl,**/*.incident.jsonl}";
const GOLDEN = /\.expected\.jsonl$/;
/** Incidents listed at most. */
const MAX_INCIDENTS = 2_000;
const VERDICT_MS = 8_000;
type Depth = "core" | "baileys";

/** Incidents and scenarios as tests: each is replayed, and its decisions are compared with its golden. */
export class IncidentTests implements vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly controller: vscode.TestController;
  readonly #watcher: vscode.FileSystemWatcher;
  readonly #profiles: Readonly<Record<Depth, vscode.TestRunProfile>>;
  readonly #results = new vscode.EventEmitter<{
    readonly item: string;
    readonly passed: boolean;
  }>();
  readonly onDidFinish = this.#results.event;

  constructor(extensionUri: vscode.Uri) {
    this.#extensionUri = extensionUri;
    this.controller = vscode.tests.createTestController(TESTS.controller, "WhatsApp Incidents");
    this.controller.resolveHandler = async (item) => {
      if (item === undefined) await this.#discover();
    };
    this.controller.refreshHandler = () => this.#discover();
    this.#watcher = vscode.workspace.createFileSystemWatcher(INCIDENTS);
    this.#watcher.onDidCreate((uri) => void this.itemOf(uri));
    this.#watcher.onDidChange((uri) =>
      this.controller.invalidateTestResults(this.itemOf(uri) ?? undefined),
    );
    this.#watcher.onDidDelete((uri) => this.#forget(uri));
    const chosen = chosenDepth();
    const run = (depth: Depth, label: string): vscode.TestRunProfile =>
      this.controller.createRunProfile(
        label,
        vscode.TestRunProfileKind.Run,
        (request, token) => this.run(request, depth, token),
        depth === chosen,
      );
    this.#profiles = {
      core: run("core", "Depth core"),
      baileys: run("baileys", "Depth baileys (simulated WhatsApp)"),
    };
    this.controller.createRunProfile(
      "Debug",
      vscode.TestRunProfileKind.Debug,
      (request) => this.#debug(request),
      true,
    );
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#results.dispose();
    this.controller.dispose();
  }

  /** The depth that was chosen is what the run button uses. */
  depthChanged(): void {
    for (const depth of ["core", "baileys"] as const)
      this.#profiles[depth].isDefault = depth === chosenDepth();
  }

  /** The test of a file; null for a golden, which is no test of its own but changes one. */
  itemOf(uri: vscode.Uri): vscode.TestItem | null {
    if (GOLDEN.test(uri.path)) {
      const evidence = uri.with({ path: uri.path.replace(GOLDEN, ".jsonl") });
      return this.#parentOf(evidence).children.get(evidence.toString()) ?? null;
    }
    const parent = this.#parentOf(uri);
    const known = parent.children.get(uri.toString());
    if (known !== undefined) return known;
    const item = this.controller.createTestItem(uri.toString(), basename(uri.path, ".jsonl"), uri);
    item.range = new vscode.Range(0, 0, 0, 0);
    parent.children.add(item);
    return item;
  }

  /** Replays one incident as a test and shows the result; from the code lens and the editor's title. */
  async replay(uri: vscode.Uri): Promise<void> {
    const item = this.itemOf(uri);
    if (item === null) return;
    const request = new vscode.TestRunRequest([item], undefined, this.#profiles[chosenDepth()]);
    const ended = new vscode.CancellationTokenSource();
    const told = this.onDidFinish(({ item: name, passed }) => {
      const verdict = passed
        ? "decided as expected"
        : "not decided as expected, see the Testing view";
      vscode.window.setStatusBarMessage(`${name}: ${verdict}`, VERDICT_MS);
    });
    await this.run(request, chosenDepth(), ended.token);
    told.dispose();
    ended.dispose();
  }

  async #discover(): Promise<void> {
    const found = await vscode.workspace.findFiles(INCIDENTS, "**/node_modules/**", MAX_INCIDENTS);
    for (const uri of found.toSorted((one, other) => (one.path < other.path ? -1 : 1)))
      if (!GOLDEN.test(uri.path)) this.itemOf(uri);
  }

  #parentOf(uri: vscode.Uri): vscode.TestItem {
    const folder = vscode.Uri.joinPath(uri, "..");
    const id = folder.toString();
    const known = this.controller.items.get(id);
    if (known !== undefined) return known;
    const label = vscode.workspace.asRelativePath(folder);
    const isRoot = vscode.workspace.workspaceFolders?.some((each) => each.uri.toString() === id);
    const name = isRoot === true ? basename(folder.path) : label;
    const parent = this.controller.createTestItem(id, name, folder);
    this.controller.items.add(parent);
    return parent;
  }

  #forget(uri: vscode.Uri): void {
    if (GOLDEN.test(uri.path)) return;
    const parent = this.#parentOf(uri);
    parent.children.delete(uri.toString());
    if (parent.children.size === 0) this.controller.items.delete(parent.id);
  }

  /** Replays what was asked for, one after another. */
  async run(
    request: vscode.TestRunRequest,
    depth: Depth,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const run = this.controller.createTestRun(request, `depth ${depth}`);
    const items = this.#asked(request);
    for (const item of items) run.enqueued(item);
    const { ReplayOpener: Opener } = await import("../adapter/replay/replay-opener.ts");
    const opener = new Opener(surroundingsOf(this.#extensionUri));
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    let engine: ReplayEngine | null = null;
    try {
      if (depth === "core") engine = await opener.engine(chosenCode());
      if (engine?.origin === "bundled")
        for (const note of await opener.codeNotRun()) run.appendOutput(`${note}\r\n`);
      for (const item of items) {
        if (token.isCancellationRequested) run.skipped(item);
        else await this.#runOne(run, item, opener, engine, stop.signal);
      }
    } catch (error) {
      const message = new vscode.TestMessage(
        error instanceof Error ? error.message : String(error),
      );
      for (const item of items) run.errored(item, message);
    } finally {
      engine?.dispose();
      run.end();
    }
  }

  async #runOne(
    run: vscode.TestRun,
    item: vscode.TestItem,
    opener: ReplayOpener,
    engine: ReplayEngine | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { uri } = item;
    if (uri === undefined) return;
    run.started(item);
    const began = performance.now();
    const tell = (text: string): void => run.appendOutput(`${text}\r\n`, undefined, item);
    try {
      const messages =
        engine === null
          ? messagesOfDepth(await opener.play(uri.fsPath, signal), tell)
          : messagesOfCore(await engine.open(await opener.incident(uri.fsPath)), item, tell);
      const ms = performance.now() - began;
      if (messages.length === 0) run.passed(item, ms);
      else run.failed(item, messages, ms);
      this.#results.fire({ item: item.label, passed: messages.length === 0 });
    } catch (error) {
      const message = new vscode.TestMessage(
        error instanceof Error ? error.message : String(error),
      );
      const line = (error as { readonly line?: number | null }).line ?? 1;
      message.location = new vscode.Location(uri, new vscode.Position(Math.max(0, line - 1), 0));
      run.errored(item, message, performance.now() - began);
      this.#results.fire({ item: item.label, passed: false });
    }
  }

  #asked({ include, exclude }: vscode.TestRunRequest): readonly vscode.TestItem[] {
    const left = new Set(exclude ?? []);
    const asked: vscode.TestItem[] = [];
    const add = (item: vscode.TestItem): void => {
      if (left.has(item)) return;
      if (item.children.size === 0) asked.push(item);
      else item.children.forEach(add);
    };
    if (include === undefined) this.controller.items.forEach(add);
    else for (const item of include) add(item);
    return asked;
  }

  /** Debugs the first of what was asked for: several sessions at once would only compete for the screen. */
  async #debug(request: vscode.TestRunRequest): Promise<void> {
    const [item] = this.#asked(request);
    if (item?.uri === undefined) return;
    const folder = vscode.workspace.getWorkspaceFolder(item.uri);
    await vscode.debug.startDebugging(folder, launchOf(item.uri));
  }
}

/** The depth that the settings say. */
export function chosenDepth(): Depth {
  const depth = vscode.workspace.getConfiguration(SETTINGS.section).get<string>(SETTINGS.depth);
  return depth === "baileys" ? "baileys" : "core";
}

export function chosenCode(): "auto" | "workspace" | "bundled" {
  const code = vscode.workspace.getConfiguration(SETTINGS.section).get<string>(SETTINGS.code);
  return code === "workspace" || code === "bundled" ? code : "auto";
}

function messagesOfDepth(
  { note, outcome }: PlayedIncident,
  tell: (text: string) => void,
): vscode.TestMessage[] {
  tell(note);
  if (outcome.ok) return [];
  const { first } = outcome;
  const message = vscode.TestMessage.diff(
    note,
    first?.expected ?? "nothing more",
    first?.actual ?? "nothing more",
  );
  return [message];
}

/** Why an incident is not decided as expected: the differing decisions, each at its line. */
function messagesOfCore(
  { code, result, divergences, goldenProblem }: OpenedIncident,
  item: vscode.TestItem,
  tell: (text: string) => void,
): vscode.TestMessage[] {
  const { decisions, exact, comparedWith, invariants } = result;
  tell(
    `${item.label}: ${exact} of ${decisions} decisions as expected, by ${code.origin} ${code.version} (${code.digest})`,
  );
  if (goldenProblem !== null) return [new vscode.TestMessage(goldenProblem)];
  if (result.ok) return [];
  const messages = divergences.map((divergence) => diffOf(divergence, item));
  if (comparedWith === "nothing")
    messages.push(
      new vscode.TestMessage(
        "There is nothing to compare the decisions with. Accept Golden shows what is decided now and keeps it as the expectation.",
      ),
    );
  if (invariants > 0)
    messages.push(new vscode.TestMessage(`${invariants} times an invariant is broken.`));
  return messages;
}

function diffOf(divergence: Divergence, item: vscode.TestItem): vscode.TestMessage {
  const { label, line, expected, actual } = divergence;
  const message = vscode.TestMessage.diff(
    `${label}: line ${line}, ${wordDivergence(divergence)}`,
    JSON.stringify(expected, null, 2),
    JSON.stringify(actual, null, 2),
  );
  if (item.uri !== undefined)
    message.location = new vscode.Location(item.uri, new vscode.Position(line - 1, 0));
  return message;
}
