/*
 * Wall clock arithmetic on text, because a replay has no clock: only the difference of two written times is ever used.
 */

const DAY_MS = 86_400_000;
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:Z|([+-])(\d{2}):(\d{2}))$/;
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/;

/** Milliseconds since the epoch of an ISO 8601 time with zone (`2026-04-08T01:45:00Z`), or null when it is none. */
export function parseIsoTime(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match;
  const offset = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * 60_000;
  return (
    daysSinceEpoch(Number(year), Number(month), Number(day)) * DAY_MS +
    timeOfDay(hour, minute, second, fraction) -
    (sign === "-" ? -offset : offset)
  );
}

/**
 * The first moment at or after `notBefore` at which a clock shows the given time of day (`02:01`, `11:30:53.250`), or null when
 * it is none. Reports write times of day; their lines are in order, so a smaller one means the next day.
 */
export function parseClockTime(text: string, notBefore: number): number | null {
  const match = CLOCK.exec(text);
  if (match === null) return null;
  const [, hour, minute, second, fraction] = match;
  const time = Math.floor(notBefore / DAY_MS) * DAY_MS + timeOfDay(hour, minute, second, fraction);
  return time < notBefore ? time + DAY_MS : time;
}

/** ISO 8601 in UTC with milliseconds. */
export function formatIsoTime(epochMs: number): string {
  const days = Math.floor(epochMs / DAY_MS);
  const { year, month, day } = dateOf(days);
  const rest = epochMs - days * DAY_MS;
  const part = (divisor: number, modulus: number): string =>
    String(Math.floor(rest / divisor) % modulus).padStart(2, "0");
  const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
  const time = `${part(3_600_000, 24)}:${part(60_000, 60)}:${part(1_000, 60)}`;
  return `${date}T${time}.${String(rest % 1_000).padStart(3, "0")}Z`;
}

function timeOfDay(
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
): number {
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second ?? 0);
  return seconds * 1_000 + Number((fraction ?? "0").padEnd(3, "0"));
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that the leap day comes last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(days: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}
