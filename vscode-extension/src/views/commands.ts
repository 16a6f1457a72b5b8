import * as vscode from "vscode";
import type { GoldenTarget, IncidentActions } from "../testing/incident-actions.ts";
import { COMMANDS, type CommandId, DEBUG_TYPE, LANGUAGE, SETTINGS } from "../ids.ts";
import type { TreeRow } from "../model/account-tree.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import type { GatewaySecrets } from "../sources/gateway-secrets.ts";
import { GatewayActions } from "./gateway-actions.ts";
import type { AccountsNode } from "./accounts-view.ts";
import { explainFeeds, showExplanation } from "./explanations.ts";
import { askForToken } from "./gateway-questions.ts";
import type { SourceOpener } from "./open-sources.ts";
import { NewIncidents } from "./new-incidents.ts";
import type { ReadOnlyTexts } from "./read-only-texts.ts";
import { recordOfLine } from "./record-location.ts";
import type { Timelines } from "./timelines.ts";

export interface CommandParts {
  readonly hub: FeedHub;
  readonly opener: SourceOpener;
  readonly secrets: GatewaySecrets;
  readonly timelines: Timelines;
  readonly texts: ReadOnlyTexts;
  readonly log: vscode.LogOutputChannel;
  readonly refresh: () => void;
  readonly showSummary: () => Promise<void>;
  readonly incidents: IncidentActions;
}

type Node = AccountsNode | undefined;

/** Registers every command of the manifest; a failure is shown in words and kept in the output channel. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { hub, opener, timelines, log } = parts;
  const actions = new GatewayActions(hub, log);
  const newIncidents = new NewIncidents(actions, parts.texts);
  const handlers: Readonly<Record<CommandId, (...args: never[]) => unknown>> = {
    [COMMANDS.connectLocal]: () => opener.connectLocal(),
    [COMMANDS.connect]: () => opener.connect(),
    [COMMANDS.setToken]: (node: Node) => setToken(parts, node),
    [COMMANDS.openLog]: (uri?: vscode.Uri) => openLog(parts, uri),
    [COMMANDS.pasteLog]: () => opener.paste(),
    [COMMANDS.openTimeline]: (node: Node) => openTimeline(parts, node),
    [COMMANDS.openTimelineFor]: (uri?: vscode.Uri) => openTimelineFor(parts, uri),
    [COMMANDS.compareTimelines]: () => compare(parts),
    [COMMANDS.thenAndNow]: (uri?: vscode.Uri) => thenAndNow(parts, uri),
    [COMMANDS.revealInTimeline]: (node: Node) => reveal(timelines, node),
    [COMMANDS.revealRecord]: () => revealRecord(parts),
    [COMMANDS.explain]: (node: Node) => explain(parts, node),
    [COMMANDS.copyDiagnosis]: (node: Node) => copyDiagnosis(parts, node),
    [COMMANDS.restartAccount]: (node: Node) => actions.restart(node),
    [COMMANDS.stopAccount]: (node: Node) => actions.stop(node),
    [COMMANDS.startAccount]: (node: Node) => actions.start(node),
    [COMMANDS.relinkAccount]: (node: Node) => actions.relink(node),
    [COMMANDS.captureIncident]: (node: Node) => newIncidents.capture(node),
    [COMMANDS.importIncident]: (uri?: vscode.Uri) => newIncidents.import(uri),
    [COMMANDS.closeFeed]: async (node: Node) => {
      const feed = await feedOf(hub, node);
      if (feed !== null) hub.remove(feed);
    },
    [COMMANDS.retryFeed]: (node: Node) => retry(parts, node),
    [COMMANDS.attachDebugger]: (node: Node) => attachDebugger(parts, node),
    [COMMANDS.refresh]: () => parts.refresh(),
    [COMMANDS.showOutput]: () => log.show(),
    [COMMANDS.showSummary]: () => parts.showSummary(),
    [COMMANDS.replayIncident]: (uri?: vscode.Uri) => parts.incidents.replay(uri),
    [COMMANDS.debugIncident]: (uri?: vscode.Uri) => parts.incidents.debug(uri),
    [COMMANDS.acceptGolden]: (what?: GoldenTarget) => parts.incidents.acceptGolden(what),
    [COMMANDS.chooseDepth]: () => parts.incidents.chooseDepth(),
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, run]) =>
      vscode.commands.registerCommand(id, async (...args: never[]) => {
        try {
          return await run(...args);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          log.error(`${id}: ${message}`);
          await vscode.window.showErrorMessage(message);
          return undefined;
        }
      }),
    ),
  );
}

/** The feed a command is about: the one it was called on, the only one, or the one that is chosen. */
async function feedOf(hub: FeedHub, node: Node, title = "Which source?"): Promise<Feed | null> {
  if (node !== undefined && "feed" in node) return node.feed;
  const { feeds } = hub;
  if (feeds.length <= 1) return feeds[0] ?? null;
  const picked = await vscode.window.showQuickPick(
    feeds.map((feed) => ({ label: feed.label, description: feed.state.sentence, feed })),
    { title },
  );
  return picked?.feed ?? null;
}

async function setToken({ hub, opener, secrets }: CommandParts, node: Node): Promise<void> {
  const configured = vscode.workspace
    .getConfiguration(SETTINGS.section)
    .get<string>(SETTINGS.url, "");
  const feed =
    node?.feed.kind === "gateway" ? node.feed : hub.feeds.find(({ kind }) => kind === "gateway");
  const url = feed?.uri ?? configured;
  if (url === "") {
    await opener.connect();
  } else if (await askForToken(secrets, url)) await opener.connectTo(url);
}

async function openLog({ opener, timelines }: CommandParts, uri?: vscode.Uri): Promise<void> {
  const feed = await opener.openLog(uri);
  if (feed !== null) timelines.open(feed);
}

async function openTimeline(parts: CommandParts, node: Node): Promise<void> {
  const feed = await feedOf(parts.hub, node, "Timeline of which source?");
  if (feed !== null) parts.timelines.open(feed);
  else await askForSource(parts);
}

async function openTimelineFor(parts: CommandParts, given?: vscode.Uri): Promise<void> {
  const feed = await feedForFile(parts, given);
  if (feed !== null) parts.timelines.open(feed);
}

/** The feed of a file, opened if it is not: by the explorer, the editor's title, or a command on the active editor. */
async function feedForFile(
  { hub, opener }: CommandParts,
  given?: vscode.Uri,
): Promise<Feed | null> {
  const uri = given ?? vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) return opener.openLog();
  const known = hub.feeds.find((feed) => feed.uri === uri.toString());
  if (known !== undefined) return known;
  const document = vscode.workspace.textDocuments.find(
    (open) => open.uri.toString() === uri.toString(),
  );
  if (uri.scheme === "untitled" && document !== undefined)
    return opener.openText("untitled", document.getText());
  return opener.openLog(uri);
}

async function compare(parts: CommandParts): Promise<void> {
  const { feeds } = parts.hub;
  if (feeds.length < 2) {
    await vscode.window.showInformationMessage(
      "Open two logs or incidents first, then compare them.",
    );
    return;
  }
  const items = feeds.map((feed) => ({
    label: feed.label,
    description: feed.state.sentence,
    feed,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Compare which two?",
    canPickMany: true,
  });
  const [one, other] = picked ?? [];
  if (one !== undefined && other !== undefined) parts.timelines.compare(one.feed, other.feed);
}

async function thenAndNow(parts: CommandParts, given?: vscode.Uri): Promise<void> {
  const feed = await feedForFile(parts, given);
  if (feed === null) return;
  await settled(parts.hub, feed);
  await parts.timelines.thenAndNow(feed);
}

function reveal(timelines: Timelines, node: Node): void {
  if (node === undefined) return;
  if (node.kind === "feed") return timelines.open(node.feed);
  const { revealMs } = node.row;
  const wallMs = revealMs ?? firstReveal(node.row);
  timelines.open(
    node.feed,
    wallMs === null ? undefined : { type: "revealTime", track: node.feed.id, wallMs },
  );
}

function firstReveal(row: TreeRow): number | null {
  return row.revealMs ?? row.children.map(firstReveal).find((ms) => ms !== null) ?? null;
}

/** From a line of an incident to its place in the timeline. */
async function revealRecord(parts: CommandParts): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.document.languageId !== LANGUAGE) return;
  const place = recordOfLine(editor.document.lineAt(editor.selection.active.line).text);
  const feed = await feedForFile(parts, editor.document.uri);
  if (place === null || feed === null) return;
  await settled(parts.hub, feed);
  parts.timelines.open(feed, { type: "reveal", track: feed.id, ...place });
}

async function explain(parts: CommandParts, node: Node): Promise<void> {
  const { hub, timelines } = parts;
  if (hub.feeds.length === 0) return askForSource(parts);
  const isNode = node !== undefined && "feed" in node;
  const account = isNode && node.kind !== "feed" ? node.account : undefined;
  await showExplanation(parts.texts, isNode ? [node.feed] : hub.feeds, timelines.window, account);
}

async function copyDiagnosis({ hub }: CommandParts, node: Node): Promise<void> {
  const feed = await feedOf(hub, node);
  if (feed === null) return;
  const account = node !== undefined && node.kind !== "feed" ? node.account : undefined;
  await vscode.env.clipboard.writeText(explainFeeds([feed], null, account));
  vscode.window.setStatusBarMessage("Diagnosis copied; contacts in it are pseudonyms.", 5_000);
}

async function retry({ hub, opener }: CommandParts, node: Node): Promise<void> {
  const feed = await feedOf(hub, node);
  if (feed === null || feed.uri === null) return;
  if (feed.kind === "gateway") {
    await opener.connectTo(feed.uri);
    return;
  }
  hub.remove(feed);
  await opener.openLog(vscode.Uri.parse(feed.uri, true));
}

/** Starts a debug session on a source, without a launch.json. */
async function attachDebugger(parts: CommandParts, node: Node): Promise<void> {
  const feed = await feedOf(parts.hub, node, "Attach to which source?");
  if (feed === null) return askForSource(parts);
  const configuration = {
    type: DEBUG_TYPE,
    request: "attach",
    name: `Attach to ${feed.label}`,
    feed: feed.id,
  };
  await vscode.debug.startDebugging(undefined, configuration);
}

async function askForSource({ opener }: CommandParts): Promise<void> {
  const local = "Connect to Local Gateway";
  const log = "Open Log";
  const answer = await vscode.window.showInformationMessage("Nothing is open yet.", local, log);
  if (answer === local) await opener.connectLocal();
  else if (answer === log) await opener.openLog();
}

const SETTLED_MS = 30_000;

/** Waits until a file was read to its end, with progress that can be cancelled. */
async function settled(hub: FeedHub, feed: Feed): Promise<void> {
  if (feed.state.phase !== "starting") return;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Reading ${feed.label}`,
      cancellable: true,
    },
    (_progress, token) =>
      new Promise<void>((resolve) => {
        const done = (): void => {
          if (feed.state.phase === "starting" && !token.isCancellationRequested) return;
          hub.off("feeds", done);
          resolve();
        };
        hub.on("feeds", done);
        token.onCancellationRequested(done);
        setTimeout(resolve, SETTLED_MS);
      }),
  );
}
