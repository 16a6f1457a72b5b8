import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import makeWASocket, { useMultiFileAuthState } from "@whiskeysockets/baileys";
import { startWhatsAppServer, type WhatsAppServer } from "fixtures/whatsapp-server";
import { AccountBench } from "../test/baileys/account-bench.test-support.ts";
import { quiet } from "./quiet.ts";

const MESSAGES = 600;
const ROUNDS = 5;

export interface ConnectionFigures {
  /** Direct messages per second until bare Baileys, with its own credentials folder, has emitted them. */
  readonly bareInboundPerSecond: number;
  /** Direct messages per second until the plugin has journalled and admitted them. */
  readonly inboundPerSecond: number;
  /** The second by the first, median of rounds taken in turns within this run. */
  readonly inboundRatio: number;
  /** CPU time per message, simulated server and writer included, as a multiple of the bare library's; says more than the clock on a busy machine. */
  readonly inboundCpuRatio: number;
}

/** The plugin's whole way of a message, journal included, beside the bare library on the same server. */
export async function measureConnection(): Promise<ConnectionFigures> {
  const rounds: { readonly bare: Rate; readonly ours: Rate }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ bare: await bareInbound(), ours: await pluginInbound() });
  }
  return {
    bareInboundPerSecond: median(rounds.map(({ bare }) => bare.perSecond)),
    inboundPerSecond: median(rounds.map(({ ours }) => ours.perSecond)),
    inboundRatio: round2(median(rounds.map(({ bare, ours }) => ours.perSecond / bare.perSecond))),
    inboundCpuRatio: round2(median(rounds.map(({ bare, ours }) => ours.cpuMs / bare.cpuMs))),
  };
}

async function bareInbound(): Promise<Rate> {
  const folder = await mkdtemp(join(tmpdir(), "bench-bare-"));
  const server = await startWhatsAppServer();
  server.transcript.keep = false;
  try {
    const account = server.world.account("bot");
    await account.link(folder);
    const { state, saveCreds } = await useMultiFileAuthState(folder);
    const sock = makeWASocket({ waWebSocketUrl: server.url, auth: state, logger: quiet });
    sock.ev.on("creds.update", () => void saveCreds());
    await new Promise<void>((resolve) => {
      sock.ev.on("connection.update", ({ connection }) => {
        if (connection === "open") resolve();
      });
    });
    let seen = 0;
    const arrived = new Promise<void>((resolve) => {
      sock.ev.on("messages.upsert", ({ messages }) => {
        seen += messages.length;
        if (seen >= MESSAGES) resolve();
      });
    });
    const rate = await measure(server, "bot", arrived);
    await sock.end(undefined);
    return rate;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function pluginInbound(): Promise<Rate> {
  const bench = await AccountBench.start();
  bench.server.transcript.keep = false;
  const runtime = await bench.opened();
  const arrived = new Promise<void>((resolve) => {
    bench.onAdmit = () => {
      if (bench.admitted.length >= MESSAGES) resolve();
      return Promise.resolve({ state: "answered", reason: "bench" });
    };
  });
  const rate = await measure(bench.server, "bot", arrived);
  await bench.stop(runtime);
  return rate;
}

interface Rate {
  readonly perSecond: number;
  readonly cpuMs: number;
}

async function measure(
  server: WhatsAppServer,
  account: string,
  arrived: Promise<void>,
): Promise<Rate> {
  const alice = server.world.contact("alice");
  const to = server.world.account(account);
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let index = 0; index < MESSAGES; index += 1) await alice.write(to, `m${index}`);
  await arrived;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: Math.round((MESSAGES * 1_000) / (performance.now() - began)),
    cpuMs: (user + system) / 1_000,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
