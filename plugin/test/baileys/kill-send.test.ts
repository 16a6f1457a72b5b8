/** Goal: a process that is killed between any two states of a send has lost nothing, and its successor sends it under the same id. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type SimulatedContact,
  startWhatsAppServer,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournal } from "../../src/journal/index.ts";
import { systemClock, systemTimers } from "../../src/runtime/system-ports.ts";

const CHILD = fileURLToPath(new URL("../simulation/killed-send.child.ts", import.meta.url));

/** A moment that never comes must not be waited for until the test's own limit. */
const SAYING_LIMIT_MS = 40_000;

/** In the order of a send's life; each process also finishes what the one before left. `answer`: how the server answers. */
const MOMENTS = [
  { at: "queued", left: false },
  { at: "begun", left: true },
  { at: "before written", left: true },
  { at: "written", left: true },
  { at: "before acked", left: true },
  { at: "acked", left: true },
  { at: "before delivered", left: true },
  { at: "before failed", left: true, refusal: "463" },
] as const;

let server: WhatsAppServer;
let alice: SimulatedContact;
let folder: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  server = await startWhatsAppServer();
  alice = server.world.contact("Alice");
  folder = await mkdtemp(join(tmpdir(), "kill-send-"));
  await server.world.account("bot").link(join(folder, "auth"));
});

afterEach(async () => {
  await kill();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(moment: string, sendId: string, text: string): ChildProcess {
  const args = [CHILD, folder, server.url, alice.jid("lid"), moment, sendId, text];
  child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  return child;
}

async function kill(): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
  child = null;
}

async function untilItSays(process: ChildProcess, words: string): Promise<void> {
  let said = "";
  const limit = setTimeout(() => process.kill("SIGKILL"), SAYING_LIMIT_MS);
  try {
    for await (const chunk of process.stdout ?? []) {
      said += String(chunk);
      if (said.includes(words)) return;
    }
  } finally {
    clearTimeout(limit);
  }
  throw new Error(`the process ended without "${words}"; it said: ${said}`);
}

function custodyOf(sendId: string) {
  const journal = openJournal({
    stateDir: join(folder, "state"),
    accountId: "bot",
    clock: systemClock,
    timers: systemTimers,
    settings: { retentionDays: 14, maxMegabytes: 64 },
  });
  try {
    return journal.custody(sendId);
  } finally {
    journal.close();
  }
}

it("killed between any two states: everything arrives, under the id it was taken with", async () => {
  const ids = new Map<string, string>();
  for (const moment of MOMENTS) {
    if ("refusal" in moment) {
      const fault = { stage: "ack", kind: "error", code: moment.refusal } as const;
      server.faults.set("refusal", fault, { times: 1 });
    }
    const sendId = `send ${moment.at}`;
    await untilItSays(start(moment.at, sendId, `text ${moment.at}`), `at ${moment.at}`);
    await kill();
    const custody = custodyOf(sendId);
    expect(custody, moment.at).toMatchObject({ left: moment.left });
    ids.set(moment.at, custody?.messageId ?? "");
  }
  start("none", "", "");
  for (const { at } of MOMENTS) {
    const received = await alice.inbox.waitFor(`text ${at}`, 30_000);
    expect(received.id).toBe(ids.get(at));
  }
  await expect
    .poll(() => MOMENTS.map(({ at }) => custodyOf(`send ${at}`)?.state), { timeout: 30_000 })
    .toEqual(MOMENTS.map(() => expect.stringMatching(/^(?:acked|delivered)$/) as string));
  for (const { at } of MOMENTS) {
    expect(alice.inbox.messages.filter(({ text }) => text === `text ${at}`)).toHaveLength(1);
  }
}, 240_000);
