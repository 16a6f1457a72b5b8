import { currentController, parsePolicy, type Policy, serialisePolicy } from "../../core/index.ts";
import type { Input, LogRecord, WorldEvent } from "../../events/index.ts";
import { effectTable, FORMAT, FORMAT_VERSION, inputTable } from "../../events/record.ts";
import { scrubText } from "../../events/scrub.ts";
import { currentCore } from "../core-port.ts";
import { beginFold, foldedAccount, foldRecord, type FoldState } from "../fold.ts";
import { AccountWorld, type Storyteller } from "./account-world.ts";
import { Agenda } from "./agenda.ts";
import { SETUP, setupFaultOf, worldOf } from "./derived-world.ts";
import type { Fact, FactOf, Report, ReportedDecision } from "./report.ts";
import { Standings } from "./standings.ts";
import { formatIsoTime } from "./wall-time.ts";
import { MAX_STORY_RECORDS } from "./world-settings.ts";

/**
 * Completes a published report to an incident that folds: drives the core in virtual time, performs what it decides in a small deterministic
 * world, and records every input. Published inputs keep their `source`, invented ones are `assumed`, what the software of the time
 * decided is `reported.decide`, and the `world` records are `derived`.
 *
 * The result is evidence from then on: written once, never edited, and folded without this model.
 *
 * @throws Error when the story grows beyond {@link MAX_STORY_RECORDS}
 */
export function completeReport(report: Report): readonly LogRecord[] {
  return new Story(report).tell();
}

/** How far ahead a reported open or failure belongs to the attempt that begins now. */
const ATTEMPT_WINDOW_MS = 60_000;

const CONNECTION_FACTS: ReadonlySet<string> = new Set([
  "opened",
  "closed",
  "stop",
  "start",
  "restart",
]);

interface Marks {
  readonly assumed?: true;
  readonly derived?: true;
  readonly source?: string;
}

/** Who replaces a connection is part of what the world has to do. */
function attributed(event: WorldEvent, finding: FactOf<"conflict">["finding"]): WorldEvent {
  const isOurs = event.kind === "server.struck" && event.strike === "replaced";
  return isOurs && finding !== "external" ? { ...event, by: finding } : event;
}

class Story {
  readonly #report: Report;
  readonly #policy: Policy;
  readonly #records: LogRecord[] = [];
  readonly #reportedAnswers: ReadonlySet<string>;
  readonly #findings = new Map<string, FactOf<"conflict">["finding"]>();
  #worlds = new Map<string, AccountWorld>();
  #lastInput = new Map<string, number>();
  readonly #standings = new Standings();
  #agenda = new Agenda();
  #fold: FoldState<ReturnType<typeof currentCore.initialState>> = beginFold();
  #boot = "";
  #bootEpochMs = 0;
  #seq = 0;
  #now = 0;
  #factIndex = 0;

  constructor(report: Report) {
    this.#report = report;
    this.#policy = parsePolicy(JSON.stringify(report.policy ?? {}));
    const answers = report.facts.filter((fact) => fact.fact === "answer");
    this.#reportedAnswers = new Set(answers.map((fact) => fact.to));
  }

  tell(): readonly LogRecord[] {
    const { facts, startedMs, endsMs, boot } = this.#report;
    this.#beginRun(boot, startedMs);
    for (const fact of facts) {
      this.#runUntil(fact.epochMs);
      this.#now = fact.epochMs;
      this.#happen(fact);
      this.#factIndex += 1;
    }
    this.#runUntil(endsMs);
    this.#now = endsMs;
    for (const { account } of this.#report.accounts) {
      this.#world(account, { kind: "world.ended" });
    }
    return this.#records;
  }

  #runUntil(epochMs: number): void {
    // What happens in the same millisecond as a fact comes after it: the fact is what was observed.
    for (
      let entry = this.#agenda.take(epochMs - 1);
      entry !== null;
      entry = this.#agenda.take(epochMs - 1)
    ) {
      this.#now = entry.at;
      entry.run();
    }
  }

  #beginRun(boot: string, epochMs: number): void {
    const { title, report, seed, plugin, baileys, openclaw, accounts, idleCutMs } = this.#report;
    const policy = serialisePolicy(this.#policy);
    this.#boot = boot;
    this.#bootEpochMs = epochMs;
    this.#seq = 0;
    this.#now = epochMs;
    this.#agenda = new Agenda();
    this.#lastInput = new Map();
    const previous = this.#worlds;
    this.#worlds = new Map();
    for (const { account, self } of accounts) {
      const world = new AccountWorld(this.#storyteller(account), self, idleCutMs ?? []);
      const before = previous.get(account);
      if (before !== undefined) world.inherit(before);
      this.#worlds.set(account, world);
    }
    this.#append({
      boot,
      seq: 0,
      at: 0,
      dir: "in",
      kind: "log.header",
      format: FORMAT,
      version: FORMAT_VERSION,
      startedAt: formatIsoTime(epochMs),
      seed,
      plugin,
      baileys,
      ...(openclaw === undefined ? {} : { openclaw }),
      origin: "completed from a published report",
      title,
      report,
      ...(policy === "{}" ? {} : { policy }),
    });
  }

  #storyteller(account: string): Storyteller {
    return {
      agenda: this.#agenda,
      now: () => this.#now,
      assume: (input) => this.#input(account, input, { assumed: true }),
      attemptIsReported: () => this.#attemptIsReported(account),
      answerIsReported: (messageId) => this.#reportedAnswers.has(messageId),
    };
  }

  #attemptIsReported(account: string): boolean {
    const next = this.#outcomeOfAttempt(account, this.#factIndex);
    return next?.fact === "opened" || next?.fact === "closed";
  }

  /** The report's own outcome of the attempt that begins now: the next fact about this account's connection, if it is one and soon enough. */
  #outcomeOfAttempt(account: string, fromFact: number): FactOf<"opened" | "closed"> | null {
    const next = this.#report.facts
      .slice(fromFact)
      .filter((fact) => fact.epochMs > this.#now && fact.account === account)
      .find((fact) => CONNECTION_FACTS.has(fact.fact));
    if (next === undefined || next.epochMs - this.#now > ATTEMPT_WINDOW_MS) return null;
    if (next.fact === "opened") return next;
    return next.fact === "closed" && next.setup === true ? next : null;
  }

  /** One fact of the report happens now. */
  #happen(fact: Fact): void {
    const marks: Marks = {
      ...(fact.assumed === true ? { assumed: true } : {}),
      ...(fact.source === undefined ? {} : { source: scrubbed(fact.source) }),
    };
    if (fact.fact === "restart") return this.#restart(fact);
    if (this.#canHappen(fact)) this.#derive(fact);
    else if (fact.fact === "closed" && fact.setup === true) {
      this.#world(fact.account, { kind: "fault.cleared", faultId: SETUP });
    }
    const applied = this.#apply(fact, marks);
    if (fact.reported !== undefined)
      this.#decided(fact.account, fact.reported, applied ? {} : marks);
    else if (!applied && fact.source !== undefined) {
      // The line is evidence, but our own decisions have led elsewhere: kept as what happened then.
      this.#decided(
        fact.account,
        { by: "official-plugin", decision: "other", text: fact.source },
        {},
      );
    }
  }

  /** A close needs a connection in the state the report speaks of; everything else can always happen. */
  #canHappen(fact: Fact): boolean {
    if (fact.fact !== "closed") return true;
    const world = this.#worlds.get(fact.account);
    if (world === undefined || world.socketId === null) return false;
    return world.isOpen === (fact.setup !== true);
  }

  #derive(fact: Fact): void {
    if (fact.fact === "start" || fact.fact === "closed") this.#deriveSetupFault(fact.account);
    const finding = this.#findings.get(fact.account) ?? "external";
    for (const event of worldOf(fact)) this.#world(fact.account, attributed(event, finding));
  }

  /** What meets the attempt that follows must be there before it begins. */
  #deriveSetupFault(account: string): void {
    const outcome = this.#outcomeOfAttempt(account, this.#factIndex + 1);
    const fault = outcome?.fact === "closed" ? setupFaultOf(outcome) : null;
    if (fault !== null) this.#world(account, fault);
  }

  /** Applies a fact to the world and tells the core. False when there is nothing it could apply to any more. */
  #apply(fact: Fact, marks: Marks): boolean {
    const world = this.#worlds.get(fact.account);
    if (world === undefined) throw new Error(`the report has no account ${fact.account}`);
    switch (fact.fact) {
      case "network":
        return done(world.setNetwork(fact));
      case "link":
        return done(world.setLink(fact.state));
      case "delivery":
        return done(world.setDelivery(fact.state));
      case "acks":
        return done(world.setAcks(fact.state));
      case "conflict":
        this.#findings.set(fact.account, fact.finding);
        return done(world.setFinding(fact.finding));
      case "phone":
        return done(world.setPhone(fact.online));
      case "login":
        return done(world.setSelf(fact.self));
      case "decided":
      case "restart":
        return false;
      case "start":
      case "stop":
      case "opened":
      case "closed":
      case "message":
      case "answer":
      case "input":
        return this.#applyInput(world, fact, marks);
    }
  }

  #applyInput(
    world: AccountWorld,
    fact: FactOf<"start" | "stop" | "opened" | "closed" | "message" | "answer" | "input">,
    marks: Marks,
  ): boolean {
    const input = this.#inputOf(world, fact);
    if (input !== null) this.#input(fact.account, input, marks);
    if (fact.fact === "start" && fact.credentials === "linked") this.#remember(fact.account);
    // A message that waits on the server is there, although nobody was told.
    return input !== null || fact.fact === "message";
  }

  #inputOf(
    world: AccountWorld,
    fact: FactOf<"start" | "stop" | "opened" | "closed" | "message" | "answer" | "input">,
  ): Input | null {
    switch (fact.fact) {
      case "start": {
        world.controllerId += 1;
        const { reason, credentials } = fact;
        const { controllerId } = world;
        return { kind: "controller.started", controllerId, reason, credentials };
      }
      case "stop":
        return {
          kind: "controller.stopped",
          controllerId: world.controllerId,
          reason: fact.reason,
        };
      case "opened":
        return world.openNow();
      case "closed": {
        const { socketId } = world;
        if (socketId === null || !this.#canHappen(fact)) return null;
        world.forgetSocket();
        return { kind: "socket.closed", socketId, origin: "remote", error: fact.error };
      }
      case "message": {
        const { messageId, chat, chatKind, mentioned = false, fromMe = false, lost = false } = fact;
        const message = { messageId, chat, chatKind, mentioned, fromMe, sentAt: this.#now };
        return world.deliver(message, lost);
      }
      case "answer":
        return world.answer(fact.sendId, fact.messageId, fact.chat, fact.to);
      case "input":
        return filledIn(fact, world);
    }
  }

  /** What the plugin kept of the time before, right after a start. */
  #remember(account: string): void {
    const { state } = foldedAccount(this.#fold, account) ?? {};
    if (state === undefined) return;
    const absence = this.#standings.absenceOf(account, state, this.#now);
    if (absence !== null) this.#input(account, absence, { assumed: true });
  }

  /** The process ends and another begins: what the server keeps is all that is left of it. */
  #restart(fact: FactOf<"restart">): void {
    for (const { account } of this.#report.accounts) {
      const { state } = foldedAccount(this.#fold, account) ?? {};
      // Without a stop before it the process was killed.
      const isRunning = state !== undefined && currentController(state.connection) !== null;
      if (isRunning) this.#world(account, { kind: "operator.ordered", act: "kill" });
    }
    this.#beginRun(fact.boot, fact.epochMs);
  }

  #input(account: string, input: Input, marks: Marks): void {
    // A kind's own field wins over a mark with its name (`source` of `version.resolved`), so the record keeps its type.
    const record = this.#append({
      ...this.#envelope(account),
      dir: "in",
      ...marks,
      ...input,
    });
    this.#lastInput.set(account, record.seq);
    const { fold, decision } = foldRecord(currentCore, this.#fold, record);
    this.#fold = fold;
    if (decision?.breach) {
      throw new Error(
        `${decision.breach.invariant} broken by ${input.kind}: ${decision.breach.detail}`,
      );
    }
    const { state } = foldedAccount(fold, account) ?? {};
    if (state !== undefined) {
      const now = { epochMs: this.#now, bootEpochMs: this.#bootEpochMs };
      this.#standings.note(account, state, now);
    }
    const world = this.#worlds.get(account);
    for (const { effect } of decision?.effects ?? []) world?.perform(effect);
  }

  #world(account: string, event: WorldEvent): void {
    this.#append({ ...this.#envelope(account), dir: "world", ...event, derived: true });
  }

  #decided(account: string, decision: ReportedDecision, marks: Marks): void {
    this.#append({
      ...this.#envelope(account),
      dir: "out",
      kind: "reported.decide",
      ...decision,
      text: scrubbed(decision.text),
      cause: this.#lastInput.get(account) ?? 0,
      rule: `reported/${decision.by}`,
      ...marks,
    });
  }

  #envelope(account: string): { boot: string; seq: number; at: number; account: string } {
    this.#seq += 1;
    return { boot: this.#boot, seq: this.#seq, at: this.#now - this.#bootEpochMs, account };
  }

  #append(record: LogRecord): LogRecord {
    if (this.#records.length >= MAX_STORY_RECORDS) {
      throw new Error(`the story has more than ${MAX_STORY_RECORDS} records: shorten the report`);
    }
    this.#records.push(record);
    if (record.kind === "log.header") {
      this.#fold = foldRecord(currentCore, this.#fold, record).fold;
    }
    return record;
  }
}

function done(_nothing: void): true {
  return true;
}

/** Reports are scrubbed before they are written down; this is the net below. */
function scrubbed(text: string): string {
  return scrubText(text, () => "user-1");
}

/** An input given by kind and fields, completed by the ids of what it is about. */
function filledIn(fact: FactOf<"input">, world: AccountWorld): Input | null {
  const known: Readonly<Record<string, object>> = inputTable;
  const fields = known[fact.kind];
  if (fields === undefined || fact.kind in effectTable) {
    throw new Error(`the report has an input of unknown kind ${fact.kind}`);
  }
  if ("socketId" in fields && fact.fields?.["socketId"] === undefined && world.socketId === null)
    return null;
  // The codec checks the written record against its shape.
  return {
    kind: fact.kind,
    ...("socketId" in fields ? { socketId: world.socketId } : {}),
    ...("controllerId" in fields ? { controllerId: world.controllerId } : {}),
    ...fact.fields,
  } as unknown as Input;
}
