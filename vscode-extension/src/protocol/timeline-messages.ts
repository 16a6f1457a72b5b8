import type { StreamGap, TimedRecord } from "../model/feed-item.ts";

/** One story in a timeline; several stand above each other. */
export interface TrackInfo {
  readonly id: string;
  readonly label: string;
  /** How its source is doing, in words. */
  readonly sentence: string;
  readonly isLive: boolean;
}

/** By the wall clock, or each track from its own beginning. */
export type Alignment = "clock" | "start";

/** What the editor tells the timeline's page. */
export type ToTimeline =
  | {
      readonly type: "tracks";
      readonly tracks: readonly TrackInfo[];
      readonly alignment: Alignment;
    }
  | {
      readonly type: "batch";
      readonly track: string;
      readonly records: readonly TimedRecord[];
      readonly gaps: readonly StreamGap[];
    }
  | { readonly type: "reveal"; readonly track: string; readonly boot: string; readonly seq: number }
  | { readonly type: "revealTime"; readonly track: string; readonly wallMs: number };

/** What the page tells the editor. */
export type FromTimeline =
  | { readonly type: "ready" }
  | { readonly type: "open"; readonly track: string; readonly boot: string; readonly seq: number }
  | { readonly type: "select"; readonly track: string; readonly boot: string; readonly seq: number }
  /** The time window that filters everything else; null for all of it. */
  | { readonly type: "window"; readonly window: TimeWindow | null }
  | { readonly type: "explain"; readonly window: TimeWindow | null }
  | { readonly type: "measured"; readonly records: number; readonly frameMs: number };

export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Records in one message; more go in several, so that the page stays responsive. */
export const RECORDS_PER_MESSAGE = 1_000;

/** Checks a message of the page: it runs scripts of ours only, but what crosses a boundary is checked. */
export function readFromTimeline(value: unknown): FromTimeline | null {
  const message = objectOf(value);
  switch (message["type"]) {
    case "ready":
      return { type: "ready" };
    case "open":
    case "select": {
      const { type, track, boot, seq } = message;
      if (typeof track !== "string" || typeof boot !== "string" || typeof seq !== "number")
        return null;
      return { type, track, boot, seq };
    }
    case "window":
    case "explain":
      return { type: message["type"], window: readWindow(message["window"]) };
    case "measured": {
      const { records, frameMs } = message;
      if (typeof records !== "number" || typeof frameMs !== "number") return null;
      return { type: "measured", records, frameMs };
    }
    default:
      return null;
  }
}

/** The same for the other direction. */
export function readToTimeline(value: unknown): ToTimeline | null {
  const message = objectOf(value);
  const { type, track } = message;
  if (type === "tracks") {
    return Array.isArray(message["tracks"]) ? (message as unknown as ToTimeline) : null;
  }
  if (typeof track !== "string") return null;
  const isKnown = type === "batch" || type === "reveal" || type === "revealTime";
  return isKnown ? (message as unknown as ToTimeline) : null;
}

function readWindow(value: unknown): TimeWindow | null {
  const { fromMs, toMs } = objectOf(value);
  return typeof fromMs === "number" && typeof toMs === "number" ? { fromMs, toMs } : null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
