import * as vscode from "vscode";
import { COMMANDS } from "../ids.ts";
import type { SourceAction, SourceState } from "../model/feed-item.ts";
import type { AccountsNode } from "./accounts-view.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import { askForFingerprint } from "./gateway-questions.ts";

interface Action {
  readonly title: string;
  run(feed: Feed): Thenable<unknown>;
}

const onSource =
  (id: string) =>
  (feed: Feed): Thenable<unknown> => {
    const node: AccountsNode = { kind: "feed", feed };
    return vscode.commands.executeCommand(id, node);
  };
const plain = (id: string) => (): Thenable<unknown> => vscode.commands.executeCommand(id);

const ACTIONS: Readonly<Record<SourceAction, Action>> = {
  "set-token": { title: "Enter Token", run: onSource(COMMANDS.setToken) },
  "set-url": { title: "Enter Address", run: plain(COMMANDS.connect) },
  "set-fingerprint": { title: "Enter Fingerprint", run: askForFingerprint },
  "choose-file": { title: "Choose File", run: plain(COMMANDS.openLog) },
  "update-extension": { title: "Show Extensions", run: plain("workbench.view.extensions") },
  retry: { title: "Try Again", run: onSource(COMMANDS.retryFeed) },
};

/** A source that needs a person says so once, with the next action as a button; everything it says is kept in the output channel. */
export function reportFeedStates(hub: FeedHub, log: vscode.LogOutputChannel): vscode.Disposable {
  const told = new Map<string, SourceState>();
  const onFeeds = (): void => {
    for (const feed of hub.feeds) {
      const before = told.get(feed.id);
      if (before?.phase === feed.state.phase && before.sentence === feed.state.sentence) continue;
      told.set(feed.id, feed.state);
      void report(feed, log);
    }
    for (const id of told.keys()) if (hub.feed(id) === undefined) told.delete(id);
  };
  hub.on("feeds", onFeeds);
  return { dispose: () => hub.off("feeds", onFeeds) };
}

async function report(feed: Feed, log: vscode.LogOutputChannel): Promise<void> {
  const { state } = feed;
  const line = `${feed.label}: ${state.phase}: ${state.sentence}`;
  if (state.phase === "waiting") {
    log.info(line);
    return offerCommand(state.sentence, state.command);
  }
  if (state.phase === "live" && feed.info?.hasPlugin === false) {
    log.info(line);
    return offerPlugin(feed.label);
  }
  if (state.phase !== "failed") return log.info(line);
  log.warn(line);
  const action = state.action === null ? null : ACTIONS[state.action];
  if (action === null) {
    await vscode.window.showErrorMessage(state.sentence);
    return;
  }
  const chosen = await vscode.window.showErrorMessage(state.sentence, action.title);
  if (chosen === action.title) await action.run(feed);
}

const INSTALL = "openclaw plugins install openclaw-whatsapp-continuity";

/** Without the plugin the gateway's log is read all the same, but it says less. */
async function offerPlugin(label: string): Promise<void> {
  const copy = "Copy Install Command";
  const sentence = `The gateway at ${label} runs without whatsapp-continuity, so only its log lines can be shown. Install the plugin there to see records live: ${INSTALL}`;
  const chosen = await vscode.window.showInformationMessage(sentence, copy);
  if (chosen === copy) await vscode.env.clipboard.writeText(INSTALL);
}

async function offerCommand(sentence: string, command: string | null): Promise<void> {
  const copy = "Copy Command";
  const offered = command === null ? [] : [copy];
  const chosen = await vscode.window.showWarningMessage(sentence, ...offered);
  if (chosen === copy && command !== null) await vscode.env.clipboard.writeText(command);
}
