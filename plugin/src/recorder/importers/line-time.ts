/** When a line says it was written, and how sure that is. */
export interface LineTime {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  /** The line gave no date or no zone, so one was taken from its neighbours. */
  readonly assumed: boolean;
  /** The line without its time. */
  readonly rest: string;
}

const DAY_MS = 86_400_000;
const HALF_DAY_MS = DAY_MS / 2;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The clock is put back in the small hours; lines that overtake each other are never this far apart. */
const LAST_HOUR_PUT_BACK = 3;
const OVERTAKING_MS = 15 * MINUTE_MS;

const FULL =
  /^\s*["[(]?(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*(Z|[+-]\d{2}:?\d{2})?["\])]?[\s:|,-]*/;
const CLOCK =
  /^\s*\[?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\]?(?=[\s|,-]|$)[\s|,-]*/;

/**
 * Reads the time at the start of lines in the order of a log. A line that gives only a clock time continues the day of the line
 * before; a clock that goes back by more than half a day is the next morning. A local clock that goes back by up to an hour in the small hours was put
 * back: its zone is another one from there on.
 */
export class LineClock {
  #lastMs: number | null = null;
  readonly #fallbackMs: number;
  #offsetMs: number;

  /**
   * @param fallbackMs wall clock that stands in until the log names a date, e.g. the file's modification time
   * @param utcOffsetMinutes zone of times that give none, minutes east of UTC
   */
  constructor(fallbackMs: number, utcOffsetMinutes = 0) {
    this.#fallbackMs = fallbackMs;
    this.#offsetMs = utcOffsetMinutes * MINUTE_MS;
  }

  /** Wall clock of the line read last. */
  get nowMs(): number {
    return this.#lastMs ?? this.#fallbackMs;
  }

  /** A time that was given as a field and not in the text. */
  set(ms: number): void {
    this.#lastMs = ms;
  }

  /** Null when the line starts with no time; it then belongs to the time before it. */
  read(line: string): LineTime | null {
    const full = FULL.exec(line);
    if (full !== null) return this.#full(full, line);
    const clock = CLOCK.exec(line);
    return clock === null ? null : this.#clock(clock, line);
  }

  #full(match: RegExpExecArray, line: string): LineTime | null {
    const [whole, year, month, day, hour, minute, second, fraction, zone] = match;
    const written = epochOf({ year, month, day, hour, minute, second, fraction }, zone);
    if (written === null) return null;
    const ms =
      zone === undefined ? this.#afterClockChange(written - this.#offsetMs, Number(hour)) : written;
    this.#lastMs = ms;
    return { ms, assumed: zone === undefined, rest: line.slice(whole.length) };
  }

  #clock(match: RegExpExecArray, line: string): LineTime | null {
    const [whole, hourText, minuteText, secondText, fraction, half] = match;
    const hour = hourOfDay(Number(hourText), half);
    const minute = Number(minuteText);
    const second = Number(secondText ?? 0);
    if (hour > 23 || minute > 59 || second > 59) return null;
    const before = this.nowMs;
    const midnight = Math.floor((before + this.#offsetMs) / DAY_MS) * DAY_MS - this.#offsetMs;
    let ms = midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + fractionMs(fraction);
    if (this.#lastMs !== null && ms < before - HALF_DAY_MS) ms += DAY_MS;
    ms = this.#afterClockChange(ms, hour);
    this.#lastMs = ms;
    return { ms, assumed: true, rest: line.slice(whole.length) };
  }

  #afterClockChange(ms: number, hour: number): number {
    const backMs = (this.#lastMs ?? ms) - ms;
    if (backMs <= OVERTAKING_MS || backMs > HOUR_MS || hour > LAST_HOUR_PUT_BACK) return ms;
    this.#offsetMs -= HOUR_MS;
    return ms + HOUR_MS;
  }
}

type Parts = Readonly<
  Record<"year" | "month" | "day" | "hour" | "minute" | "second" | "fraction", string | undefined>
>;

function epochOf(parts: Parts, zone: string | undefined): number | null {
  const second = parts.second ?? "00";
  const offset = zone === undefined || zone === "Z" ? "Z" : zone.replace(/^(...):?(..)$/, "$1:$2");
  const iso = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${second}${offset}`;
  const ms = Date.parse(iso);
  return Number.isFinite(ms) ? ms + fractionMs(parts.fraction) : null;
}

function fractionMs(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000);
}

function hourOfDay(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  const base = hour % 12;
  return half.toLowerCase() === "p" ? base + 12 : base;
}
