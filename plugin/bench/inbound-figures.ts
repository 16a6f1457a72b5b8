import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import makeWASocket, { useMultiFileAuthState, type WASocket } from "@whiskeysockets/baileys";
import type { WhatsAppServer } from "fixtures/whatsapp-server";
import { AccountBench } from "../test/baileys/account-bench.test-support.ts";
import { quiet } from "./quiet.ts";

/** Taken in turns, bare first and ours first, so that whatever else the machine does meets both. */
const ROUNDS = 60;
const MESSAGES_PER_ROUND = 25;
const SINGLE_MESSAGES = 200;
const WARM_UP_MESSAGES = 100;

export interface InboundFigures {
  /** Direct messages per second until bare Baileys, with its own credentials folder, has emitted them; median of rounds. */
  readonly bareInboundPerSecond: number;
  /** Direct messages per second until the plugin has journalled and admitted them; median of rounds. */
  readonly inboundPerSecond: number;
  /** The second by the first: median of the ratios of rounds that follow each other. */
  readonly inboundRatio: number;
  /** CPU time per message, simulated server and writer included, as a multiple of the bare library's. */
  readonly inboundCpuRatio: number;
  /** How much later a single message is with the agent than bare Baileys emits one: difference of the medians. */
  readonly addedLatencyMs: number;
  readonly bareLatencyMs: number;
}

/** An account that messages are written to, and how many of them have come out at its other end. */
interface Side {
  write(text: string): Promise<void>;
  /** Resolves when that many messages have come since the start. */
  untilSeen(count: number): Promise<void>;
  seen(): number;
}

/** The plugin's whole way of a message, journal included, beside the bare library, on one server in one process. */
export async function measureInbound(): Promise<InboundFigures> {
  const bench = await AccountBench.start();
  const folder = await mkdtemp(join(tmpdir(), "bench-bare-"));
  bench.server.transcript.keep = false;
  const runtime = await bench.opened();
  const bare = await bareSide(bench.server, folder);
  try {
    const ours = pluginSide(bench);
    for (const side of [bare, ours]) await burst(side, WARM_UP_MESSAGES);
    const rounds = await inTurns(ROUNDS, bare, ours, (side) => burst(side, MESSAGES_PER_ROUND));
    const single = await inTurns(SINGLE_MESSAGES, bare, ours, (side) => burst(side, 1));
    const perSecond = ({ ms }: Cost): number => (MESSAGES_PER_ROUND * 1_000) / ms;
    const bareLatencyMs = median(single.map((pair) => pair.bare.ms));
    const latencyMs = median(single.map((pair) => pair.ours.ms));
    return {
      bareInboundPerSecond: Math.round(median(rounds.map((pair) => perSecond(pair.bare)))),
      inboundPerSecond: Math.round(median(rounds.map((pair) => perSecond(pair.ours)))),
      inboundRatio: round2(median(rounds.map((pair) => pair.bare.ms / pair.ours.ms))),
      inboundCpuRatio: round2(median(rounds.map((pair) => pair.ours.cpuMs / pair.bare.cpuMs))),
      addedLatencyMs: round2(latencyMs - bareLatencyMs),
      bareLatencyMs: round2(bareLatencyMs),
    };
  } finally {
    await bare.end();
    await bench.stop(runtime);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Pair {
  readonly bare: Cost;
  readonly ours: Cost;
}

async function inTurns(
  times: number,
  bare: Side,
  ours: Side,
  measure: (side: Side) => Promise<Cost>,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < times; index += 1) {
    if (index % 2 === 0) {
      const first = await measure(bare);
      pairs.push({ bare: first, ours: await measure(ours) });
    } else {
      const first = await measure(ours);
      pairs.push({ bare: await measure(bare), ours: first });
    }
  }
  return pairs;
}

async function burst(side: Side, messages: number): Promise<Cost> {
  const wanted = side.seen() + messages;
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let index = 0; index < messages; index += 1) await side.write(`m${wanted}-${index}`);
  await side.untilSeen(wanted);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1_000 };
}

async function bareSide(
  server: WhatsAppServer,
  folder: string,
): Promise<Side & { end(): Promise<void> }> {
  const account = server.world.account("bare");
  await account.link(folder);
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const sock: WASocket = makeWASocket({ waWebSocketUrl: server.url, auth: state, logger: quiet });
  sock.ev.on("creds.update", () => void saveCreds());
  await new Promise<void>((resolve) => {
    sock.ev.on("connection.update", ({ connection }) => {
      if (connection === "open") resolve();
    });
  });
  const counter = new Counter();
  sock.ev.on("messages.upsert", ({ messages }) => counter.add(messages.length));
  const alice = server.world.contact("alice");
  return {
    write: async (text) => void (await alice.write(account, text)),
    untilSeen: (count) => counter.reaches(count),
    seen: () => counter.count,
    end: () => sock.end(undefined),
  };
}

function pluginSide(bench: AccountBench): Side {
  const counter = new Counter();
  bench.onAdmit = () => {
    counter.add(1);
    return Promise.resolve({ state: "answered", reason: "bench" });
  };
  const alice = bench.server.world.contact("alice");
  const { account } = bench;
  return {
    write: async (text) => void (await alice.write(account, text)),
    untilSeen: (count) => counter.reaches(count),
    seen: () => counter.count,
  };
}

class Counter {
  count = 0;
  #wanted = 0;
  #onReached: (() => void) | null = null;

  add(more: number): void {
    this.count += more;
    if (this.count >= this.#wanted) this.#onReached?.();
  }

  reaches(count: number): Promise<void> {
    if (this.count >= count) return Promise.resolve();
    this.#wanted = count;
    return new Promise((resolve) => {
      this.#onReached = resolve;
    });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
