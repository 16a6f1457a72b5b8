import type { StreamGap, TimedRecord } from "openclaw-whatsapp-continuity-plugin/explain";

/** How a source is doing; every state has words for a person. */
export type SourceState =
  | { readonly phase: "starting"; readonly sentence: string }
  | { readonly phase: "live"; readonly sentence: string }
  /** Everything was read and nothing more will come. */
  | { readonly phase: "complete"; readonly sentence: string }
  | { readonly phase: "reconnecting"; readonly sentence: string; readonly retryMs: number | null }
  /** Needs a person. */
  | { readonly phase: "failed"; readonly sentence: string; readonly action: SourceAction | null }
  | { readonly phase: "closed"; readonly sentence: string };

/** What a person can do about a source that failed. */
export type SourceAction = "set-token" | "set-url" | "choose-file" | "update-extension" | "retry";

/** What a source delivers: records in order, and the places where some are missing. */
export interface FeedBatch {
  readonly records: readonly TimedRecord[];
  readonly gaps: readonly StreamGap[];
}

export type { StreamGap, TimedRecord };
