const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Distances between ticks that people can count. */
const STEPS_MS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
];
const LABEL_PX = 90;
const MAX_TICKS = 100;

export interface Tick {
  readonly axisMs: number;
  readonly label: string;
}

/** Ticks of the visible span. `relative`: the axis counts from the beginning of each track, not by the clock. */
export function ticksOf(
  fromMs: number,
  toMs: number,
  widthPx: number,
  relative: boolean,
): readonly Tick[] {
  const wanted = ((toMs - fromMs) / widthPx) * LABEL_PX;
  const step = STEPS_MS.find((ms) => ms >= wanted) ?? STEPS_MS.at(-1) ?? DAY;
  const shift = relative ? 0 : -new Date(fromMs).getTimezoneOffset() * MINUTE;
  const ticks: Tick[] = [];
  const first = Math.ceil((fromMs + shift) / step) * step - shift;
  for (let ms = first; ms <= toMs && ticks.length < MAX_TICKS; ms += step) {
    ticks.push({ axisMs: ms, label: relative ? relativeLabel(ms) : clockLabel(ms, step) });
  }
  return ticks;
}

function clockLabel(ms: number, stepMs: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  if (stepMs >= DAY) return day;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.getHours() === 0 && date.getMinutes() === 0 && stepMs >= MINUTE) return `${day} ${time}`;
  if (stepMs >= MINUTE) return time;
  const seconds = `${time}:${two(date.getSeconds())}`;
  return stepMs >= SECOND
    ? seconds
    : `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** `+2.5s`, `+4m 10s`, `+3h 5m` from the beginning. */
export function relativeLabel(ms: number): string {
  const sign = ms < 0 ? "-" : "+";
  const whole = Math.abs(Math.round(ms));
  if (whole < SECOND) return `${sign}${whole}ms`;
  if (whole < MINUTE) return `${sign}${(whole / SECOND).toFixed(whole % SECOND === 0 ? 0 : 1)}s`;
  const [big, small, unit, sub] =
    whole < HOUR
      ? [Math.floor(whole / MINUTE), Math.floor((whole % MINUTE) / SECOND), "m", "s"]
      : [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE), "h", "m"];
  return small === 0 ? `${sign}${big}${unit}` : `${sign}${big}${unit} ${small}${sub}`;
}
