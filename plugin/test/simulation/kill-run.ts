import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startWhatsAppServer, type WhatsAppServer } from "fixtures/whatsapp-server";
import { nextRandom, seedRng } from "../../src/core/rng.ts";

export interface KillResult {
  readonly written: number;
  /** Messages that were never answered. */
  readonly lost: readonly string[];
  /** Messages that were answered under more than one id: a person would see two answers. */
  readonly doubled: readonly string[];
}

const CHILD = fileURLToPath(new URL("killed-account.child.ts", import.meta.url));
/** From the start of the process until it is killed; the login takes about half a second. */
const LIFE_MS = { least: 300, span: 1_500 };
const MOST_PER_ROUND = 6;
const ANSWER_LIMIT_MS = 60_000;

/** Real time, real processes: `rounds` times kill -9 at a random moment while people write, then one process that is left alone. */
export async function runKills(seed: number, rounds: number): Promise<KillResult> {
  const folder = await mkdtemp(join(tmpdir(), "kill-run-"));
  const server = await startWhatsAppServer();
  const random = randomFrom(`kill-${seed}`);
  const written: string[] = [];
  let child: ChildProcess | null = null;
  try {
    await server.world.account("bot").link(join(folder, "auth"));
    for (let round = 0; round < rounds; round += 1) {
      child = await start(folder, server);
      const endsAt = performance.now() + LIFE_MS.least + random() * LIFE_MS.span;
      for (let left = Math.floor(random() * MOST_PER_ROUND); left > 0; left -= 1) {
        await delay((random() * (endsAt - performance.now())) / left);
        await write(server, written);
      }
      await delay(Math.max(0, endsAt - performance.now()));
      await kill(child);
      // Some also write while nobody is there.
      if (random() < 0.5) await write(server, written);
    }
    child = await start(folder, server);
    await untilAnswered(server, written);
    return resultOf(server, written);
  } finally {
    if (child !== null) await kill(child);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(folder: string, server: WhatsAppServer): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, folder, server.url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

async function write(server: WhatsAppServer, written: string[]): Promise<void> {
  const text = `message ${written.length}`;
  written.push(text);
  await server.world.contact("Alice").write(server.world.account("bot"), text);
}

async function untilAnswered(server: WhatsAppServer, written: readonly string[]): Promise<void> {
  const endsAt = performance.now() + ANSWER_LIMIT_MS;
  const isDone = (): boolean => resultOf(server, written).lost.length === 0;
  while (!isDone() && performance.now() < endsAt) await delay(100);
  // A second answer would come now.
  await delay(1_000);
}

function resultOf(server: WhatsAppServer, written: readonly string[]): KillResult {
  const { messages } = server.world.contact("Alice").inbox;
  const answersTo = (text: string): number =>
    new Set(messages.filter((each) => each.text === `Re: ${text}`).map(({ id }) => id)).size;
  return {
    written: written.length,
    lost: written.filter((text) => answersTo(text) === 0),
    doubled: written.filter((text) => answersTo(text) > 1),
  };
}

function randomFrom(seed: string): () => number {
  let state = seedRng(seed);
  return () => {
    const { value, next } = nextRandom(state);
    state = next;
    return value;
  };
}
