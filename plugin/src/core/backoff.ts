import { LIMITS } from "./limits.ts";

/** How patiently a cause is retried. `at-once` is for restarts the server itself asked for. */
export type BackoffProfile = "at-once" | "normal" | "long";

const BASE_MS: Readonly<Record<BackoffProfile, number>> = {
  "at-once": 0,
  normal: 1_000,
  long: 15_000,
};
const LONG_CAP_FACTOR = 10;

/**
 * Capped exponential backoff with full jitter: a random delay between 0 and min(cap, base * 2^(attempt - 1)). A long
 * profile has a cap ten times higher, because the server asked for rest (429) or refused on purpose.
 *
 * @param attempt failures in this outage, from 1
 * @param random in [0, 1)
 */
export function backoffDelayMs(
  profile: BackoffProfile,
  attempt: number,
  maxDelayMs: number,
  random: number,
): number {
  const cap = profile === "long" ? maxDelayMs * LONG_CAP_FACTOR : maxDelayMs;
  const ceiling = Math.min(cap, BASE_MS[profile] * 2 ** Math.min(attempt - 1, 30));
  const floor = profile === "long" ? ceiling / 2 : 0;
  return Math.round(floor + random * (ceiling - floor));
}

/**
 * Extra wait so that no hour sees more than `perHour` connect attempts, whatever the cause: hot loops get numbers
 * blocked.
 *
 * @param attemptTimes times of the attempts of the last hour, ascending
 */
export function budgetDelayMs(
  attemptTimes: readonly number[],
  perHour: number,
  at: number,
): number {
  if (attemptTimes.length < perHour) return 0;
  const oldest = attemptTimes[attemptTimes.length - perHour];
  return oldest === undefined ? 0 : Math.max(0, oldest + LIMITS.hourMs - at);
}

/**
 * Least delay of a scheduled attempt: half of the hour's budget may be used as fast as the backoff allows, the other half is handed out evenly
 * (a leaky bucket). Without it a budget used up within 20 minutes leaves the account untried for the next 40, although whatever was wrong
 * may be over.
 *
 * @param attemptTimes times of the attempts of the last hour, ascending
 * @param random in [0, 1)
 */
export function pacedDelayMs(
  attemptTimes: readonly number[],
  perHour: number,
  at: number,
  random: number,
): number {
  const burst = Math.max(1, Math.floor(perHour / 2));
  const spacing = LIMITS.hourMs / burst;
  let paidUntil = 0;
  for (const time of attemptTimes) paidUntil = Math.max(paidUntil, time) + spacing;
  // Restarts that the server or a person asked for are not paced and may have overdrawn the half; the hourly budget is the net for that.
  const waitMs = Math.min(spacing, paidUntil - (burst - 1) * spacing - at);
  return Math.max(0, Math.round(waitMs * (0.9 + 0.2 * random)));
}
