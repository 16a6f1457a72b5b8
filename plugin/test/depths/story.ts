import type { LogRecord, WorldEvent } from "../../src/events/index.ts";

/** A world event and when it happens, in milliseconds since the story began; the runs of an incident follow each other. */
export interface ScheduledEvent {
  readonly atMs: number;
  readonly account: string;
  readonly event: WorldEvent;
}

/** The world records of an incident in order of time, over all its runs. */
export function scheduleOf(records: readonly LogRecord[]): readonly ScheduledEvent[] {
  const starts = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== "log.header" || starts.has(record.boot)) continue;
    starts.set(record.boot, Date.parse(record.startedAt) - record.at);
  }
  const first = Math.min(...starts.values());
  return records
    .flatMap((record) =>
      record.dir === "world"
        ? [
            {
              atMs: (starts.get(record.boot) ?? first) - first + record.at,
              account: record.account,
              event: record,
            },
          ]
        : [],
    )
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** What a depth needs to tell a story: to make its events happen, to look at an account, and to let time pass. */
export interface Stage {
  play(scheduled: ScheduledEvent): Promise<void>;
  /** Whether the plugin believes that this account's connection lives. */
  isOpen(account: string): boolean | Promise<boolean>;
  pass(ms: number): Promise<void>;
}

/** The plugin's own ping tells a dead link within a minute; after this long it has failed to. */
const NOTICE_LIMIT_MS = 180_000;
/** How soon after it was noticed the story goes on. */
const NOTICE_STEP_MS = 250;

interface Timeline {
  readonly account: string;
  readonly events: ScheduledEvent[];
  /** How much later than written this account's events happen. */
  delayMs: number;
  silentSinceMs: number | null;
}

function isPartOfSilence({ atMs, event }: ScheduledEvent, timeline: Timeline): boolean {
  return event.kind === "fault.set" && atMs + timeline.delayMs === timeline.silentSinceMs;
}

/**
 * Plays a schedule. The record of a silence bears the time at which it was noticed, and how long that takes is the plugin's affair:
 * the account's own story stands still from the silence on until the plugin has noticed. Faults of the same moment are set at once: the
 * network that fails the next attempt is the one that went silent.
 */
export async function tellStory(schedule: readonly ScheduledEvent[], stage: Stage): Promise<void> {
  const timelines = timelinesOf(schedule);
  let nowMs = 0;
  for (;;) {
    const waiting = timelines.filter(({ silentSinceMs }) => silentSinceMs !== null);
    const next = earliest(timelines);
    if (next === null && waiting.length === 0) return;
    const leftMs = Math.max(0, (next?.dueMs ?? Number.POSITIVE_INFINITY) - nowMs);
    const stepMs = waiting.length > 0 ? Math.min(NOTICE_STEP_MS, leftMs) : leftMs;
    await stage.pass(stepMs);
    nowMs += stepMs;
    for (const timeline of waiting) await listen(timeline, nowMs, stage);
    if (next === null || next.dueMs > nowMs) continue;
    await playNext(next.timeline, nowMs, stage);
  }
}

function timelinesOf(schedule: readonly ScheduledEvent[]): readonly Timeline[] {
  const accounts = [...new Set(schedule.map(({ account }) => account))];
  return accounts.map((account) => ({
    account,
    events: schedule.filter((scheduled) => scheduled.account === account),
    delayMs: 0,
    silentSinceMs: null,
  }));
}

function earliest(
  timelines: readonly Timeline[],
): { readonly timeline: Timeline; readonly dueMs: number } | null {
  const due = timelines.flatMap((timeline) => {
    const [first] = timeline.events;
    if (first === undefined) return [];
    if (timeline.silentSinceMs !== null && !isPartOfSilence(first, timeline)) return [];
    return [{ timeline, dueMs: first.atMs + timeline.delayMs }];
  });
  return due.toSorted((a, b) => a.dueMs - b.dueMs)[0] ?? null;
}

async function playNext(timeline: Timeline, nowMs: number, stage: Stage): Promise<void> {
  const scheduled = timeline.events.shift();
  if (scheduled === undefined) return;
  const { event } = scheduled;
  const isSilence = event.kind === "server.struck" && event.strike === "silence";
  if (isSilence && (await stage.isOpen(timeline.account))) timeline.silentSinceMs = nowMs;
  await stage.play(scheduled);
}

async function listen(timeline: Timeline, nowMs: number, stage: Stage): Promise<void> {
  const { silentSinceMs, account } = timeline;
  if (silentSinceMs === null) return;
  const waitedMs = nowMs - silentSinceMs;
  if (waitedMs < NOTICE_LIMIT_MS && (await stage.isOpen(account))) return;
  timeline.silentSinceMs = null;
  timeline.delayMs += waitedMs;
}
