import * as vscode from "vscode";
import type { FeedHub } from "../sources/feed-hub.ts";
import type { SourceOpener } from "./open-sources.ts";
import type { Timelines } from "./timelines.ts";

/** An incident file opened as a timeline ("Reopen Editor With..."). The text stays the default, so breakpoints stay possible. */
export class TimelineEditor implements vscode.CustomReadonlyEditorProvider {
  readonly #hub: FeedHub;
  readonly #opener: SourceOpener;
  readonly #timelines: Timelines;

  constructor(hub: FeedHub, opener: SourceOpener, timelines: Timelines) {
    this.#hub = hub;
    this.#opener = opener;
    this.#timelines = timelines;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor(
    document: vscode.CustomDocument,
    panel: vscode.WebviewPanel,
  ): Promise<void> {
    const feed = await this.#opener.openLog(document.uri);
    if (feed === null) return;
    const session = this.#timelines.attach(panel.webview, [{ kind: "feed", feed }], "clock");
    panel.onDidDispose(() => {
      session.dispose();
      this.#hub.remove(feed);
    });
  }
}
