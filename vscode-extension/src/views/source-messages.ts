import * as vscode from "vscode";
import { COMMANDS } from "../ids.ts";
import type { SourceAction, SourceState } from "../model/feed-item.ts";
import type { AccountsNode } from "./accounts-view.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";

const ACTIONS: Readonly<
  Record<SourceAction, { readonly title: string; readonly command: string }>
> = {
  "set-token": { title: "Enter Token", command: COMMANDS.setToken },
  "set-url": { title: "Enter Address", command: COMMANDS.connect },
  "choose-file": { title: "Choose File", command: COMMANDS.openLog },
  "update-extension": { title: "Show Extensions", command: "workbench.view.extensions" },
  retry: { title: "Try Again", command: COMMANDS.retryFeed },
};

/** A source that fails says so once, with the next action as a button; everything it says is kept in the output channel. */
export function reportFeedStates(hub: FeedHub, log: vscode.LogOutputChannel): vscode.Disposable {
  const told = new Map<string, SourceState>();
  const onFeeds = (): void => {
    for (const feed of hub.feeds) {
      if (told.get(feed.id) === feed.state) continue;
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
  const isFileChoice = action.command === COMMANDS.openLog || action.command === COMMANDS.connect;
  await vscode.commands.executeCommand(action.command, ...(isFileChoice ? [] : [node]));
}
