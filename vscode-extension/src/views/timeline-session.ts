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
  #supplies: readonly Supply[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isReady = false;
  /** The page has had everything that there was; what comes later is sent as it comes. */
  #isComplete = false;
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
    if (this.#isComplete) this.#post(message);
    else this.#waiting.push(message);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const end of this.#subscriptions) end();
  }

  #receive(value: unknown): void {
    const message = readFromTimeline(value);
    if (message?.type === "ready") this.#begin();
    if (message !== null) this.#options.onMessage(message);
  }

  /** A page that was hidden is made anew by the editor, so it may be ready more than once. */
  #begin(): void {
    this.#supplies = this.tracks.map((track) => new Supply(track));
    this.#isComplete = false;
    this.#isReady = true;
    this.#sendTracks();
    this.#later(0);
  }

  #onBatch(feed: Feed, { gaps }: FeedBatch): void {
    const supply = this.#supplies.find(({ track }) => track.kind === "feed" && track.feed === feed);
    if (supply === undefined) return;
    supply.gaps.push(...gaps);
    this.#later(SEND_EVERY_MS);
  }

  #later(afterMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#send();
    }, afterMs);
  }

  /** One message and then a rest, so that a long story holds up neither the editor nor the page. */
  #send(): void {
    const supply = this.#supplies.find((each) => each.hasMore);
    if (supply !== undefined) {
      this.#post(supply.next());
      return this.#later(0);
    }
    this.#isComplete = true;
    for (const message of this.#waiting) this.#post(message);
    this.#waiting = [];
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

/** How far a track has been sent. */
class Supply {
  readonly track: TrackSource;
  /** Holes that were not sent yet. */
  readonly gaps: StreamGap[];
  #sent = 0;

  constructor(track: TrackSource) {
    this.track = track;
    this.gaps = track.kind === "feed" ? [...track.feed.model.gaps] : [];
  }

  get hasMore(): boolean {
    return this.#sent < this.#end || this.gaps.length > 0;
  }

  get #end(): number {
    const { track } = this;
    return track.kind === "feed" ? track.feed.model.buffer.end : track.records.length;
  }

  next(): Extract<ToTimeline, { type: "batch" }> {
    const to = Math.min(this.#sent + RECORDS_PER_MESSAGE, this.#end);
    const records = this.#records(this.#sent, to);
    this.#sent = to;
    return { type: "batch", track: idOf(this.track), records, gaps: this.gaps.splice(0) };
  }

  /** Records that were let go in the meantime are left out. */
  #records(from: number, to: number): readonly TimedRecord[] {
    const { track } = this;
    if (track.kind === "fixed") return track.records.slice(from, to);
    const records: TimedRecord[] = [];
    for (let number = from; number < to; number += 1) {
      const record = track.feed.model.buffer.at(number);
      if (record !== undefined) records.push(record);
    }
    return records;
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
