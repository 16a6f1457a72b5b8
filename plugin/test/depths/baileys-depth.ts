import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  inVirtualTime,
  REDIRECT_PRELOAD,
  startWhatsAppServer,
  type VirtualTime,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import type { AcquireFileLock } from "../../src/baileys/index.ts";
import type { IncidentOutcome } from "../../src/cli/replay.ts";
import { parsePolicy } from "../../src/core/index.ts";
import { type HeaderRecord, type LogRecord, parseLog } from "../../src/events/index.ts";
import { WORLD } from "../../src/replay/completion/world-settings.ts";
import { outcomeOf, unlessUnplayable } from "./outcome.ts";
import { StagedAccount } from "./staged-account.ts";
import { type ScheduledEvent, scheduleOf, tellStory } from "./story.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { WorldPlayer } from "./world-player.ts";

/** What is still to come when the world has ended: an answer under way, the account of an outage. */
const AFTERMATH_MS = 100_000;

/**
 * Plays an incident's world against unmodified Baileys and the plugin's own runtime in virtual time, and compares the decisions
 * with those of depth `core`. One at a time per process: timers and the redirect of WhatsApp's names are global.
 */
export async function replayAtBaileysDepth(file: string): Promise<IncidentOutcome> {
  const incident = basename(file, ".jsonl");
  return unlessUnplayable(incident, "baileys", async () => {
    const began = performance.now();
    const { records: evidence } = parseLog(await readFile(file, "utf8"), { file });
    const written = await playStory(evidence);
    return outcomeOf(incident, "baileys", evidence, written, performance.now() - began);
  });
}

/** Runs the whole story and returns every record the plugin wrote. */
export async function playStory(evidence: readonly LogRecord[]): Promise<readonly LogRecord[]> {
  const schedule = scheduleOf(evidence);
  const header = evidence.find((record) => record.kind === "log.header");
  if (header === undefined) throw new Error("the incident has no header");
  const folder = await mkdtemp(join(tmpdir(), "depth-baileys-"));
  // As long as in the completion of reports: what follows a close at once must find the next attempt still under way.
  const server = await startWhatsAppServer({ tls: true, settings: { loginMs: WORLD.loginMs } });
  Object.assign(process.env, server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${server.port}`);
  const records: LogRecord[] = [];
  try {
    await loadHostLock();
    const startMs = Date.parse(header.startedAt);
    await inVirtualTime({ servers: [server], startMs }, (time) =>
      stage({ schedule, header, server, folder, time, records, lock: lockOfHost }),
    );
    // What the plugin did against the protocol is not in its records.
    server.assertNoErrors();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return records;
}

interface StageOptions {
  readonly schedule: readonly ScheduledEvent[];
  readonly header: HeaderRecord;
  readonly server: WhatsAppServer;
  readonly folder: string;
  readonly time: VirtualTime;
  readonly records: LogRecord[];
  readonly lock: AcquireFileLock;
}

async function stage(options: StageOptions): Promise<void> {
  const { schedule, server, time, records } = options;
  const clock = new VirtualClock();
  const player = new WorldPlayer(server, clock);
  // Taking the stage down is not part of the story.
  let hasEnded = false;
  const accounts = await linkedAccounts(options, clock, (record) => {
    if (!hasEnded) records.push(record);
  });
  try {
    await tellStory(schedule, {
      isOpen: (account) => accounts.get(account)?.phase === "open",
      pass: (ms) => time.advance(ms),
      play: async (scheduled) => {
        const account = accounts.get(scheduled.account);
        if (account !== undefined) await player.play(scheduled, account);
        await time.settle();
      },
    });
    await time.advance(AFTERMATH_MS);
  } finally {
    hasEnded = true;
    for (const account of accounts.values()) await account.dispose();
  }
}

async function linkedAccounts(
  { schedule, header, server, folder, lock }: StageOptions,
  clock: VirtualClock,
  onRecord: (record: LogRecord) => void,
): Promise<ReadonlyMap<string, StagedAccount>> {
  const timedAnswers = new Set(
    schedule.flatMap(({ event }) => (event.kind === "agent.answered" ? [event.ref] : [])),
  );
  const accounts = new Map<string, StagedAccount>();
  const shared = new Map<string, unknown>();
  for (const accountId of new Set(schedule.map((each) => each.account))) {
    const account = new StagedAccount({
      accountId,
      simulated: server.world.account(accountId),
      folder: join(folder, accountId),
      clock,
      lock,
      seed: header.seed,
      policy: parsePolicy(header.policy ?? "{}"),
      onRecord,
      timedAnswers,
      shared,
    });
    await account.link();
    accounts.set(accountId, account);
  }
  return accounts;
}

/** The host's own function. */
export const lockOfHost: AcquireFileLock = async (path, options) => {
  const { acquireFileLock } = await loadHostLock();
  return acquireFileLock(path, options);
};

/** Its subpath has no types. The first import takes seconds, which in virtual time is longer than a claim waits for the lock. */
async function loadHostLock(): Promise<{ readonly acquireFileLock: AcquireFileLock }> {
  const subpath = "openclaw/plugin-sdk/file-lock";
  return (await import(subpath)) as { readonly acquireFileLock: AcquireFileLock };
}
