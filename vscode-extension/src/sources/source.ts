import type { FeedBatch, SourceState } from "../model/feed-item.ts";

/** What a source reports while it runs. Both are called from its own turns of the event loop, never from inside `start`. */
export interface SourceListener {
  onBatch(batch: FeedBatch): void;
  onState(state: SourceState): void;
}

/** Something that records come from. Started once, stopped once. */
export interface LogSource {
  /** What a person calls it: a host name, a file name. */
  readonly label: string;
  start(listener: SourceListener): void;
  /** Ends it at once; nothing is reported afterwards. */
  stop(): void;
}

/** Lines handed on at once, so that a big file does not hold up the editor. */
export const LINES_PER_TURN = 500;
