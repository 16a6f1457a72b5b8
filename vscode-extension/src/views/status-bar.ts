import * as vscode from "vscode";
import { COMMANDS, VIEWS } from "../ids.ts";
import { type Mood, moodOf, phaseLabel } from "../model/account-tree.ts";
import { type FeedHub, isLive } from "../sources/feed-hub.ts";

const ORDER: readonly Mood[] = ["bad", "busy", "good", "quiet"];
const ICONS: Readonly<Record<Mood, string>> = {
  bad: "$(error)",
  busy: "$(sync~spin)",
  good: "$(pass)",
  quiet: "$(circle-outline)",
};
const REFRESH_MS = 500;

/** The account that needs a look first, of the live feeds; hidden while none is open. */
export class StatusBar implements vscode.Disposable {
  readonly #hub: FeedHub;
  readonly #item = vscode.window.createStatusBarItem(
    "whatsappContinuity.status",
    vscode.StatusBarAlignment.Left,
    10,
  );
  #refresh: NodeJS.Timeout | null = null;

  constructor(hub: FeedHub) {
    this.#hub = hub;
    this.#item.name = "WhatsApp Continuity";
    this.#item.command = { command: `${VIEWS.accounts}.focus`, title: "Show Accounts" };
    hub.on("batch", () => this.#later());
    hub.on("feeds", () => this.#later());
  }

  dispose(): void {
    if (this.#refresh !== null) clearTimeout(this.#refresh);
    this.#item.dispose();
  }

  #later(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = null;
      this.#update();
    }, REFRESH_MS);
  }

  #update(): void {
    const feeds = this.#hub.feeds.filter(isLive);
    if (feeds.length === 0) return this.#item.hide();
    const accounts = feeds.flatMap(({ model }) => model.accounts);
    const worst = ORDER.flatMap((mood) => accounts.filter((view) => moodOf(view) === mood))[0];
    const waiting = feeds.find(({ state }) => state.phase === "waiting");
    const lost = feeds.find(({ state }) => state.phase === "reconnecting");
    if (waiting !== undefined) {
      this.#show("$(shield) WhatsApp: approval needed", waiting.state.sentence, "busy");
    } else if (lost !== undefined) {
      this.#show("$(debug-disconnect) WhatsApp: gateway lost", lost.state.sentence, "busy");
    } else if (worst === undefined) {
      this.#show(
        "$(circle-outline) WhatsApp: no account yet",
        feeds[0]?.state.sentence ?? "",
        "quiet",
      );
    } else {
      const mood = moodOf(worst);
      const more = accounts.length > 1 ? ` (${accounts.length} accounts)` : "";
      this.#show(`${ICONS[mood]} WhatsApp ${worst.account}: ${phaseLabel(worst)}${more}`, "", mood);
    }
  }

  #show(text: string, tooltip: string, mood: Mood): void {
    this.#item.text = text;
    const lines = tooltip === "" ? "" : `${tooltip}\n\n`;
    const tip = new vscode.MarkdownString(`${lines}[Why was I down?](command:${COMMANDS.explain})`);
    tip.isTrusted = { enabledCommands: [COMMANDS.explain] };
    this.#item.tooltip = tip;
    this.#item.backgroundColor =
      mood === "bad" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.#item.show();
  }
}
