import * as vscode from "vscode";
import { COMMANDS, SETTINGS } from "../ids.ts";
import type { SourceAction, SourceState } from "../model/feed-item.ts";
import type { AccountsNode } from "./accounts-view.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";

interface Action {
  readonly title: string;
  readonly command: string;
  /** What the command is given, when that is not the source. */
  readonly argument?: string;
}

const ACTIONS: Readonly<Record<SourceAction, Action>> = {
  "set-token": { title: "Enter Token", command: COMMANDS.setToken },
  "set-url": { title: "Enter Address", command: COMMANDS.connect, argument: "" },
  "set-fingerprint": {
    title: "Enter Fingerprint",
    command: "workbench.action.openSettings",
    argument: `${SETTINGS.section}.${SETTINGS.fingerprint}`,
  },
  "choose-file": { title: "Choose File", command: COMMANDS.openLog, argument: "" },
  "update-extension": {
    title: "Show Extensions",
    command: "workbench.view.extensions",
    argument: "",
  },
  retry: { title: "Try Again", command: COMMANDS.retryFeed },
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
  if (state.phase !== "failed") return log.info(line);
  log.warn(line);
  const action = state.action === null ? null : ACTIONS[state.action];
  if (action === null) {
    await vscode.window.showErrorMessage(state.sentence);
    return;
  }
  const chosen = await vscode.window.showErrorMessage(state.sentence, action.title);
  if (chosen !== action.title) return;
  const node: AccountsNode = { kind: "feed", feed };
  const { argument } = action;
  const given = argument === undefined ? [node] : argument === "" ? [] : [argument];
  await vscode.commands.executeCommand(action.command, ...given);
}

async function offerCommand(sentence: string, command: string | null): Promise<void> {
  const copy = "Copy Command";
  const offered = command === null ? [] : [copy];
  const chosen = await vscode.window.showWarningMessage(sentence, ...offered);
  if (chosen === copy && command !== null) await vscode.env.clipboard.writeText(command);
}
