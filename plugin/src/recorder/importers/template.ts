import type { RawError } from "../../events/index.ts";
import type { LogLine } from "./log-line.ts";
import type { Origin, ReportedStory } from "./reported-story.ts";

/** What a template may use to tell its line. */
export interface Telling {
  readonly story: ReportedStory;
  readonly line: LogLine;
  readonly origin: Origin;
  readonly match: RegExpExecArray;
  readonly scrub: (text: string) => string;
  /** An error printed just before, on a line of its own; taken once. */
  readonly takePendingError: () => RawError | null;
  readonly setPendingError: (error: RawError) => void;
}

/** One kind of log line: how it is recognised and what it says. The first match wins. */
export interface Template {
  readonly pattern: RegExp;
  readonly tell: (telling: Telling) => void;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `2.14s`, `500ms`, `5m` in milliseconds; undefined for anything else. */
export function durationMs(text: string | undefined): number | undefined {
  const match = /^([\d.]+)\s*(ms|s|m|h)/.exec(text ?? "");
  const unit = UNITS[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}
