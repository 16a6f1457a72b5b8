import type { StreamGap, TimedRecord } from "openclaw-whatsapp-continuity-plugin/explain";

/** How a source is doing; every state has words for a person. */
export type SourceState =
  | { readonly phase: "starting"; readonly sentence: string }
  | { readonly phase: "live"; readonly sentence: string }
  /** Everything was read and nothing more will come. */
  | { readonly phase: "complete"; readonly sentence: string }
  | { readonly phase: "reconnecting"; readonly sentence: string; readonly retryMs: number | null }
  /** A person elsewhere has to allow it; it goes on by itself then. */
  | {
      readonly phase: "waiting";
      readonly sentence: string;
      /** What that person runs; null when the gateway named no request that could be written into one. */
      readonly command: string | null;
    }
  /** Needs a person. */
  | { readonly phase: "failed"; readonly sentence: string; readonly action: SourceAction | null }
  | { readonly phase: "closed"; readonly sentence: string };

/** What a person can do about a source that failed. */
export type SourceAction =
  | "set-token"
  | "set-url"
  | "set-fingerprint"
  | "choose-file"
  | "update-extension"
  | "retry";

/** What a source delivers: records in order, and the places where some are missing. */
export interface FeedBatch {
  readonly records: readonly TimedRecord[];
  readonly gaps: readonly StreamGap[];
}

export type { StreamGap, TimedRecord };
