import type * as vscode from "vscode";
import type { FeedBatch, StreamGap, TimedRecord } from "../model/feed-item.ts";
import {
  type Alignment,
  type FromTimeline,
  readFromTimeline,
  RECORDS_PER_MESSAGE,
  type ToTimeline,
  type TrackInfo,
} from "../protocol/timeline-messages.ts";
import { type Feed, type FeedHub, isLive } from "../sources/feed-hub.ts";
import { timelineHtml, webviewOptions } from "./timeline-html.ts";

/** What a timeline shows in one of its tracks: a feed, live or not, or records worked out once. */
export type TrackSource =
  | { readonly kind: "feed"; readonly feed: Feed }
  | {
      readonly kind: "fixed";
      readonly id: string;
      readonly label: string;
      readonly sentence: string;
      readonly records: readonly TimedRecord[];
    };

export interface TimelineSessionOptions {
  readonly hub: FeedHub;
  readonly extension: vscode.Uri;
  readonly tracks: readonly TrackSource[];
  readonly alignment: Alignment;
  readonly onMessage: (message: FromTimeline) => void;
}

/** Batches are sent together, at most once per this time. */
const SEND_EVERY_MS = 100;

/** Keeps one timeline page supplied: everything there is when it is ready (again), then what comes. */
export class TimelineSession implements vscode.Disposable {
  readonly tracks: readonly TrackSource[];
  readonly #options: TimelineSessionOptions;
  readonly #webview: vscode.Webview;
  readonly #subscriptions: (() => void)[] = [];
  readonly #pending = new Map<string, { records: TimedRecord[]; gaps: StreamGap[] }>();
  #timer: NodeJS.Timeout | null = null;
  #isReady = false;
  #waiting: ToTimeline[] = [];

  constructor(webview: vscode.Webview, options: TimelineSessionOptions) {
    this.#webview = webview;
    this.#options = options;
    this.tracks = options.tracks;
    webview.options = webviewOptions(options.extension);
    const subscription = webview.onDidReceiveMessage((value: unknown) => this.#receive(value));
    const onBatch = (feed: Feed, batch: FeedBatch): void => this.#onBatch(feed, batch);
    const onFeeds = (): void => this.#sendTracks();
    options.hub.on("batch", onBatch).on("feeds", onFeeds);
    this.#subscriptions.push(
      () => subscription.dispose(),
      () => options.hub.off("batch", onBatch).off("feeds", onFeeds),
    );
    // Only now, so that the page's first message finds a listener.
    webview.html = timelineHtml(webview, options.extension);
  }

  /** Shows a record or a time as soon as the page can. */
  show(message: Extract<ToTimeline, { type: "reveal" | "revealTime" }>): void {
    if (this.#isReady) this.#post(message);
    else this.#waiting.push(message);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const end of this.#subscriptions) end();
  }

  #receive(value: unknown): void {
    const message = readFromTimeline(value);
    if (message?.type === "ready") this.#supply();
    if (message !== null) this.#options.onMessage(message);
  }

  /** A page that was hidden is made anew by the editor, so it may be ready more than once. */
  #supply(): void {
    this.#isReady = true;
    this.#pending.clear();
    this.#sendTracks();
    for (const track of this.tracks) {
      const id = idOf(track);
      const records = track.kind === "feed" ? [...track.feed.model.buffer.from(0)] : track.records;
      const gaps = track.kind === "feed" ? track.feed.model.gaps : [];
      for (let from = 0; from === 0 || from < records.length; from += RECORDS_PER_MESSAGE) {
        const part = records.slice(from, from + RECORDS_PER_MESSAGE);
        this.#post({ type: "batch", track: id, records: part, gaps: from === 0 ? gaps : [] });
      }
    }
    for (const message of this.#waiting) this.#post(message);
    this.#waiting = [];
  }

  #onBatch(feed: Feed, batch: FeedBatch): void {
    const track = this.tracks.find((shown) => shown.kind === "feed" && shown.feed === feed);
    if (track === undefined || !this.#isReady) return;
    const waiting = this.#pending.get(feed.id) ?? { records: [], gaps: [] };
    for (const record of batch.records) waiting.records.push(record);
    waiting.gaps.push(...batch.gaps);
    this.#pending.set(feed.id, waiting);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, SEND_EVERY_MS);
  }

  #flush(): void {
    for (const [track, { records, gaps }] of this.#pending) {
      for (let from = 0; from === 0 || from < records.length; from += RECORDS_PER_MESSAGE) {
        const part = records.slice(from, from + RECORDS_PER_MESSAGE);
        this.#post({ type: "batch", track, records: part, gaps: from === 0 ? gaps : [] });
      }
    }
    this.#pending.clear();
  }

  #sendTracks(): void {
    if (!this.#isReady) return;
    const tracks = this.tracks.map(infoOf);
    this.#post({ type: "tracks", tracks, alignment: this.#options.alignment });
  }

  #post(message: ToTimeline): void {
    void this.#webview.postMessage(message);
  }
}

function idOf(track: TrackSource): string {
  return track.kind === "feed" ? track.feed.id : track.id;
}

function infoOf(track: TrackSource): TrackInfo {
  if (track.kind === "fixed") {
    return { id: track.id, label: track.label, sentence: track.sentence, isLive: false };
  }
  const { id, label, state } = track.feed;
  return { id, label, sentence: state.sentence, isLive: isLive(track.feed) };
}
