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
import { type LogRecord, parseLog } from "../../src/events/index.ts";
import { currentCore, foldAll } from "../../src/replay/index.ts";
import {
  type Agreement,
  compareSequences,
  type Decided,
  decidedIn,
  sequencesOf,
} from "./agreement.ts";
import { StagedAccount } from "./staged-account.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { type ScheduledEvent, scheduleOf, WorldPlayer } from "./world-player.ts";

/** What is still to come when the world has ended: an answer under way, the account of an outage. */
const AFTERMATH_MS = 100_000;

/**
 * Plays an incident's world against unmodified Baileys and the plugin's own runtime in virtual time, and compares the decisions
 * with those of depth `core`. One at a time per process: timers and the redirect of WhatsApp's names are global.
 */
export async function replayAtBaileysDepth(file: string): Promise<IncidentOutcome> {
  const began = performance.now();
  const { records: evidence } = parseLog(await readFile(file, "utf8"), { file });
  const actual = await playStory(evidence);
  const agreement = compareSequences(
    sequencesOf(decidedAtDepthCore(evidence)),
    sequencesOf(decidedIn(actual)),
  );
  const invariants = actual.filter((record) => record.kind === "invariant.report").length;
  return outcomeOf(basename(file, ".jsonl"), agreement, invariants, performance.now() - began);
}

/** What today's core decides for the recorded inputs. */
export function decidedAtDepthCore(evidence: readonly LogRecord[]): readonly Decided[] {
  return foldAll(currentCore, evidence).flatMap(({ input, effects }) =>
    effects.map((each) => ({ account: input.account, ...each })),
  );
}

function outcomeOf(
  incident: string,
  { decisions, exact, disagreements }: Agreement,
  invariants: number,
  ms: number,
): IncidentOutcome {
  const [first] = disagreements;
  return {
    incident,
    depth: "baileys",
    ok: disagreements.length === 0 && invariants === 0,
    decisions,
    exact,
    diverged: disagreements.length,
    first:
      first === undefined
        ? null
        : {
            seq: first.index,
            rule: first.actual ?? "(nothing more)",
            expected: first.expected,
            actual: first.actual,
          },
    invariants,
    ms: Math.round(ms),
  };
}

/** Runs the whole story and returns every record the plugin wrote. */
export async function playStory(evidence: readonly LogRecord[]): Promise<readonly LogRecord[]> {
  const schedule = scheduleOf(evidence);
  const folder = await mkdtemp(join(tmpdir(), "depth-baileys-"));
  const server = await startWhatsAppServer({ tls: true });
  Object.assign(process.env, server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${server.port}`);
  const records: LogRecord[] = [];
  try {
    const startMs = startOf(evidence);
    await inVirtualTime({ servers: [server], startMs }, (time) =>
      stage({ schedule, server, folder, time, records, lock: lockOfHost }),
    );
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return records;
}

interface Stage {
  readonly schedule: readonly ScheduledEvent[];
  readonly server: WhatsAppServer;
  readonly folder: string;
  readonly time: VirtualTime;
  readonly records: LogRecord[];
  readonly lock: AcquireFileLock;
}

async function stage({ schedule, server, folder, time, records, lock }: Stage): Promise<void> {
  const clock = new VirtualClock();
  const player = new WorldPlayer(server, clock);
  const timedAnswers = new Set(
    schedule.flatMap(({ event }) => (event.kind === "agent.answered" ? [event.ref] : [])),
  );
  const accounts = new Map<string, StagedAccount>();
  // Taking the stage down is not part of the story.
  let hasEnded = false;
  for (const accountId of new Set(schedule.map((each) => each.account))) {
    const simulated = server.world.account(accountId);
    const account = new StagedAccount({
      accountId,
      simulated,
      folder: join(folder, accountId),
      clock,
      lock,
      seed: accountId,
      onRecord: (record) => {
        if (!hasEnded) records.push(record);
      },
      timedAnswers,
    });
    await account.link();
    accounts.set(accountId, account);
  }
  try {
    let now = 0;
    for (const event of schedule) {
      await time.advance(event.atMs - now);
      now = event.atMs;
      const account = accounts.get(event.account);
      if (account !== undefined) await player.play(event, account);
      await time.settle();
    }
    await time.advance(AFTERMATH_MS);
  } finally {
    hasEnded = true;
    for (const account of accounts.values()) await account.dispose();
  }
}

function startOf(evidence: readonly LogRecord[]): number {
  const header = evidence.find((record) => record.kind === "log.header");
  return header === undefined ? Date.UTC(2026, 0, 1) : Date.parse(header.startedAt);
}

/** The host's own function; its subpath has no types. */
const lockOfHost: AcquireFileLock = async (path, options) => {
  const subpath = "openclaw/plugin-sdk/file-lock";
  const module = (await import(subpath)) as { readonly acquireFileLock: AcquireFileLock };
  return module.acquireFileLock(path, options);
};
