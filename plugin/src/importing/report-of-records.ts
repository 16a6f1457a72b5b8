import {
  type AccountId,
  type InputRecord,
  type LogRecord,
  type RawError,
} from "../events/index.ts";
import type { Fact, FactOf, Report, ReportedDecision } from "../replay/index.ts";

/** A record with its wall clock time. */
export interface ToldRecord {
  readonly record: LogRecord;
  readonly wallMs: number;
}

export interface ReportHead {
  readonly title: string;
  /** Where the text was published, or what it was read from. */
  readonly report: string;
  readonly seed: string;
  readonly plugin: string;
  readonly baileys: string;
}

/** An account starts this long before the first thing that is known of it, so that it is open by then. */
const START_BEFORE_MS = 30_000;
/** After a restart that the text does not tell the end of. */
const RESTART_MS = 5_000;
/** Software that retries is connected again after this time, where the log does not say otherwise. */
const REOPENED_AFTER_MS = 90_000;
const END_AFTER_MS = 120_000;
/** The network is back this long before the first connection that succeeded. */
const NETWORK_UP_BEFORE_MS = 500;

/**
 * The report of what a foreign log tells: its facts in order, and with each what the software of the time decided. What must have been
 * so and is not told (that the account was started, that the network was down between two failures) is added and marked assumed.
 *
 * @param records in the order of the log
 */
export function reportOfRecords(records: readonly ToldRecord[], head: ReportHead): Report | null {
  const told = records.filter(({ record }) => record.kind !== "log.header");
  const byAccount = new Map<AccountId, ToldRecord[]>();
  for (const entry of told) {
    if (entry.record.kind === "log.header") continue;
    const own = byAccount.get(entry.record.account);
    if (own === undefined) byAccount.set(entry.record.account, [entry]);
    else own.push(entry);
  }
  const names = namesFor([...byAccount.keys()]);
  const accounts = [...names.values()];
  const facts = [...byAccount].flatMap(([account, own]) =>
    new AccountFacts(names.get(account) ?? account, own).facts(),
  );
  facts.sort((a, b) => a.epochMs - b.epochMs);
  const first = facts[0];
  const last = facts.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    ...head,
    boot: "run-1",
    startedMs: first.epochMs - 1_000,
    endsMs: last.epochMs + END_AFTER_MS,
    accounts: accounts.map((account, index) => ({
      account,
      self: { pn: `user-${index * 2 + 1}`, lid: `user-${index * 2 + 2}` },
    })),
    facts: withNewRuns(facts).map(withoutNames(names)),
  };
}

type Names = ReadonlyMap<AccountId, AccountId>;

/** People name accounts after themselves; the one id that everybody has stays. */
function namesFor(accounts: readonly AccountId[]): Names {
  const own = accounts.filter((account) => account !== "default");
  const numbers = new Map(own.map((account, index) => [account, `account-${index + 1}`]));
  return new Map(accounts.map((account) => [account, numbers.get(account) ?? account]));
}

/** The names do not stay in the quoted lines either. */
function withoutNames(names: Names): (fact: Fact) => Fact {
  const renamed = [...names].filter(([name, number]) => name !== number);
  const cleaned = (text: string): string =>
    renamed.reduce((rest, [name, number]) => rest.replaceAll(name, number), text);
  return (fact) => ({
    ...fact,
    ...(fact.source === undefined ? {} : { source: cleaned(fact.source) }),
    ...(fact.reported === undefined
      ? {}
      : { reported: { ...fact.reported, text: cleaned(fact.reported.text) } }),
  });
}

class AccountFacts {
  readonly #account: AccountId;
  readonly #records: readonly ToldRecord[];
  readonly #facts: Fact[] = [];
  #isOpen = false;
  #isStarted = false;
  #networkFails = false;
  #messages = 0;
  #closedAt = Number.NEGATIVE_INFINITY;

  constructor(account: AccountId, records: readonly ToldRecord[]) {
    this.#account = account;
    this.#records = records;
  }

  facts(): readonly Fact[] {
    for (const { record, wallMs } of this.#records) {
      if (record.dir === "out") this.#decided(record, wallMs);
      else if (record.dir === "in" && record.kind !== "log.header") this.#happened(record, wallMs);
    }
    return this.#facts;
  }

  #happened(record: InputRecord, epochMs: number): void {
    const common = this.#common(record, epochMs);
    if (record.kind === "controller.started") {
      // A log that begins with a decision got a start of the same moment; the real one was before.
      if (record.assumed === true && this.#facts.length === 0 && !saysStart(record.source)) return;
      this.#isStarted = true;
      this.#isOpen = false;
      this.#closedAt = epochMs;
      const { reason, credentials } = record;
      this.#facts.push({ ...common, fact: "start", reason, credentials });
      return;
    }
    this.#startedBefore(epochMs, record.kind);
    switch (record.kind) {
      case "controller.stopped":
        return this.#stopped(record, common);
      case "socket.opened":
        this.#networkIsUp(epochMs);
        this.#isOpen = true;
        this.#facts.push({ ...common, fact: "opened" });
        return;
      case "socket.closed":
        return this.#closed(record, common);
      case "message.journalled":
        return this.#message(record, common);
      case "loop.stalled":
        this.#facts.push(input(common, "loop.stalled", { stallMs: record.stallMs }));
        return;
      case "clock.jumped":
        this.#facts.push(input(common, "clock.jumped", { jumpMs: record.jumpMs }));
        return;
      case "credentials.changed":
        this.#facts.push(input(common, "credentials.changed", { state: record.state }));
        return;
      case "operator.acted":
        this.#facts.push(input(common, "operator.acted", { act: record.act }));
        return;
      case "message.orphaned":
        this.#facts.push(
          input(common, "message.orphaned", {
            messageId: this.#nextMessage(),
            chat: null,
            why: record.why,
          }),
        );
        return;
      default:
        // What the world of the completion tells by itself (drains, pings, timers) is kept as a line of the log.
        this.#facts.push({
          ...common,
          fact: "decided",
          reported: {
            by: "official-plugin",
            decision: "other",
            text: record.source ?? record.kind,
          },
        });
    }
  }

  #stopped(record: Extract<InputRecord, { kind: "controller.stopped" }>, common: Common): void {
    this.#isOpen = false;
    this.#isStarted = false;
    this.#facts.push({ ...common, fact: "stop", reason: record.reason });
    if (record.reason !== "restart" && record.reason !== "reload") return;
    const next = this.#records.find(
      ({ record: later, wallMs }) =>
        wallMs >= common.epochMs &&
        (later.kind === "controller.started" || later.kind === "socket.opened"),
    );
    if (next?.record.kind === "controller.started") return;
    // The log shows only that it was connected again: the start is half of the way.
    const untilMs = Math.min(
      RESTART_MS,
      ((next?.wallMs ?? common.epochMs + RESTART_MS) - common.epochMs) / 2,
    );
    this.#start(common.epochMs + Math.round(untilMs), "health-monitor");
  }

  #closed(record: Extract<InputRecord, { kind: "socket.closed" }>, common: Common): void {
    if (record.origin === "local") {
      // The software of the time ended it itself: what it decided, and no fact about the connection.
      const text = record.source ?? "closed by the software itself";
      this.#isOpen = false;
      this.#facts.push({
        ...common,
        fact: "decided",
        reported: { by: "official-plugin", decision: "restart", text },
      });
      return;
    }
    const setup = this.#isSetup(record, common.epochMs) ? { setup: true as const } : {};
    this.#isOpen = false;
    this.#closedAt = common.epochMs;
    this.#facts.push({ ...common, fact: "closed", error: record.error, ...setup });
    const outage = networkOutageOf(record.error);
    if (outage === null || this.#networkFails) return;
    this.#networkFails = true;
    this.#facts.push({
      ...this.#assumed(common.epochMs),
      fact: "network",
      state: "failing",
      ...outage,
    });
  }

  /** Whether an attempt failed and not a connection. A list of drops does not mention that it was connected in between. */
  #isSetup(record: LogRecord, epochMs: number): boolean {
    if (this.#isOpen) return false;
    const saysSo = record.kind !== "log.header" && record.source?.includes("during setup") === true;
    return saysSo || this.#networkFails || epochMs - this.#closedAt < REOPENED_AFTER_MS;
  }

  #networkIsUp(epochMs: number): void {
    if (!this.#networkFails) return;
    this.#networkFails = false;
    this.#facts.push({
      ...this.#assumed(Math.max(epochMs - NETWORK_UP_BEFORE_MS, this.#facts.at(-1)?.epochMs ?? 0)),
      fact: "network",
      state: "up",
    });
  }

  #message(record: Extract<InputRecord, { kind: "message.journalled" }>, common: Common): void {
    const { chatKind, fromMe, mentioned } = record;
    const chat = chatKind === "group" ? "group-1" : "user-99";
    this.#facts.push({
      ...common,
      fact: "message",
      messageId: this.#nextMessage(),
      chat,
      chatKind,
      fromMe,
      mentioned,
    });
  }

  #nextMessage(): string {
    this.#messages += 1;
    return `message-${this.#messages}`;
  }

  #decided(record: LogRecord, epochMs: number): void {
    if (record.kind !== "reported.decide") return;
    const { by, decision, delayMs, statusCode, text } = record;
    const reported: ReportedDecision = {
      by,
      decision,
      text,
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(statusCode === undefined ? {} : { statusCode }),
    };
    const told = this.#facts.findLastIndex(
      (fact) => fact.source === record.source && fact.epochMs === epochMs,
    );
    const fact = this.#facts[told];
    if (fact !== undefined && fact.reported === undefined) {
      this.#facts[told] = { ...fact, reported };
      return;
    }
    this.#startedBefore(epochMs, record.kind);
    this.#facts.push({ ...this.#common(record, epochMs), fact: "decided", reported });
  }

  /** Whatever is told of an account presupposes that it runs. */
  #startedBefore(epochMs: number, kind: LogRecord["kind"]): void {
    if (this.#isStarted || kind === "controller.stopped") return;
    const before = this.#facts.at(-1)?.epochMs ?? Number.NEGATIVE_INFINITY;
    this.#start(Math.max(before, epochMs - START_BEFORE_MS), "gateway-start");
    // A connection that closes was open; one that opens was not.
    this.#isOpen = kind !== "socket.opened";
  }

  #start(epochMs: number, reason: FactOf<"start">["reason"]): void {
    this.#isStarted = true;
    this.#facts.push({ ...this.#assumed(epochMs), fact: "start", reason, credentials: "linked" });
  }

  #assumed(epochMs: number): Common {
    return { epochMs, account: this.#account, assumed: true };
  }

  #common(record: Exclude<LogRecord, { kind: "log.header" }>, epochMs: number): Common {
    return {
      epochMs,
      account: this.#account,
      ...(record.source === undefined ? {} : { source: record.source }),
      ...(record.assumed === true ? { assumed: true } : {}),
    };
  }
}

function saysStart(source: string | undefined): boolean {
  return /start|boot|comes up/.test(source ?? "") && !/restart/.test(source ?? "");
}

interface Common {
  readonly epochMs: number;
  readonly account: AccountId;
  readonly source?: string;
  readonly assumed?: true;
}

function input(
  common: Common,
  kind: string,
  fields: Readonly<Record<string, unknown>>,
): FactOf<"input"> {
  return { ...common, fact: "input", kind, fields };
}

const DNS_ERRORS = /\b(?:ENOTFOUND|EAI_AGAIN)\b/;
const TCP_ERRORS = /\b(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/;

/** Errors that speak of the network and not of one connection: until the next success every attempt fails like this. */
function networkOutageOf(
  error: RawError | null,
): Pick<FactOf<"network">, "stage" | "fault" | "error" | "afterMs"> | null {
  if (error === null) return null;
  const text = `${error.errorCode ?? ""} ${error.message}`;
  if (DNS_ERRORS.test(text)) return { stage: "dns", fault: "not-found", error, afterMs: 20 };
  if (TCP_ERRORS.test(text)) return { stage: "tcp", fault: "refused", error, afterMs: 20 };
  return null;
}

/** A stop at the end of the process and a start after it are two runs. */
function withNewRuns(facts: readonly Fact[]): readonly Fact[] {
  const runs: Fact[] = [];
  let isDown = false;
  let run = 1;
  for (const fact of facts) {
    if (fact.fact === "stop" && fact.reason === "shutdown") isDown = true;
    if (fact.fact === "start" && isDown) {
      isDown = false;
      run += 1;
      const { epochMs, account } = fact;
      runs.push({ epochMs, account, assumed: true, fact: "restart", boot: `run-${run}` });
    }
    runs.push(fact);
  }
  return runs;
}
