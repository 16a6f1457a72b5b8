import { CATALOG, type LogRecord } from "../events/index.ts";
import type { Clock, Timers } from "../runtime/ports.ts";
import { withoutIdentities } from "./clean-record.ts";
import { LineLimiter } from "./line-limiter.ts";
import { type DescribeCause, lineOf, type LogLine, type WallClock } from "./log-line.ts";
import type { LogSettings } from "./log-settings.ts";

/** Where lines go: the gateway's structured logger. */
export interface LogPort {
  info(message: string, meta: Readonly<Record<string, unknown>>): void;
  warn(message: string, meta: Readonly<Record<string, unknown>>): void;
  error(message: string, meta: Readonly<Record<string, unknown>>): void;
}

export interface GatewayLogOptions {
  readonly log: LogPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly describeCause: DescribeCause;
  readonly settingsOf: (accountId: string) => LogSettings;
}

/** With `log.records: all`: more than this in a minute would only push other lines out of the gateway's file. */
const LINES_PER_MINUTE = 1_200;
const MINUTE_MS = 60_000;

/**
 * Records as lines in the gateway's log: the course of things and nothing else, unless all is asked for. One error per terminal cause,
 * repeats collapsed.
 */
export class GatewayLog {
  readonly #options: GatewayLogOptions;
  readonly #limiter: LineLimiter;
  /** Last status per account, so that only a change is a line. */
  readonly #statuses = new Map<string, string>();
  /** Terminal causes that were said, until the account is connected again. */
  readonly #terminal = new Map<string, Set<string>>();
  #minute = { startedMs: 0, lines: 0, left: 0 };
  #cancelTimer: (() => void) | null = null;

  constructor(options: GatewayLogOptions) {
    this.#options = options;
    this.#limiter = new LineLimiter((_account, line) => this.#write(line));
  }

  append(record: LogRecord): void {
    if (record.kind === "log.header") return;
    const settings = this.#options.settingsOf(record.account);
    if (settings.records === "off") return;
    const shown = settings.identities === "none" ? withoutIdentities(record) : record;
    if (shown.kind === "log.header") return;
    const line = lineOf(shown, this.#options.describeCause, this.#wallClock());
    if (settings.records === "all") this.#writeAll(line);
    else if (CATALOG[record.kind].logged && this.#isNews(record)) this.#offer(record.account, line);
  }

  #wallClock(): WallClock {
    const nowMs = this.#options.clock.wallMs();
    return {
      baseMs: nowMs - this.#options.clock.monotonicMs(),
      offsetMinutes: -new Date(nowMs).getTimezoneOffset(),
    };
  }

  /** A line that is no record, e.g. the library's own warnings; collapsed and limited like the others. */
  offerLine(account: string, line: LogLine): void {
    this.#offer(account, line);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#limiter.finish(this.#options.clock.monotonicMs());
  }

  #offer(account: string, line: LogLine): void {
    const nowMs = this.#options.clock.monotonicMs();
    const once = this.#demoteKnownTerminal(account, line);
    this.#limiter.offer(account, once, nowMs);
    if (this.#cancelTimer === null) this.#sumUp();
  }

  /** A status that is repeated to keep the gateway informed is no news. */
  #isNews(record: LogRecord): boolean {
    if (record.kind !== "status.publish") return true;
    const status = `${record.lifecycle} ${record.connected} ${record.terminal} ${record.causeId}`;
    if (this.#statuses.get(record.account) === status) return false;
    this.#statuses.set(record.account, status);
    if (record.connected) this.#terminal.delete(record.account);
    return true;
  }

  #demoteKnownTerminal(account: string, line: LogLine): LogLine {
    if (line.level !== "error") return line;
    const said = this.#terminal.get(account) ?? new Set();
    this.#terminal.set(account, said);
    if (said.has(line.topic)) return { ...line, level: "warn" };
    said.add(line.topic);
    return line;
  }

  #sumUp(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const nextMs = this.#limiter.sumUp(nowMs);
    this.#cancelTimer = null;
    if (nextMs === null) return;
    this.#cancelTimer = this.#options.timers.start(nextMs - nowMs, () => this.#sumUp());
  }

  #writeAll(line: LogLine): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#minute.startedMs >= MINUTE_MS) {
      const { left } = this.#minute;
      this.#minute = { startedMs: nowMs, lines: 0, left: 0 };
      if (left > 0) {
        const message = `${left} records were not written within a minute; the spool file has them all.`;
        this.#options.log.warn(message, { event: "log.limited", suppressed: left });
      }
    }
    if (this.#minute.lines >= LINES_PER_MINUTE) {
      this.#minute.left += 1;
      return;
    }
    this.#minute.lines += 1;
    this.#write(line);
  }

  #write({ level, message, fields }: LogLine): void {
    this.#options.log[level](message, fields);
  }
}
