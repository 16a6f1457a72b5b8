import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Gateway, startGateway } from "fixtures/gateway";
import { type ModelServer, startModelServer } from "fixtures/model-server";
import { startWhatsAppServer, type WhatsAppServer } from "fixtures/whatsapp-server";
import type { IncidentOutcome } from "../../src/cli/replay.ts";
import { DEFAULT_POLICY } from "../../src/core/index.ts";
import { type LogRecord, parseLog, type WorldEvent } from "../../src/events/index.ts";
import { packedPlugin } from "../gateway/packed-plugin.ts";
import { decidedIn, sequencesOf } from "./agreement.ts";
import { GatewayAccount } from "./gateway-account.ts";
import { outcomeOf, unlessUnplayable } from "./outcome.ts";
import {
  isRhythmic,
  type Observed,
  outlivesAnswer,
  PACE,
  passShortened,
  withAges,
} from "./real-pace.ts";
import { RecordFollower } from "./record-follower.ts";
import { type ScheduledEvent, scheduleOf, tellStory } from "./story.ts";
import { type Machine, UnplayableStory, WorldPlayer } from "./world-player.ts";

/** Groups are answered without a mention, as the agent of the other depths does, and each message by itself. */
const CHANNEL = {
  enabled: true,
  dmPolicy: "open",
  allowFrom: ["*"],
  groupPolicy: "open",
  groups: { "*": { requireMention: false } },
  // An account has to be named, or the gateway runs one by the name of `default`.
  accounts: { unused: { enabled: false } },
};

/** A real machine does not falter when it is told to. */
const REAL_MACHINE: Machine = {
  stall: () => {
    throw new UnplayableStory("a blocked event loop needs a clock of its own");
  },
  jump: () => {
    throw new UnplayableStory("a clock that jumps needs a clock of its own");
  },
};

/**
 * A real gateway with the packed plugin, the simulated WhatsApp under its own names and the stub model, on a real clock. One for all
 * incidents of a run; each has accounts of its own in it.
 */
export class GatewayDepth {
  readonly #server: WhatsAppServer;
  readonly #model: ModelServer;
  readonly #gateway: Gateway;
  #storyCount = 0;
  #accountCount = 0;

  static async start(progress: (text: string) => void): Promise<GatewayDepth> {
    const server = await startWhatsAppServer({ tls: true, settings: { loginMs: PACE.loginMs } });
    const model = await startModelServer();
    try {
      const gateway = await startGateway({
        plugin: await packedPlugin(),
        model,
        whatsappServer: server,
        config: {
          channels: { whatsapp: CHANNEL },
          plugins: {
            entries: { "whatsapp-continuity": { config: { recovery: PACE.recovery } } },
          },
          messages: { queue: { mode: "followup" }, inbound: { debounceMs: 0 } },
        },
        progress,
      });
      return new GatewayDepth(server, model, gateway);
    } catch (error) {
      await model.stop();
      await server.stop();
      throw error;
    }
  }

  private constructor(server: WhatsAppServer, model: ModelServer, gateway: Gateway) {
    this.#server = server;
    this.#model = model;
    this.#gateway = gateway;
  }

  async stop(): Promise<void> {
    await this.#gateway.stop();
    await this.#model.stop();
    await this.#server.stop();
  }

  /** Plays an incident and compares its decisions with those of depth `core`. */
  async replay(file: string): Promise<IncidentOutcome> {
    const incident = basename(file, ".jsonl");
    return unlessUnplayable(incident, "gateway", async () => {
      const began = performance.now();
      const { records: evidence } = parseLog(await readFile(file, "utf8"), { file });
      const written = await this.playStory(evidence);
      return outcomeOf(incident, "gateway", evidence, written, performance.now() - began);
    });
  }

  /**
   * Plays a story and returns every record the plugin wrote.
   * @throws UnplayableStory before anything has happened, when this depth cannot make it happen
   */
  async playStory(evidence: readonly LogRecord[]): Promise<readonly LogRecord[]> {
    this.#storyCount += 1;
    const schedule = withOwnPeople(withAges(scheduleOf(evidence)), `of story ${this.#storyCount}`);
    if (evidence.some((record) => record.kind === "log.header" && record.policy !== undefined)) {
      throw new UnplayableStory("the gateway of all incidents runs on one policy");
    }
    if (outlivesAnswer(schedule, DEFAULT_POLICY.late.maxAgeMs)) {
      throw new UnplayableStory(
        "messages that the phone brings hours later need a clock of their own",
      );
    }
    const unplayable = schedule.find(({ event }) => !isPlayable(event));
    if (unplayable !== undefined) {
      throw new UnplayableStory(
        `a real gateway on a real clock cannot play ${unplayable.event.kind}`,
      );
    }
    const rules = this.#holdAnswers(schedule);
    const accounts = await this.#linkAccounts(schedule, rules);
    const names = new Map([...accounts].map(([name, { accountId }]) => [accountId, name]));
    const follower = new RecordFollower(this.#gateway, names);
    follower.start();
    try {
      await this.#tell(schedule, accounts, follower);
      return await follower.stop();
    } finally {
      await follower.stop().catch(() => undefined);
      this.#server.faults.clear();
      for (const rule of rules.values()) this.#model.unscript(rule);
      for (const account of accounts.values()) await account.stop("shutdown");
    }
  }

  async #tell(
    schedule: readonly ScheduledEvent[],
    accounts: ReadonlyMap<string, GatewayAccount>,
    follower: RecordFollower,
  ): Promise<void> {
    const player = new WorldPlayer(
      this.#server,
      REAL_MACHINE,
      (account) => this.#accountNamed(accounts, account).accountId,
    );
    const faults = new Set<string>();
    const observed = observe(follower, accounts, faults);
    const leastMs = isRhythmic(schedule) ? PACE.rhythmicPauseMs : PACE.unshortenedMs;
    await tellStory(schedule, {
      isOpen: async (name) => (await this.#accountNamed(accounts, name).phase()) === "open",
      pass: (ms) => passShortened(ms, observed, leastMs),
      play: async (scheduled) => {
        noteFault(scheduled.event, faults);
        const { event } = scheduled;
        const asked = repliesAsked(follower.records);
        await player.play(scheduled, this.#accountNamed(accounts, scheduled.account));
        if (event.kind === "agent.answered" && event.unasked !== true) {
          await untilAsked(() => repliesAsked(follower.records) > asked);
        }
      },
    });
    // An answer under way, the account of an outage.
    await passShortened(PACE.patienceMs, observed, PACE.unshortenedMs);
    await sleep(500);
  }

  #accountNamed(accounts: ReadonlyMap<string, GatewayAccount>, name: string): GatewayAccount {
    const account = accounts.get(name);
    if (account === undefined) throw new Error(`the incident has no account ${name}`);
    return account;
  }

  /** A rule of the model for every answer that the story times; it is held until then. */
  #holdAnswers(schedule: readonly ScheduledEvent[]): ReadonlyMap<string, string> {
    const refs = schedule.flatMap(({ event }) =>
      event.kind === "agent.answered" && event.unasked !== true ? [event.ref] : [],
    );
    return new Map(
      [...new Set(refs)].map((ref) => [
        ref,
        this.#model.script({ match: ref, answer: `Re: ${ref}`, holdAfterChunks: 0 }),
      ]),
    );
  }

  async #linkAccounts(
    schedule: readonly ScheduledEvent[],
    rules: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, GatewayAccount>> {
    const accounts = new Map<string, GatewayAccount>();
    for (const name of new Set(schedule.map(({ account }) => account))) {
      this.#accountCount += 1;
      const accountId = `story-${this.#accountCount}`;
      const simulated = this.#server.world.account(accountId);
      await simulated.link(this.#gateway.authDir(accountId));
      accounts.set(name, new GatewayAccount(this.#gateway, accountId, simulated, rules));
    }
    return accounts;
  }
}

/** People and groups of one story do not know those of another; the server is the same. */
function withOwnPeople(
  schedule: readonly ScheduledEvent[],
  suffix: string,
): readonly ScheduledEvent[] {
  return schedule.map((scheduled) => {
    const { event } = scheduled;
    if (!("chat" in event)) return scheduled;
    const chat = `${event.chat} ${suffix}`;
    const own =
      event.kind === "contact.wrote"
        ? { ...event, chat, contact: `${event.contact} ${suffix}` }
        : { ...event, chat };
    return { ...scheduled, event: own };
  });
}

function isPlayable(event: WorldEvent): boolean {
  switch (event.kind) {
    case "clock.shifted":
    case "loop.blocked":
      return false;
    case "operator.ordered":
      return event.act !== "relink" && event.act !== "logout" && event.act !== "kill";
    default:
      return true;
  }
}

function noteFault(event: WorldEvent, faults: Set<string>): void {
  if (event.kind === "fault.set" && event.stage !== "ack" && event.times === undefined) {
    faults.add(event.faultId);
  } else if (event.kind === "fault.cleared") faults.delete(event.faultId);
}

/** Replies that the gateway asked the plugin to send. */
function repliesAsked(records: readonly LogRecord[]): number {
  return records.filter((record) => record.kind === "send.requested" && record.messageId !== null)
    .length;
}

/**
 * An answer of the story is with the plugin at once; the gateway takes seconds from the model's last word to the request to send it. The story
 * waits for that, or what comes next in it (a controller's start) would be there before the answer.
 */
async function untilAsked(isAsked: () => boolean): Promise<void> {
  const endsAt = performance.now() + PACE.answerMs;
  while (!isAsked() && performance.now() < endsAt) await sleep(100);
}

const AT_REST: ReadonlySet<string> = new Set(["open", "blocked", "stopped", "idle"]);

function observe(
  follower: RecordFollower,
  accounts: ReadonlyMap<string, GatewayAccount>,
  faults: ReadonlySet<string>,
): Observed {
  return {
    isInFault: () => faults.size > 0,
    decisions: () => {
      const sequences = sequencesOf(decidedIn(follower.records));
      return [...sequences.values()]
        .flatMap((strands) => [...strands.values()])
        .reduce((sum, sequence) => sum + sequence.length, 0);
    },
    isAtRest: async () => {
      for (const account of accounts.values()) {
        if (!AT_REST.has(await account.phase())) return false;
      }
      const all = [...accounts.values()];
      const held = Math.max(...all.map((account) => account.held.size));
      const unasked = all.reduce((sum, account) => sum + account.unasked, 0);
      const answers = answersUnderWay(follower.records, unasked);
      return answers <= held && sendsUnderWay(follower.records) === 0;
    },
  };
}

/**
 * Messages given to the agent whose answer has not been asked to be sent. That they are settled says too little: the gateway takes a
 * message over when its turn begins.
 */
function answersUnderWay(records: readonly LogRecord[], unasked: number): number {
  const questions = new Set<string>();
  const turns = new Map<string, string>();
  let answers = 0;
  for (const record of records) {
    if (record.kind === "message.admit" && record.as === "reply") {
      // The messages of a burst are one turn with one answer.
      const turn = record.burst === undefined ? record.messageId : `burst ${record.burst}`;
      turns.set(record.messageId, turn);
      questions.add(turn);
    }
    if (record.kind === "message.settled" && record.state !== "answered") {
      questions.delete(turns.get(record.messageId) ?? "");
    }
    if (record.kind === "send.requested" && record.messageId !== null) answers += 1;
  }
  return questions.size - (answers - unasked);
}

/** Sends that the plugin has in its hands and has not brought to their end. */
function sendsUnderWay(records: readonly LogRecord[]): number {
  const underWay = new Set<string>();
  for (const record of records) {
    if (record.kind === "send.requested") underWay.add(record.sendId);
    if (record.kind === "send.settle") underWay.delete(record.sendId);
  }
  return underWay.size;
}
