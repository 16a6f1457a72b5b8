/** A command line that does not fit; the sentence says what to write. */
export class UsageError extends Error {}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds back, null for everything.
 *
 * @throws UsageError
 */
export function parseSince(text: string): number | null {
  if (text === "all") return null;
  const match = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new UsageError(
      `--since ${text} is not a time span. Write for example 90m, 24h, 7d or all.`,
    );
  }
  return Number(match[1]) * unit;
}
