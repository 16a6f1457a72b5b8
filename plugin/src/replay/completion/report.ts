import { selfIdentity } from "../../events/identity.ts";
import { LogFormatError } from "../../events/index.ts";
import { rawError } from "../../events/raw-error.ts";
import {
  checkFields,
  count,
  flag,
  type InferFields,
  listOf,
  literal,
  nullable,
  object,
  oneOf,
  optional,
  type Shape,
  type ShapeProblem,
  text,
} from "../../events/schema.ts";
import { startReason, stopReason, supervisionEffects } from "../../events/supervision.ts";
import { parseClockTime, parseIsoTime } from "./wall-time.ts";

/*
 * What a published report says, as timed facts: the closes, opens, messages and acts that somebody wrote down, and what the software of
 * the time decided. A report holds few facts; `completeReport` adds what must have happened between them.
 */

const MAX_FACTS = 2_000;
const MAX_ACCOUNTS = 16;

const { by, decision, delayMs, statusCode } = supervisionEffects["reported.decide"];
const reportedDecision = object({ by, decision, delayMs, statusCode, text });

/** A fact without its time, by name. Everything here is about one account. */
export const factTable = {
  /** The gateway (or the health monitor, or a person) starts the account. */
  start: {
    reason: startReason,
    credentials: oneOf("linked", "missing", "corrupt"),
  },
  /** The account is stopped. */
  stop: { reason: stopReason },
  /** Login is complete at this time. Without it the completion's own delay applies. */
  opened: {},
  /** The connection (or, with `setup`, the attempt under way) ends. */
  closed: { error: nullable(rawError), setup: optional(flag) },
  /** From now on attempts succeed, or fail in this way. `afterMs` null: no answer ever comes. */
  network: {
    state: oneOf("up", "failing"),
    stage: optional(oneOf("dns", "tcp", "proxy", "tls", "upgrade", "noise", "login")),
    fault: optional(text),
    error: optional(rawError),
    afterMs: optional(nullable(count)),
  },
  /** An open connection goes silent without an end (`dead`), or speaks again. */
  link: { state: oneOf("dead", "alive") },
  /** The server keeps what it has for us and says nothing about it (`withheld`), or delivers; pings are answered all the time. */
  delivery: { state: oneOf("withheld", "flowing") },
  /** Acks of sends come (`answered`), or are lost. */
  acks: { state: oneOf("answered", "lost") },
  /** What an inspection of a conflict will find. */
  conflict: { finding: oneOf("own-socket", "other-process", "external") },
  phone: { online: flag },
  /** From now on logins confirm these own addresses: the device was linked to another number. */
  login: { self: selfIdentity },
  /** Somebody wrote. Delivered at once on a live connection, else kept by the server for the next one. */
  message: {
    messageId: text,
    chat: text,
    chatKind: oneOf("direct", "group", "self", "status", "other"),
    mentioned: optional(flag),
    fromMe: optional(flag),
    /** The server never delivers it; the phone has it and answers when it is asked. */
    lost: optional(flag),
  },
  /** The agent finished; the reply belongs to the controller that captured the message `to`. */
  answer: { sendId: text, messageId: text, chat: text, to: text },
  /** Any other input, with the fields of its kind; `socketId` and `controllerId` are filled in where they are left out. */
  input: { kind: text, fields: optional(anyObject()) },
  /** Only what was decided then: a line of the report that tells nothing else. */
  decided: {},
  /** The gateway process ends and a new one starts: a new run with a clock of its own. */
  restart: { boot: text },
} as const;

const timing = {
  at: text,
  account: text,
  /** The published line this was read from, without identities. */
  source: optional(text),
  /** True when the report does not say this; it had to be so, or is a reasonable guess. */
  assumed: optional(literal(true)),
  /** What the software of the time did about it. */
  reported: optional(reportedDecision),
  /**
   * The same fact again, at these intervals in turn. All repetitions are assumed: "60+ drops, same interval". `{n}` in any text becomes the
   * number of the repetition, from 1.
   */
  repeat: optional(object({ everyMs: listOf(count, 32), times: count })),
} as const;

export type Fact = { readonly epochMs: number } & InferFields<Omit<typeof timing, "at">> &
  {
    readonly [K in keyof typeof factTable]: { readonly fact: K } & InferFields<
      (typeof factTable)[K]
    >;
  }[keyof typeof factTable];
export type FactOf<K extends Fact["fact"]> = Extract<Fact, { readonly fact: K }>;
export type ReportedDecision = NonNullable<Fact["reported"]>;

const reportFields = {
  title: text,
  /** Where it was published, e.g. `openclaw/openclaw#63410`. */
  report: text,
  startedAt: text,
  endsAt: text,
  boot: text,
  seed: text,
  plugin: text,
  baileys: text,
  openclaw: optional(text),
  policy: optional(anyObject()),
  accounts: listOf(object({ account: text, self: selfIdentity }), MAX_ACCOUNTS),
  /**
   * ASSUMPTION about the server, off by default (#63410): it cuts a connection on which we sent no stanza of the application layer
   * for one of these times in turn.
   */
  idleCutMs: optional(listOf(count, 32)),
  facts: listOf(anyObject(), MAX_FACTS),
} as const;

export type Report = Omit<InferFields<typeof reportFields>, "facts" | "startedAt" | "endsAt"> & {
  readonly startedMs: number;
  readonly endsMs: number;
  readonly facts: readonly Fact[];
};

/**
 * Reads a report file.
 *
 * @throws LogFormatError naming the field
 */
export function parseReport(content: string, file: string): Report {
  const raw = parseJson(content, file);
  const fail = (problem: ShapeProblem): never => failAt(file, problem);
  const problem = checkFields(reportFields, raw, "", new Set());
  if (problem !== null) fail(problem);
  // Checked in the line above; the facts are checked one by one below.
  const report = raw as InferFields<typeof reportFields>;
  const startedMs =
    parseIsoTime(report.startedAt) ??
    fail({ path: "startedAt", expected: "an ISO 8601 time with zone" });
  const facts: Fact[] = [];
  let notBefore = startedMs;
  for (const [index, entry] of report.facts.entries()) {
    const path = `facts[${index}]`;
    const epochMs = checkFact(entry, path, notBefore, fail);
    notBefore = epochMs;
    facts.push(...repetitionsOf({ ...entry, epochMs } as unknown as Fact));
  }
  const endsMs =
    timeOf(report.endsAt, notBefore) ??
    fail({ path: "endsAt", expected: "a time after the last fact" });
  facts.sort((a, b) => a.epochMs - b.epochMs);
  return { ...report, startedMs, endsMs, facts };
}

function checkFact(
  entry: Readonly<Record<string, unknown>>,
  path: string,
  notBefore: number,
  fail: (problem: ShapeProblem) => never,
): number {
  const name = entry["fact"];
  const isKnown = typeof name === "string" && Object.hasOwn(factTable, name);
  if (!isKnown)
    fail({ path: `${path}.fact`, expected: `one of ${Object.keys(factTable).join(", ")}` });
  const fields = factTable[name as keyof typeof factTable];
  const problem = checkFields({ fact: text, ...timing, ...fields }, entry, path, new Set());
  if (problem !== null) fail(problem);
  const epochMs = timeOf(String(entry["at"]), notBefore);
  if (epochMs === null || epochMs < notBefore) {
    fail({
      path: `${path}.at`,
      expected: "a time (HH:MM:SS.mmm or ISO 8601) not before the fact above",
    });
  }
  return epochMs;
}

function timeOf(written: string, notBefore: number): number | null {
  return parseIsoTime(written) ?? parseClockTime(written, notBefore);
}

function repetitionsOf(fact: Fact): readonly Fact[] {
  const { repeat, ...once } = fact;
  if (repeat === undefined) return [fact];
  const facts: Fact[] = [numbered(once, 1)];
  let { epochMs } = fact;
  for (let time = 0; time < repeat.times; time += 1) {
    epochMs += repeat.everyMs[time % repeat.everyMs.length] ?? 0;
    // The report gives the rule and not the line, so a repetition quotes nothing.
    const { source: _source, ...unsourced } = once;
    facts.push({ ...numbered(unsourced, time + 2), epochMs, assumed: true });
  }
  return facts;
}

/** A copy with `{n}` replaced in every text. */
function numbered<T extends object>(fact: T, number: number): T {
  return JSON.parse(JSON.stringify(fact).replaceAll("{n}", String(number))) as T;
}

function anyObject(): Shape<Readonly<Record<string, unknown>>> {
  const describe = "an object";
  return {
    describe,
    check: (value, path) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? null
        : { path, expected: describe },
  };
}

function parseJson(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new LogFormatError(
      { file, line: 1, column: null, path: "" },
      `JSON (${String(error)})`,
      "Correct the report file.",
    );
  }
}

function failAt(file: string, { path, expected }: ShapeProblem): never {
  throw new LogFormatError(
    { file, line: 1, column: null, path },
    expected,
    "Correct the report file.",
  );
}
