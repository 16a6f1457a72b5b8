import { setTimeout as sleep } from "node:timers/promises";
import type { WorldEvent } from "../../src/events/index.ts";
import type { ScheduledEvent } from "./story.ts";

/*
 * How a story of hours is told in minutes on a real clock; the one place that shortens anything. Times are not compared between the
 * depths, so a pause of the story need not last as long as it was, but what the plugin does in it must have happened.
 */
export const PACE = {
  /** A pause up to this long lasts as long as written. */
  unshortenedMs: 4_000,
  /** A longer one ends when the plugin has decided nothing new for this long, its answers are sent and it is neither connecting nor waiting ... */
  calmMs: 6_000,
  /** ... or, while a fault of the story keeps it from connecting, when it has decided nothing new for so long. */
  calmInFaultMs: 12_000,
  /** How long the gateway may take from the model's last word to the request to send it. */
  answerMs: 20_000,
  /** A pause lasts at most so long. */
  patienceMs: 60_000,
  /** Drops of a story that has so many have a rhythm, which the plugin sees only in intervals of more than a minute. */
  rhythmicDrops: 4,
  rhythmicPauseMs: 75_000,
  /** Settings of the plugin: as the pauses are shortened, so is the longest delay of a reconnect, to the least it may be. */
  recovery: { maxDelaySeconds: 5, attemptsPerHour: 600 },
  /** What follows a close at once must find the next attempt still under way, although it takes the gateway a moment. */
  loginMs: 3_000,
} as const;

/** What the pace wants to know of the plugin. */
export interface Observed {
  /** Goes up with every decision that is compared. */
  decisions(): number;
  /** No answer is under way but those that the story holds back, and every account is open, blocked or stopped. */
  isAtRest(): Promise<boolean>;
  /** A fault of the story is on that no connect survives. */
  isInFault(): boolean;
}

/** Lets a pause of the story pass. */
export async function passShortened(
  pauseMs: number,
  observed: Observed,
  leastMs: number,
): Promise<void> {
  const began = performance.now();
  if (pauseMs <= PACE.unshortenedMs) return sleep(pauseMs);
  let decisions = observed.decisions();
  let lastChangeAt = began;
  for (;;) {
    await sleep(250);
    const now = performance.now();
    if (observed.decisions() !== decisions) lastChangeAt = now;
    decisions = observed.decisions();
    if (now - began >= Math.min(pauseMs, PACE.patienceMs)) return;
    if (now - began < Math.min(pauseMs, leastMs)) continue;
    const calmMs = now - lastChangeAt;
    if (observed.isInFault() ? calmMs >= PACE.calmInFaultMs : calmMs >= PACE.calmMs) {
      if (observed.isInFault() || (await observed.isAtRest())) return;
    }
  }
}

/** Whether the story's drops come often enough to have a rhythm. */
export function isRhythmic(schedule: readonly ScheduledEvent[]): boolean {
  const drops = new Map<string, number>();
  for (const { account, event } of schedule) {
    if (event.kind === "server.struck") drops.set(account, (drops.get(account) ?? 0) + 1);
  }
  return [...drops.values()].some((count) => count >= PACE.rhythmicDrops);
}

/**
 * What somebody wrote during an absence is as old at its end as the story makes it, although the absence was shortened: the message is
 * written with that age. One that only the phone can bring (`lost`) is written as of now: a page of history is read by the times of its messages,
 * and with the story's age it would lie before the last message that was seen, which the shortening has brought nearer. It is late whatever its age.
 */
export function withAges(schedule: readonly ScheduledEvent[]): readonly ScheduledEvent[] {
  return schedule.map((scheduled, index) => {
    const { event, account, atMs } = scheduled;
    if (event.kind !== "contact.wrote" || event.lost === true) return scheduled;
    if (!isAbsent(schedule.slice(0, index), account)) return scheduled;
    const end = schedule
      .slice(index)
      .find((later) => later.account === account && endsAbsence(later.event));
    if (end === undefined) return scheduled;
    return { ...scheduled, event: { ...event, ageSeconds: Math.round((end.atMs - atMs) / 1_000) } };
  });
}

/** Whether a message that only the phone can bring would be too old to be answered: its age of the story would matter then. */
export function outlivesAnswer(schedule: readonly ScheduledEvent[], maxAgeMs: number): boolean {
  const endsAt = schedule.at(-1)?.atMs ?? 0;
  return schedule.some(
    ({ event, atMs }) =>
      event.kind === "contact.wrote" && event.lost === true && endsAt - atMs > maxAgeMs,
  );
}

function isAbsent(before: readonly ScheduledEvent[], account: string): boolean {
  const last = before.findLast(
    (each) => each.account === account && (beginsAbsence(each.event) || endsAbsence(each.event)),
  );
  return last !== undefined && beginsAbsence(last.event);
}

const ABSENT_AFTER: ReadonlySet<string> = new Set(["stop", "health-restart", "kill"]);

function beginsAbsence(event: WorldEvent): boolean {
  return event.kind === "fault.set"
    ? event.stage !== "ack"
    : event.kind === "operator.ordered" && ABSENT_AFTER.has(event.act);
}

function endsAbsence(event: WorldEvent): boolean {
  return (
    event.kind === "fault.cleared" || (event.kind === "operator.ordered" && event.act === "start")
  );
}
