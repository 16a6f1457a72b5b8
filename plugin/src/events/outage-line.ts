/** The account of an outage in wall clock time, as far as its line needs it. */
export interface OutageFigures {
  readonly startedAtMs: number;
  /** Null while it lasts. */
  readonly endedAtMs: number | null;
  readonly causeId: string;
  readonly recoveredOffline: number;
  readonly recoveredHistory: number;
  readonly duplicates: number;
  readonly tooOld: number;
  readonly unanswered: number;
  /** Chats in which nothing was written since, so that the phone cannot be asked yet. */
  readonly waiting?: number;
}

/**
 * One line that says what an outage cost: `outage 05:49:11 -> 06:17:02 (27 min 51 s, dns): 14 recovered (11 offline, 3 history), 2 duplicates
 * dropped, 0 too old, 1 chat unanswered by the phone`.
 *
 * @param offsetMinutes minutes east of UTC of the times shown
 * @param nowMs wall clock now, for an outage that lasts
 */
export function outageLine(outage: OutageFigures, offsetMinutes: number, nowMs: number): string {
  const { startedAtMs, endedAtMs, recoveredOffline, recoveredHistory, waiting = 0 } = outage;
  const until = endedAtMs === null ? "now" : clockTime(endedAtMs, offsetMinutes);
  const lasted = describeDuration(Math.max(0, (endedAtMs ?? nowMs) - startedAtMs));
  const head = `outage ${clockTime(startedAtMs, offsetMinutes)} -> ${until} (${lasted}, ${shortCause(outage.causeId)})`;
  if (endedAtMs === null) return head;
  const parts = [
    `${recoveredOffline + recoveredHistory} recovered (${recoveredOffline} offline, ${recoveredHistory} history)`,
    `${count(outage.duplicates, "duplicate")} dropped`,
    `${outage.tooOld} too old`,
    `${count(outage.unanswered, "chat")} unanswered by the phone`,
    ...(waiting === 0
      ? []
      : [`${count(waiting, "chat")} ${waiting === 1 ? "waits" : "wait"} for the next message`]),
  ];
  return `${head}: ${parts.join(", ")}`;
}

/** `43 s`, `14 min 20 s`, `3 h 5 min`, `2 days 4 h`: two units are as much as anybody reads. */
export function describeDuration(ms: number): string {
  const units = [
    { name: "day", plural: "days", size: 86_400_000 },
    { name: "h", plural: "h", size: 3_600_000 },
    { name: "min", plural: "min", size: 60_000 },
    { name: "s", plural: "s", size: 1_000 },
  ];
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const first = units.findIndex(({ size }) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const { name, plural, size } of units.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount} ${amount === 1 ? name : plural}`);
  }
  return parts.join(" ");
}

/** The ids of causes are words already; which way a name did not resolve is for the log's fields. */
function shortCause(causeId: string): string {
  return causeId.startsWith("dns-") ? "dns" : causeId;
}

function clockTime(wallMs: number, offsetMinutes: number): string {
  const seconds = Math.floor(wallMs / 1_000) + offsetMinutes * 60;
  const ofDay = ((seconds % DAY_S) + DAY_S) % DAY_S;
  const parts = [Math.floor(ofDay / 3_600), Math.floor(ofDay / 60) % 60, ofDay % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

const DAY_S = 86_400;

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
