import type { LogLine } from "./log-line.ts";

const HOUR_MS = 3_600_000;
/** Lines of one topic that are written at once before they are collapsed. */
const BURST = 4;
/** A topic that was silent for this long counts as new. */
const QUIET_MS = 2 * HOUR_MS;
/** A topic that goes on is summed up this often. */
const SUMMARY_EVERY_MS = HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
/** Lines per account and day, whatever happens; with the errors and the two lines about the limit itself 200. */
const LINES_PER_DAY = 178;
const ERRORS_PER_DAY = 20;
/** Topics remembered; more than that is a storm of its own, and the oldest topic counts as new again. */
const MAX_TOPICS = 400;

interface Topic {
  readonly account: string;
  readonly line: LogLine;
  allowance: number;
  repeats: number;
  /** Begin of the time that the next summary covers. */
  sinceMs: number;
  lastMs: number;
}

interface Day {
  startedMs: number;
  lines: number;
  errors: number;
  suppressed: number;
}

export type WriteLine = (account: string, line: LogLine) => void;

/**
 * Keeps a log readable while one thing happens again and again: a topic's first lines are written, then one line per hour says how often it
 * came. A day has a limit per account on top, which says itself when it is reached.
 */
export class LineLimiter {
  readonly #write: WriteLine;
  readonly #topics = new Map<string, Topic>();
  readonly #days = new Map<string, Day>();

  constructor(write: WriteLine) {
    this.#write = write;
  }

  /** Writes the line or counts it. */
  offer(account: string, line: LogLine, nowMs: number): void {
    const topic = this.#topicOf(account, line, nowMs);
    if (nowMs - topic.lastMs > QUIET_MS) topic.allowance = BURST;
    topic.lastMs = nowMs;
    if (topic.allowance > 0) {
      topic.allowance -= 1;
      topic.sinceMs = nowMs;
      this.#writeWithinDay(account, line, nowMs);
    } else {
      topic.repeats += 1;
    }
  }

  /** Writes the summaries that are due. Returns when the next one will be, or null. */
  sumUp(nowMs: number): number | null {
    let nextMs: number | null = null;
    for (const topic of this.#topics.values()) {
      if (topic.repeats === 0) continue;
      const dueMs = topic.sinceMs + SUMMARY_EVERY_MS;
      if (dueMs <= nowMs) this.#writeSummary(topic, nowMs);
      else nextMs = Math.min(nextMs ?? dueMs, dueMs);
    }
    return nextMs;
  }

  /** Writes all summaries, for the end of the process. */
  finish(nowMs: number): void {
    for (const topic of this.#topics.values()) {
      if (topic.repeats > 0) this.#writeSummary(topic, nowMs);
    }
  }

  #writeSummary(topic: Topic, nowMs: number): void {
    const { line, account, repeats } = topic;
    const minutes = Math.max(1, Math.round((nowMs - topic.sinceMs) / 60_000));
    topic.repeats = 0;
    topic.sinceMs = nowMs;
    this.#writeWithinDay(
      account,
      {
        ...line,
        level: line.level === "error" ? "warn" : line.level,
        message: `${line.message} (${repeats} more ${repeats === 1 ? "time" : "times"} within ${minutes} min)`,
        fields: { ...line.fields, repeats },
      },
      nowMs,
    );
  }

  #writeWithinDay(account: string, line: LogLine, nowMs: number): void {
    const day = this.#dayOf(account, nowMs);
    if (line.level === "error" && day.errors < ERRORS_PER_DAY) {
      day.errors += 1;
      this.#write(account, line);
      return;
    }
    if (day.lines < LINES_PER_DAY) {
      day.lines += 1;
      this.#write(account, line);
      if (day.lines === LINES_PER_DAY) this.#write(account, limitReached(account));
      return;
    }
    day.suppressed += 1;
  }

  #dayOf(account: string, nowMs: number): Day {
    const known = this.#days.get(account);
    // Days of a fixed grid: one that began with its first line could put two days' lines into 24 hours of a file.
    const startedMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
    if (known?.startedMs === startedMs) return known;
    const day = { startedMs, lines: 0, errors: 0, suppressed: 0 };
    this.#days.set(account, day);
    if (known !== undefined && known.suppressed > 0) {
      this.#write(account, daySummary(account, known.suppressed));
    }
    return day;
  }

  #topicOf(account: string, line: LogLine, nowMs: number): Topic {
    const name = `${account}\n${line.topic}`;
    const known = this.#topics.get(name);
    if (known !== undefined) {
      const topic = known.line === line ? known : { ...known, line };
      // Moved to the end: the map's order is that of last use.
      this.#topics.delete(name);
      this.#topics.set(name, topic);
      return topic;
    }
    const oldest = this.#topics.size < MAX_TOPICS ? undefined : this.#topics.entries().next().value;
    if (oldest !== undefined) {
      this.#topics.delete(oldest[0]);
      if (oldest[1].repeats > 0) this.#writeSummary(oldest[1], nowMs);
    }
    const topic = { account, line, allowance: BURST, repeats: 0, sinceMs: nowMs, lastMs: nowMs };
    this.#topics.set(name, topic);
    return topic;
  }
}

function limitReached(account: string): LogLine {
  return {
    level: "warn",
    message: `This was line ${LINES_PER_DAY} about this account within a day; further ones are only counted. All records: whatsappContinuity.records, or the spool file below the gateway's state directory.`,
    fields: { event: "log.limited", account },
    topic: "log.limited",
  };
}

function daySummary(account: string, suppressed: number): LogLine {
  return {
    level: "warn",
    message: `${suppressed} lines about this account were left out within the last day.`,
    fields: { event: "log.limited", account, suppressed },
    topic: "log.limited",
  };
}
