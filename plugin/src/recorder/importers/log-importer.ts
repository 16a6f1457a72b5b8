import {
  FORMAT,
  FORMAT_VERSION,
  type HeaderRecord,
  type LogRecord,
  type RawError,
} from "../../events/index.ts";
import { SUPERVISION_TEMPLATES } from "./gateway-supervision.ts";
import { LineClock } from "./line-time.ts";
import { isOtherChannel, type LogLine, readLogLine } from "./log-line.ts";
import { OFFICIAL_TEMPLATES } from "./official-plugin.ts";
import { type Origin, ReportedStory } from "./reported-story.ts";
import { shorthandTemplates } from "./reported-shorthand.ts";
import type { Template } from "./template.ts";

export interface LogImporterOptions {
  /** Names the log; the records' run is called after it, so that it is unique among what is shown together. */
  readonly label: string;
  /** Stands in for the date until the log names one; wall clock milliseconds. */
  readonly fallbackMs: number;
  /** Removes what identifies people from a foreign text; see `createPseudonymiser`. */
  readonly scrub: (text: string) => string;
  /** Zone of times that give none, minutes east of UTC. @defaultValue 0 */
  readonly utcOffsetMinutes?: number;
  /** For text that a person wrote around a log: their shorthand is read too, and an error line alone is the end of an attempt. */
  readonly shorthand?: { readonly usualStatus: number | null };
}

/** Run ids of imported logs begin with this: what another program told, beside what this plugin recorded. */
const IMPORTED = "imported ";

/** Whether a record was read from somebody else's log lines. */
export function isImported(record: LogRecord): boolean {
  return record.boot.startsWith(IMPORTED);
}

/** What one foreign line said: nothing for this channel, or records. */
export interface ImportedLine {
  readonly records: readonly LogRecord[];
  /** Wall clock of the line, milliseconds. */
  readonly ms: number;
}

/** An error line explains the close that follows it within this time. */
const PENDING_ERROR_MS = 15_000;
/** Lines of other parts of the gateway are not ours to read, whatever they say. */
const TEMPLATES: readonly Template[] = [...SUPERVISION_TEMPLATES, ...OFFICIAL_TEMPLATES];
/** One cheap test before the templates: most lines of a gateway's log are about something else. */
const WORTH_READING =
  /whatsapp|web reconnect|health-monitor|channel|restart|provider|listening|closed|watchdog|message|heartbeat|offline|creds|frozen|eventLoop|stream:?.?error|WebSocket error|session|Retry|SIG(?:TERM|INT)|Bad MAC|LID mapping|Key used|reply|delivery state|unhandled|gateway (?:shut|stop)|max attempts|unstable/i;

/**
 * Reads a log of the official WhatsApp plugin and of the gateway's supervision into records of this vocabulary: facts as inputs, what the
 * software of the time decided as `reported.decide`. What the log does not say is marked `assumed`. Pure apart from its own memory.
 */
export class LogImporter {
  readonly #options: LogImporterOptions;
  readonly #clock: LineClock;
  readonly #templates: readonly Template[];
  #story: ReportedStory | null = null;
  #pendingError: { readonly error: RawError; readonly ms: number; readonly line: LogLine } | null =
    null;

  constructor(options: LogImporterOptions) {
    this.#options = options;
    this.#clock = new LineClock(options.fallbackMs, options.utcOffsetMinutes);
    const { shorthand } = options;
    this.#templates =
      shorthand === undefined
        ? TEMPLATES
        : [...TEMPLATES, ...shorthandTemplates(shorthand.usualStatus)];
  }

  read(text: string): ImportedLine {
    const line = readLogLine(text, this.#clock);
    if (line === null || isOtherChannel(line) || !this.#isWorthReading(line))
      return this.#nothing();
    const template = this.#templates.find(({ pattern }) => pattern.test(line.message));
    const match = template?.pattern.exec(line.message) ?? null;
    if (template === undefined || match === null) return this.#nothing();
    return this.#tell(template, line, match);
  }

  /** An error line that nothing followed was the end of an attempt: told at the end of a pasted text. */
  end(): ImportedLine {
    const pending = this.#pendingError;
    if (pending === null || this.#options.shorthand === undefined) return this.#nothing();
    this.#pendingError = null;
    const tell: Template["tell"] = ({ story, origin }) =>
      void story.closed({ ...origin, assumed: true }, pending.error, "error-line");
    const match = /^/.exec(pending.line.message);
    return match === null
      ? this.#nothing()
      : this.#tell({ pattern: /^/, tell }, pending.line, match);
  }

  #isWorthReading(line: LogLine): boolean {
    return this.#options.shorthand !== undefined || WORTH_READING.test(line.message);
  }

  #nothing(): ImportedLine {
    return { records: [], ms: this.#clock.nowMs };
  }

  #tell(template: Template, line: LogLine, match: RegExpExecArray): ImportedLine {
    const begins = this.#story === null;
    const story = (this.#story ??= new ReportedStory(`${IMPORTED}${this.#options.label}`, line.ms));
    template.tell({
      story,
      line,
      match,
      origin: this.#origin(line, story),
      scrub: this.#options.scrub,
      takePendingError: () => this.#takePendingError(line.ms),
      setPendingError: (error) => {
        this.#pendingError = { error, ms: line.ms, line };
      },
    });
    const records = story.take();
    return { records: begins ? [this.#header(line.ms), ...records] : records, ms: line.ms };
  }

  /** A line without an account belongs to the only one there is; with several it is a guess and marked as one. */
  #origin(line: LogLine, story: ReportedStory): Origin {
    const known = story.accounts;
    const account = line.account ?? known[0] ?? "default";
    return {
      account,
      ms: line.ms,
      assumed: line.timeAssumed || (line.account === null && known.length > 1),
      source: this.#options.scrub(line.message),
    };
  }

  #takePendingError(nowMs: number): RawError | null {
    const pending = this.#pendingError;
    this.#pendingError = null;
    return pending !== null && nowMs - pending.ms <= PENDING_ERROR_MS ? pending.error : null;
  }

  #header(ms: number): HeaderRecord {
    const { label } = this.#options;
    return {
      dir: "in",
      kind: "log.header",
      format: FORMAT,
      version: FORMAT_VERSION,
      boot: `${IMPORTED}${label}`,
      seq: 0,
      at: 0,
      startedAt: new Date(ms).toISOString(),
      seed: "imported",
      plugin: "official",
      baileys: "unknown",
      origin: "imported log",
      title: label,
    };
  }
}
