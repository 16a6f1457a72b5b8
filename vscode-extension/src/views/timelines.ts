import * as vscode from "vscode";
import { PANELS } from "../ids.ts";
import { decideAnew } from "../model/now-stream.ts";
import type {
  Alignment,
  FromTimeline,
  TimeWindow,
  ToTimeline,
} from "../protocol/timeline-messages.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import { inSlices } from "../sources/time-slices.ts";
import { TimelineSession, type TrackSource } from "./timeline-session.ts";
import { showExplanation } from "./explanations.ts";
import { withProgress } from "./progress.ts";
import type { ReadOnlyTexts } from "./read-only-texts.ts";
import { openRecord } from "./record-location.ts";

interface OpenPanel {
  readonly key: string;
  readonly panel: vscode.WebviewPanel;
  readonly session: TimelineSession;
}

/** What a timeline page told, with where it came from. */
export interface TimelineEvent {
  readonly session: TimelineSession;
  readonly message: FromTimeline;
}

/** All timelines of a window: panels by what they show, and the pages of custom editors. */
export class Timelines implements vscode.Disposable {
  readonly #hub: FeedHub;
  readonly #extension: vscode.Uri;
  readonly #log: vscode.LogOutputChannel;
  readonly #texts: ReadOnlyTexts;
  readonly #panels = new Map<string, OpenPanel>();
  readonly #events = new vscode.EventEmitter<TimelineEvent>();
  /** Time window of the timeline that was used last; what is asked next is about it. */
  window: TimeWindow | null = null;
  readonly onEvent = this.#events.event;

  constructor(
    hub: FeedHub,
    extension: vscode.Uri,
    log: vscode.LogOutputChannel,
    texts: ReadOnlyTexts,
  ) {
    this.#hub = hub;
    this.#extension = extension;
    this.#log = log;
    this.#texts = texts;
    hub.on("feeds", () => this.#closeOrphans());
  }

  open(feed: Feed, reveal?: Extract<ToTimeline, { type: "reveal" | "revealTime" }>): void {
    const { session, panel } = this.#panel(feed.id, `Timeline: ${feed.label}`, "clock", [
      { kind: "feed", feed },
    ]);
    panel.reveal(undefined, reveal !== undefined);
    if (reveal !== undefined) session.show(reveal);
  }

  /** Two stories above each other, each from its own beginning. */
  compare(one: Feed, other: Feed): void {
    const title = `Timelines: ${one.label} and ${other.label}`;
    const tracks: TrackSource[] = [one, other].map((feed) => ({ kind: "feed", feed }));
    this.#panel(`${one.id} ${other.id}`, title, "start", tracks).panel.reveal();
  }

  /** What was recorded above what today's core decides about the same facts; a long story takes a while and can be cancelled. */
  async thenAndNow(feed: Feed): Promise<void> {
    const then = [...feed.model.buffer.from(0)];
    const decided = await withProgress(`Deciding ${feed.label} anew`, (token) =>
      inSlices(decideAnew(then), () => token.isCancellationRequested),
    );
    if (decided === null) return;
    const now: TrackSource = {
      kind: "fixed",
      id: `${feed.id} now`,
      label: "now",
      sentence:
        "Decided anew by the bundled core; after the first difference it is counterfactual.",
      records: decided,
    };
    const tracks: TrackSource[] = [
      {
        kind: "fixed",
        id: `${feed.id} then`,
        label: "then",
        sentence: "As recorded.",
        records: then,
      },
      now,
    ];
    this.#panel(`${feed.id} now`, `Then and now: ${feed.label}`, "clock", tracks).panel.reveal();
  }

  /** Supplies a page that somebody else owns (a custom editor). */
  attach(
    webview: vscode.Webview,
    tracks: readonly TrackSource[],
    alignment: Alignment,
  ): TimelineSession {
    const session: TimelineSession = new TimelineSession(webview, {
      hub: this.#hub,
      extension: this.#extension,
      tracks,
      alignment,
      onMessage: (message) => this.#onMessage(session, message),
    });
    return session;
  }

  dispose(): void {
    for (const { panel } of this.#panels.values()) panel.dispose();
    this.#events.dispose();
  }

  #panel(
    key: string,
    title: string,
    alignment: Alignment,
    tracks: readonly TrackSource[],
  ): OpenPanel {
    const known = this.#panels.get(key);
    if (known !== undefined) return known;
    const panel = vscode.window.createWebviewPanel(
      PANELS.timeline,
      title,
      vscode.ViewColumn.Active,
      {},
    );
    panel.iconPath = new vscode.ThemeIcon("pulse");
    const session = this.attach(panel.webview, tracks, alignment);
    const open: OpenPanel = { key, panel, session };
    this.#panels.set(key, open);
    panel.onDidDispose(() => {
      session.dispose();
      this.#panels.delete(key);
      this.window = null;
    });
    return open;
  }

  #closeOrphans(): void {
    for (const { panel, session } of this.#panels.values()) {
      const isOrphan = session.tracks.some(
        (track) => track.kind === "feed" && this.#hub.feed(track.feed.id) === undefined,
      );
      if (isOrphan) panel.dispose();
    }
  }

  #onMessage(session: TimelineSession, message: FromTimeline): void {
    this.#events.fire({ session, message });
    switch (message.type) {
      case "ready":
      case "select":
        return;
      case "measured":
        this.#log.trace(
          `timeline: ${message.records} records, slowest frame ${message.frameMs.toFixed(1)} ms`,
        );
        return;
      case "window":
        this.window = message.window;
        return;
      case "explain":
        void showExplanation(this.#texts, feedsOf(session), message.window);
        return;
      case "open": {
        const feed = feedsOf(session).find(({ id }) => id === message.track);
        if (feed !== undefined) void openRecord(this.#texts, feed, message.boot, message.seq);
      }
    }
  }
}

function feedsOf(session: TimelineSession): readonly Feed[] {
  return session.tracks.flatMap((track) => (track.kind === "feed" ? [track.feed] : []));
}
