import { LineClock } from "./line-time.ts";
import { readLogLine } from "./log-line.ts";

const CLOCK_ONLY = /^\s*\[?\d{1,2}:\d{2}/;

/**
 * Lines of several sources in one order: that of their times, each line without one behind the line it followed. Only where every time has its
 * date; a clock alone says nothing about another source.
 *
 * @param utcOffsetMinutes zone of times that give none, minutes east of UTC
 */
export function inOrderOfTime(
  lines: readonly string[],
  fallbackMs: number,
  utcOffsetMinutes: number,
): readonly string[] {
  if (lines.some((line) => CLOCK_ONLY.test(line))) return lines;
  const clock = new LineClock(fallbackMs, utcOffsetMinutes);
  const timed = lines.map((line) => ({ line, ms: readLogLine(line, clock)?.ms ?? clock.nowMs }));
  // What stands above the first time belongs to it, whatever the fallback is.
  const first = timed.find(({ ms }) => ms !== fallbackMs)?.ms ?? fallbackMs;
  return timed
    .map(({ line, ms }) => ({ line, ms: ms === fallbackMs ? first : ms }))
    .toSorted((one, other) => one.ms - other.ms)
    .map(({ line }) => line);
}
