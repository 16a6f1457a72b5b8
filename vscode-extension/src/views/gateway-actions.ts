import * as vscode from "vscode";
import { COMMANDS, SETTINGS } from "../ids.ts";
import type { FeedHub } from "../sources/feed-hub.ts";
import type { CapturedIncident } from "../sources/gateway-protocol.ts";
import type { GatewaySource } from "../sources/gateway-source.ts";
import type { AccountsNode } from "./accounts-view.ts";
import { relink } from "./link-panel.ts";

/** From when on an incident is captured. */
const SPANS: readonly (vscode.QuickPickItem & { readonly since: number | "healthy" })[] = [
  { label: "Since the connection was last lost", since: "healthy" },
  { label: "The last 10 minutes", since: 10 },
  { label: "The last hour", since: 60 },
  { label: "The last 24 hours", since: 1_440 },
];

interface Target {
  readonly source: GatewaySource;
  readonly account: string;
}

/** What changes something on a gateway. Each asks first where a person may regret it, and says what came of it. */
export class GatewayActions {
  readonly #hub: FeedHub;
  readonly #log: vscode.LogOutputChannel;

  constructor(hub: FeedHub, log: vscode.LogOutputChannel) {
    this.#hub = hub;
    this.#log = log;
  }

  async restart(node: AccountsNode | undefined): Promise<void> {
    const target = await this.#target(node);
    if (target === null) return;
    await this.#run(`Restarting ${target.account}`, () => target.source.restart(target.account));
  }

  async stop(node: AccountsNode | undefined): Promise<void> {
    const target = await this.#target(node);
    if (target === null) return;
    const question = `Stop account ${target.account}? It receives and answers nothing until it is started again.`;
    const yes = "Stop";
    if ((await vscode.window.showWarningMessage(question, { modal: true }, yes)) !== yes) return;
    await this.#run(`Stopping ${target.account}`, () => target.source.stopAccount(target.account));
  }

  async start(node: AccountsNode | undefined): Promise<void> {
    const target = await this.#target(node);
    if (target === null) return;
    await this.#run(`Starting ${target.account}`, () => target.source.startAccount(target.account));
  }

  async relink(node: AccountsNode | undefined): Promise<void> {
    const target = await this.#target(node);
    if (target !== null) await relink(target.source, target.account);
  }

  /** An incident of an account, cut out of the gateway's memory; null when none was chosen. */
  async capture(node: AccountsNode | undefined): Promise<CapturedIncident | null> {
    const target = await this.#target(node);
    if (target === null) return null;
    const picked = await vscode.window.showQuickPick(SPANS, {
      title: `Capture an incident of ${target.account}`,
    });
    if (picked === undefined) return null;
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: "Capturing" },
      () => target.source.capture(target.account, picked.since),
    );
  }

  async #run(title: string, action: () => Promise<void>): Promise<void> {
    this.#log.info(title);
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title },
      action,
    );
  }

  async #sayWhyNot(): Promise<void> {
    const readOnly = this.#hub.feeds.find(
      ({ kind, info, state }) => kind === "gateway" && state.phase === "live" && !info?.mayAct,
    );
    if (readOnly === undefined) {
      const connect = "Connect to Local Gateway";
      const sentence =
        "Nothing can be changed without a gateway: logs and incidents are only read.";
      const chosen = await vscode.window.showInformationMessage(sentence, connect);
      if (chosen === connect) await vscode.commands.executeCommand(COMMANDS.connectLocal);
      return;
    }
    const settings = vscode.workspace.getConfiguration(SETTINGS.section);
    const byChoice = settings.get<boolean>(SETTINGS.readOnly, false);
    const action = byChoice ? "Ask for More" : "Enter Token";
    const why = byChoice
      ? `the setting ${SETTINGS.section}.${SETTINGS.readOnly} is on`
      : "its token or approval gives no more";
    const sentence = `${readOnly.label} is connected read only, because ${why}. Nothing was changed.`;
    if ((await vscode.window.showWarningMessage(sentence, action)) !== action) return;
    const node: AccountsNode = { kind: "feed", feed: readOnly };
    if (byChoice)
      await settings.update(SETTINGS.readOnly, false, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand(byChoice ? COMMANDS.retryFeed : COMMANDS.setToken, node);
  }

  /** The account a command was called on, or the one that is chosen among those that may be acted on. */
  async #target(node: AccountsNode | undefined): Promise<Target | null> {
    const targets = this.#hub.feeds
      .filter(({ kind, info }) => kind === "gateway" && info?.mayAct === true)
      .flatMap((feed) =>
        // Only gateways are of kind "gateway".
        feed.model.accounts.map(({ account }) => ({
          feed,
          source: feed.source as GatewaySource,
          account,
        })),
      );
    if (node !== undefined && node.kind !== "feed") {
      const found = targets.find(
        ({ feed, account }) => feed === node.feed && account === node.account,
      );
      if (found !== undefined) return found;
    }
    if (targets.length === 0) {
      await this.#sayWhyNot();
      return null;
    }
    const picked = await vscode.window.showQuickPick(
      targets.map((target) => ({ label: target.account, description: target.feed.label, target })),
      { title: "Which account?" },
    );
    return picked?.target ?? null;
  }
}
