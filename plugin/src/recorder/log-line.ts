import {
  CATALOG,
  describeDuration,
  type LogRecord,
  outageLine,
  type RawError,
  severityOf,
} from "../events/index.ts";

/** What a cause means and what to do about it; the core's catalogue, handed in. */
export type DescribeCause = (causeId: string) => {
  readonly sentence: string;
  readonly action: string;
};

export type LogLevel = "info" | "warn" | "error";

/** One line for the gateway's log. */
export interface LogLine {
  readonly level: LogLevel;
  /** A sentence for a person. */
  readonly message: string;
  /** For programs. No name that the gateway masks (`code`, `key`, `session`, `token`...), no name that it lifts out of the line. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Lines of one topic say the same thing again and are collapsed. */
  readonly topic: string;
}

/** What the wall clock shows at the records' time 0, and where on earth. */
export interface WallClock {
  readonly baseMs: number;
  readonly offsetMinutes: number;
}

type EventRecord = Exclude<LogRecord, { kind: "log.header" }>;

/** A record as a line. Only terminal states and broken invariants are errors: everything else is being handled. */
export function lineOf(
  record: EventRecord,
  describeCause: DescribeCause,
  wall: WallClock,
): LogLine {
  const { message, topic } = tell(record, describeCause, wall);
  return {
    level: levelOf(record),
    message,
    fields: fieldsOf(record),
    topic: topic === undefined ? record.kind : `${record.kind} ${topic}`,
  };
}

function levelOf(record: EventRecord): LogLevel {
  switch (severityOf(record)) {
    case "debug":
    case "info":
      return "info";
    case "warning":
      return "warn";
    case "error":
      // A terminal status says what broken credentials lead to; saying both would be two errors for one cause.
      return record.kind === "credentials.changed" ? "warn" : "error";
  }
}

/** A sentence, and what makes two records of a kind the same message to a reader. */
interface Told {
  readonly message: string;
  readonly topic?: string;
}

function tell(record: EventRecord, describeCause: DescribeCause, wall: WallClock): Told {
  switch (record.kind) {
    case "status.publish":
      return tellStatus(record, describeCause);
    case "socket.closed":
      return tellClose(record);
    case "socket.opened":
      return { message: `WhatsApp is logged in on socket ${record.socketId}.` };
    case "socket.paired":
      return { message: "The phone accepted the link; WhatsApp asks for one reconnect now." };
    case "controller.started":
      return tellStart(record);
    case "controller.stopped":
      return {
        message: `The WhatsApp account was stopped (${record.reason}).`,
        topic: record.reason,
      };
    case "owner.resolved":
      return record.result === "acquired"
        ? { message: "The linked device's credentials are ours to use.", topic: "acquired" }
        : {
            message: `The linked device's credentials are in use by ${record.holder ?? "another process"}; only one process may use them.`,
            topic: "busy",
          };
    case "operator.acted":
      return { message: `An operator ordered: ${record.act}.`, topic: record.act };
    case "policy.changed":
      return { message: "Settings changed; no socket was closed for it." };
    case "loop.stalled":
    case "clock.jumped":
    case "fault.raised":
    case "invariant.report":
      return tellTrouble(record);
    case "credentials.changed":
      return tellCredentials(record);
    case "conflict.inspected":
      return tellConflict(record);
    case "drops.report":
    case "session.reset":
    case "drain.close":
      return tellLedger(record);
    case "absence.restored":
    case "outage.report":
    case "alert.raise":
    case "alert.clear":
      return tellOutage(record, describeCause, wall);
    default:
      return { message: `${CATALOG[record.kind].title} (${record.kind})` };
  }
}

type RecordOf<K extends EventRecord["kind"]> = Extract<EventRecord, { kind: K }>;

function tellTrouble(
  record: RecordOf<"loop.stalled" | "clock.jumped" | "fault.raised" | "invariant.report">,
): Told {
  switch (record.kind) {
    case "loop.stalled":
      return { message: `The gateway's event loop stood still for ${seconds(record.stallMs)}.` };
    case "clock.jumped":
      return {
        message: `The host slept or its clock was set: the clocks differ by ${seconds(record.jumpMs)}.`,
      };
    case "fault.raised":
      return {
        message: `A fault was contained (${record.origin}): ${errorText(record.error)}`,
        topic: `${record.origin} ${errorTopic(record.error)}`,
      };
    case "invariant.report":
      return {
        message: `A rule of the plugin's state broke (${record.invariant}): ${record.detail}. The account goes on with a new controller; please report this with the newest file in whatsapp-continuity/incidents of the state directory.`,
        topic: record.invariant,
      };
  }
}

function tellLedger(record: RecordOf<"drops.report" | "session.reset" | "drain.close">): Told {
  switch (record.kind) {
    case "drops.report":
      return {
        message: `${record.drops} drops, median ${minutes(record.medianMs)}${record.note === null ? "" : ` (${record.note})`}; answer: ${record.answer}.`,
        topic: record.answer,
      };
    case "session.reset":
      return {
        message: `${record.failures} messages of one chat could not be decrypted; its encryption sessions are made anew.`,
        topic: "session.reset",
      };
    case "drain.close":
      return {
        message: `Messages from the time offline: ${record.announced} announced, ${record.delivered} delivered, ${record.journalled} in the journal (${record.outcome}).`,
        topic: record.outcome,
      };
  }
}

/** The account of an outage, and what it meant. */
function tellAccount(
  record: RecordOf<"outage.report">,
  describeCause: DescribeCause,
  { baseMs, offsetMinutes }: WallClock,
): string {
  const startedAtMs = baseMs + record.startedAt;
  const endedAtMs = baseMs + record.endedAt;
  const line = outageLine({ ...record, startedAtMs, endedAtMs }, offsetMinutes, endedAtMs);
  if (record.revision > 0) return `corrected: ${line}`;
  return `${line}. ${describeCause(record.causeId).sentence}`;
}

const ABSENCES: Readonly<Record<RecordOf<"absence.restored">["how"], string>> = {
  stopped: "this account was stopped, or the gateway was",
  vanished: "the gateway's process ended without a stop",
};

function tellOutage(
  record: RecordOf<"absence.restored" | "outage.report" | "alert.raise" | "alert.clear">,
  describeCause: DescribeCause,
  wall: WallClock,
): Told {
  switch (record.kind) {
    case "absence.restored":
      return {
        message: `WhatsApp has been away for ${describeDuration(record.awayAgeMs)}: ${record.causeId === undefined ? ABSENCES[record.how] : "the outage of before goes on"}.`,
        topic: record.how,
      };
    case "outage.report":
      return {
        message: tellAccount(record, describeCause, wall),
        topic: record.revision === 0 ? record.causeId : `${record.causeId} corrected`,
      };
    case "alert.raise":
      return {
        message: `WhatsApp is down for ${seconds(record.downMs)}. ${withAction(describeCause(record.causeId))}`,
        topic: record.causeId,
      };
    case "alert.clear":
      return { message: `WhatsApp is back after ${seconds(record.downMs)}.` };
  }
}

function tellStatus(record: RecordOf<"status.publish">, describeCause: DescribeCause): Told {
  const cause = record.causeId === null ? null : describeCause(record.causeId);
  const topic = `${record.lifecycle} ${record.causeId ?? ""}`;
  switch (record.lifecycle) {
    case "starting":
      return { message: "WhatsApp is connecting.", topic };
    case "ready":
      return { message: "WhatsApp is connected.", topic };
    case "stopped":
      return { message: "WhatsApp is stopped.", topic };
    case "recovering": {
      const why = cause === null ? "" : ` ${withAction(cause)}`;
      const when =
        record.nextAttemptMs === null ? "" : ` Next attempt in ${seconds(record.nextAttemptMs)}.`;
      return { message: `WhatsApp is reconnecting.${why}${when}`, topic };
    }
    case "blocked":
      return {
        message: `WhatsApp needs you. ${cause === null ? "" : withAction(cause)}`.trim(),
        topic,
      };
  }
}

function tellClose({ socketId, origin, error }: RecordOf<"socket.closed">): Told {
  if (origin === "local") {
    return { message: `Socket ${socketId} was closed by the plugin.`, topic: "local" };
  }
  const what = error === null ? "no reason given" : errorText(error);
  return { message: `Socket ${socketId} closed: ${what}`, topic: errorTopic(error) };
}

function tellStart(record: RecordOf<"controller.started">): Told {
  const credentials = {
    linked: "",
    missing: " No device is linked.",
    corrupt: " The stored device is damaged.",
  };
  return {
    message: `The WhatsApp account starts (${record.reason}).${credentials[record.credentials]}`,
    topic: `${record.reason} ${record.credentials}`,
  };
}

function tellCredentials(record: RecordOf<"credentials.changed">): Told {
  const said = {
    saved: "The linked device's credentials were saved.",
    "save-failed": "The linked device's credentials could not be saved; it is tried again.",
    restored: "The linked device's credentials were damaged and came back from their backup.",
    missing: "The linked device's credentials are gone.",
    corrupt: "The linked device's credentials are damaged.",
    foreign: "The credentials folder belongs to another number.",
  } as const satisfies Record<typeof record.state, string>;
  const why = record.error === undefined ? "" : ` ${errorText(record.error)}`;
  return { message: `${said[record.state]}${why}`, topic: record.state };
}

function tellConflict(record: RecordOf<"conflict.inspected">): Told {
  const said = {
    "own-socket":
      "The session was taken over by another socket of this process, which is closed now.",
    "other-process": `The session was taken over by another process (${record.holder ?? "unknown"}).`,
    external:
      "The session was taken over from elsewhere: the same linked device is used by another program.",
  } as const satisfies Record<typeof record.finding, string>;
  return { message: said[record.finding], topic: record.finding };
}

function withAction({ sentence, action }: { sentence: string; action: string }): string {
  return `${sentence} ${action}.`;
}

function seconds(durationMs: number): string {
  return durationMs < 10_000
    ? `${(durationMs / 1_000).toFixed(1)} s`
    : `${Math.round(durationMs / 1_000)} s`;
}

function minutes(durationMs: number): string {
  return `${(durationMs / 60_000).toFixed(1)} min`;
}

function errorText(error: RawError): string {
  const codes = [
    error.statusCode === undefined ? null : `status ${error.statusCode}`,
    error.httpStatus === undefined ? null : `HTTP ${error.httpStatus}`,
    error.closeCode === undefined ? null : `close ${error.closeCode}`,
    error.errorCode ?? null,
  ].filter((part) => part !== null);
  const said = error.message === "" ? error.name : error.message;
  return codes.length === 0 ? `${said}.` : `${said} (${codes.join(", ")}).`;
}

/** The kind of failure without what changes from one to the next, e.g. an address. */
function errorTopic(error: RawError | null): string {
  if (error === null) return "none";
  const { name, statusCode, httpStatus, closeCode, errorCode, tag } = error;
  return [name, statusCode, httpStatus, closeCode, errorCode, tag].join(" ");
}

/** `event` is what readers of structured logs look for. */
const RENAMED: Readonly<Record<string, string>> = { kind: "event" };

function fieldsOf(record: EventRecord): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined || value === null) continue;
    if (name === "error") Object.assign(fields, errorFields(value as RawError));
    else if (name === "self") fields["linked"] = true;
    else fields[RENAMED[name] ?? name] = value;
  }
  return fields;
}

/** Flat, with the attributes of the stanza as text: one of them is called `code`, which the gateway masks. */
function errorFields(error: RawError): Readonly<Record<string, unknown>> {
  const { name, message, attrs, errors, ...rest } = error;
  const told = Object.entries(attrs ?? {}).map(([attribute, value]) => `${attribute} ${value}`);
  return {
    ...rest,
    errorName: name,
    errorMessage: message,
    ...(told.length === 0 ? {} : { stanzaAttributes: told.join(", ") }),
    ...(errors === undefined ? {} : { innerErrors: errors.map(errorText) }),
  };
}
