import type { StreamGap, TimedRecord } from "../../src/model/feed-item.ts";
import { FilteredList } from "../../src/model/timeline/filtered-list.ts";
import type { Lane } from "../../src/model/timeline/lanes.ts";
import { TimelineModel } from "../../src/model/timeline/timeline-model.ts";
import type { TrackInfo } from "../../src/protocol/timeline-messages.ts";

/** A record in the page: which track, and its number there. */
export interface Place {
  readonly track: Track;
  readonly number: number;
}

/** One story: its model, what waits to be folded, and where its time begins. */
export class Track {
  info: TrackInfo;
  readonly model = new TimelineModel();
  readonly list = new FilteredList();
  /** Subtracted from wall clock time when tracks are aligned by their beginning. */
  offsetMs = 0;
  #queue: TimedRecord[] = [];
  #queued = 0;
  #gaps: StreamGap[] = [];

  constructor(info: TrackInfo) {
    this.info = info;
  }

  get waiting(): number {
    return this.#queue.length - this.#queued;
  }

  enqueue(records: readonly TimedRecord[], gaps: readonly StreamGap[]): void {
    for (const record of records) this.#queue.push(record);
    this.#gaps.push(...gaps);
  }

  /** Folds up to `budget` records; bounded, so that a frame stays a frame. */
  ingest(budget: number): void {
    const until = Math.min(this.#queue.length, this.#queued + budget);
    this.model.append({ records: this.#queue.slice(this.#queued, until), gaps: this.#gaps });
    this.#gaps = [];
    this.#queued = until;
    if (this.#queued === this.#queue.length) {
      this.#queue = [];
      this.#queued = 0;
    }
  }

  /** Position of a record's time on the common axis. */
  axisMs(wallMs: number): number {
    return wallMs - this.offsetMs;
  }
}

/** A row of the drawing: a lane, or the heading of a track or account. */
export type Row =
  | { readonly kind: "heading"; readonly track: Track; readonly text: string }
  | { readonly kind: "lane"; readonly track: Track; readonly lane: Lane };

/** All rows from top to bottom. */
export function rowsOf(tracks: readonly Track[], account: string | null): readonly Row[] {
  return tracks.flatMap((track) => {
    const rows: Row[] = [];
    let shown: string | null = null;
    for (const lane of track.model.lanes) {
      if (account !== null && lane.account !== account) continue;
      if (lane.account !== shown) {
        const name = tracks.length > 1 ? `${track.info.label}: ${lane.account}` : lane.account;
        rows.push({ kind: "heading", track, text: name });
        shown = lane.account;
      }
      rows.push({ kind: "lane", track, lane });
    }
    if (rows.length === 0) rows.push({ kind: "heading", track, text: track.info.label });
    return rows;
  });
}
