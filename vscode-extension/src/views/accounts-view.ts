import * as vscode from "vscode";
import { CONTEXT, COMMANDS, VIEWS } from "../ids.ts";
import { accountRow, type Mood, moodOf, type TreeRow } from "../model/account-tree.ts";
import type { AccountView } from "../model/account-view.ts";
import type { SourceAction } from "../model/feed-item.ts";
import { type Feed, type FeedHub, isLive } from "../sources/feed-hub.ts";

/** A row of the Accounts view; what commands in its menu are given. */
export type AccountsNode =
  | { readonly kind: "feed"; readonly feed: Feed }
  | {
      readonly kind: "account";
      readonly feed: Feed;
      readonly account: string;
      readonly row: TreeRow;
    }
  | { readonly kind: "row"; readonly feed: Feed; readonly account: string; readonly row: TreeRow };

/** Changes are shown at most this often: a flood of records must not be a flood of repaints. */
const REFRESH_MS = 250;
/** Relative times grow although nothing happens. */
const TICK_MS = 5_000;

/** Feeds, their accounts, and how each stands. */
export class AccountsView implements vscode.TreeDataProvider<AccountsNode>, vscode.Disposable {
  readonly #hub: FeedHub;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<AccountsNode>;
  readonly #ticker: NodeJS.Timeout;
  #refresh: NodeJS.Timeout | null = null;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(hub: FeedHub) {
    this.#hub = hub;
    this.#view = vscode.window.createTreeView(VIEWS.accounts, {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    hub.on("batch", () => this.refresh());
    hub.on("feeds", () => this.refresh());
    this.#ticker = setInterval(() => this.#view.visible && this.refresh(), TICK_MS);
  }

  refresh(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = null;
      this.#update();
    }, REFRESH_MS);
  }

  getChildren(node?: AccountsNode): AccountsNode[] {
    if (node === undefined) return this.#hub.feeds.map((feed) => ({ kind: "feed", feed }));
    if (node.kind !== "feed") {
      const { feed, account } = node;
      return node.row.children.map((row) => ({ kind: "row", feed, account, row }));
    }
    const { feed } = node;
    return feed.model.accounts.map((view) => ({
      kind: "account",
      feed,
      account: view.account,
      row: rowOf(feed, view),
    }));
  }

  getTreeItem(node: AccountsNode): vscode.TreeItem {
    return node.kind === "feed" ? feedItem(node.feed) : rowItem(node);
  }

  dispose(): void {
    clearInterval(this.#ticker);
    if (this.#refresh !== null) clearTimeout(this.#refresh);
    this.#view.dispose();
    this.#changed.dispose();
  }

  #update(): void {
    const { feeds } = this.#hub;
    const down = feeds
      .flatMap(({ model }) => model.accounts)
      .filter((view) => moodOf(view) === "bad").length;
    const tooltip = down === 1 ? "1 account is down" : `${down} accounts are down`;
    this.#view.badge = down === 0 ? undefined : { value: down, tooltip };
    void vscode.commands.executeCommand("setContext", CONTEXT.hasFeeds, feeds.length > 0);
    this.#changed.fire(undefined);
  }
}

/** The row of an account, in the words and at the time of now (or of the log's end). */
export function rowOf(feed: Feed, view: AccountView): TreeRow {
  const nowMs = isLive(feed) ? Date.now() : view.lastMs;
  const status = feed.info?.statuses.find(({ accountId }) => accountId === view.account);
  const journal =
    status === undefined
      ? null
      : {
          depth: status.journalDepth,
          oldestUnsettledMs: status.oldestUnsettledMs,
          spilled: status.spilled,
        };
  const offsetMinutes = -new Date(nowMs).getTimezoneOffset();
  const row = accountRow(view, { nowMs, offsetMinutes, journal });
  const isKnownNow = feed.kind !== "gateway" || feed.state.phase === "live";
  if (isKnownNow) return row;
  // Nobody can say how it stands while its gateway does not answer.
  const mood = row.mood === "good" ? "quiet" : row.mood;
  return { ...row, mood, description: `last known: ${row.description}` };
}

const FEED_ICONS = {
  gateway: "server-environment",
  file: "output",
  incident: "file-code",
  text: "clippy",
} as const;

function feedItem(feed: Feed): vscode.TreeItem {
  const item = new vscode.TreeItem(feed.label, vscode.TreeItemCollapsibleState.Expanded);
  const { phase, sentence } = feed.state;
  item.id = feed.id;
  const readOnly = isReadOnly(feed);
  const limits = [
    ...(phase === "live" && feed.info?.hasPlugin === false ? ["log lines only"] : []),
    ...(readOnly ? ["read only"] : []),
  ];
  item.description = [inShort(feed), ...limits].join(", ");
  item.tooltip = sentence;
  const failed = phase === "failed";
  const icon = failed
    ? "warning"
    : phase === "waiting"
      ? "shield"
      : phase === "reconnecting" || phase === "starting"
        ? "sync"
        : FEED_ICONS[feed.kind];
  item.iconPath = new vscode.ThemeIcon(icon, failed ? colorOf("bad") : undefined);
  item.contextValue = `feed.${feed.kind}.${readOnly ? "readonly" : phase}`;
  const needsPerson = failed || phase === "waiting";
  item.accessibilityInformation = {
    label: `${feed.label}: ${needsPerson ? sentence : item.description}`,
  };
  return item;
}

const FAILED_IN_SHORT: Readonly<Record<SourceAction, string>> = {
  "set-token": "token not accepted",
  "set-url": "address not usable",
  "set-fingerprint": "certificate not trusted",
  "choose-file": "cannot be read",
  "update-extension": "of a newer version",
  retry: "gave up",
};

/** A row has room for a few words; the tooltip has the sentence. */
function inShort({ state }: Feed): string {
  if (state.phase === "waiting") return "waiting for approval";
  if (state.phase !== "failed") return state.phase;
  return state.action === null ? "failed" : FAILED_IN_SHORT[state.action];
}

/** A gateway that is connected with no right to change anything. */
function isReadOnly({ kind, info, state }: Feed): boolean {
  return kind === "gateway" && state.phase === "live" && info !== null && !info.mayAct;
}

function rowItem(node: Extract<AccountsNode, { kind: "account" | "row" }>): vscode.TreeItem {
  const { feed, row } = node;
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const hasChildren = row.children.length > 0;
  const item = new vscode.TreeItem(row.label, hasChildren ? Collapsed : None);
  if (node.kind === "account" && feed.model.accounts.length === 1) {
    item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
  }
  item.id = `${feed.id}/${row.id}`;
  item.description = row.description;
  item.tooltip = new vscode.MarkdownString(row.tooltip);
  item.iconPath = new vscode.ThemeIcon(row.icon, colorOf(row.mood));
  item.accessibilityInformation = { label: `${row.label}: ${row.description}` };
  if (node.kind === "account") {
    const mayAct = feed.kind === "gateway" && feed.info?.mayAct === true;
    item.contextValue = mayAct ? "account.act" : "account.read";
  } else if (row.revealMs !== null) {
    item.contextValue = "reveal";
    item.command = {
      command: COMMANDS.revealInTimeline,
      title: "Reveal in Timeline",
      arguments: [node],
    };
  }
  return item;
}

function colorOf(mood: Mood): vscode.ThemeColor | undefined {
  switch (mood) {
    case "good":
      return new vscode.ThemeColor("charts.green");
    case "busy":
      return new vscode.ThemeColor("charts.yellow");
    case "bad":
      return new vscode.ThemeColor("charts.red");
    case "quiet":
      return undefined;
  }
}
