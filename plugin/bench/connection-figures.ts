import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import makeWASocket, { useMultiFileAuthState } from "@whiskeysockets/baileys";
import { startWhatsAppServer, type WhatsAppServer } from "fixtures/whatsapp-server";
import { AccountBench } from "../test/baileys/account-bench.test-support.ts";
import { quiet } from "./quiet.ts";

const MESSAGES = 600;
const ROUNDS = 3;

export interface ConnectionFigures {
  /** Direct messages per second until bare Baileys, with its own credentials folder, has emitted them. */
  readonly bareInboundPerSecond: number;
  /** Direct messages per second until the plugin has journalled and admitted them. */
  readonly inboundPerSecond: number;
  /** The second by the first, median of rounds taken in turns within this run. */
  readonly inboundRatio: number;
}

/** The plugin's whole way of a message, journal included, beside the bare library on the same server. */
export async function measureConnection(): Promise<ConnectionFigures> {
  const rounds: { readonly bare: number; readonly ours: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ bare: await bareInbound(), ours: await pluginInbound() });
  }
  return {
    bareInboundPerSecond: median(rounds.map(({ bare }) => bare)),
    inboundPerSecond: median(rounds.map(({ ours }) => ours)),
    inboundRatio: round2(median(rounds.map(({ bare, ours }) => ours / bare))),
  };
}

async function bareInbound(): Promise<number> {
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
    const rate = await perSecond(server, "bot", arrived);
    await sock.end(undefined);
    return rate;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function pluginInbound(): Promise<number> {
  const bench = await AccountBench.start();
  bench.server.transcript.keep = false;
  const runtime = await bench.opened();
  const arrived = new Promise<void>((resolve) => {
    bench.onAdmit = () => {
      if (bench.admitted.length >= MESSAGES) resolve();
      return Promise.resolve({ state: "answered", reason: "bench" });
    };
  });
  const rate = await perSecond(bench.server, "bot", arrived);
  await bench.stop(runtime);
  return rate;
}

async function perSecond(
  server: WhatsAppServer,
  account: string,
  arrived: Promise<void>,
): Promise<number> {
  const alice = server.world.contact("alice");
  const to = server.world.account(account);
  const began = performance.now();
  for (let index = 0; index < MESSAGES; index += 1) await alice.write(to, `m${index}`);
  await arrived;
  return Math.round((MESSAGES * 1_000) / (performance.now() - began));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
