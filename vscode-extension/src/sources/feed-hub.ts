import { EventEmitter } from "node:events";
import type { FeedBatch, SourceState } from "../model/feed-item.ts";
import { FeedModel } from "../model/feed-model.ts";
import type { GatewayInfo } from "./gateway-source.ts";
import type { LogSource } from "./source.ts";

/** What a feed is, for its icon and its commands. */
export type FeedKind = "gateway" | "file" | "incident" | "text";

/** One source with everything read from it. */
export interface Feed {
  readonly id: string;
  readonly kind: FeedKind;
  readonly label: string;
  readonly source: LogSource;
  readonly model: FeedModel;
  /** Where its records stand, for opening one in an editor; null for a gateway or pasted text. */
  readonly uri: string | null;
  state: SourceState;
  /** Gateways only. */
  info: GatewayInfo | null;
}

interface HubEvents {
  /** The list of feeds, or the state of one, changed. */
  feeds: [];
  batch: [feed: Feed, batch: FeedBatch];
}

/** Feeds open at once; each keeps up to its bound of records. */
export const MAX_FEEDS = 20;

/** All feeds of a window. */
export class FeedHub extends EventEmitter<HubEvents> {
  readonly #feeds = new Map<string, Feed>();
  #nextId = 1;

  get feeds(): readonly Feed[] {
    return [...this.#feeds.values()];
  }

  feed(id: string): Feed | undefined {
    return this.#feeds.get(id);
  }

  /**
   * Adds a feed and starts its source.
   *
   * @throws Error in words for people when there are too many
   */
  add(given: Pick<Feed, "kind" | "label" | "source" | "uri">, model = new FeedModel()): Feed {
    if (this.#feeds.size >= MAX_FEEDS) {
      throw new Error(`${MAX_FEEDS} sources are open. Close one in the Accounts view first.`);
    }
    const feed: Feed = {
      ...given,
      id: `feed-${this.#nextId}`,
      model,
      state: { phase: "starting", sentence: `Opening ${given.label}.` },
      info: null,
    };
    this.#nextId += 1;
    this.#feeds.set(feed.id, feed);
    given.source.start({
      onBatch: (batch) => {
        feed.model.append(batch);
        this.emit("batch", feed, batch);
      },
      onState: (state) => {
        feed.state = state;
        this.emit("feeds");
      },
    });
    this.emit("feeds");
    return feed;
  }

  /** Something about a feed that its source does not report by itself. */
  changed(): void {
    this.emit("feeds");
  }

  remove(feed: Feed): void {
    feed.source.stop();
    if (this.#feeds.delete(feed.id)) this.emit("feeds");
  }

  dispose(): void {
    for (const feed of this.feeds) feed.source.stop();
    this.#feeds.clear();
    this.removeAllListeners();
  }
}

/** Whether anything more may come from a feed. */
export function isLive(feed: Feed): boolean {
  const { phase } = feed.state;
  return (
    phase === "live" ||
    phase === "reconnecting" ||
    phase === "waiting" ||
    (phase === "starting" && feed.kind === "gateway")
  );
}
