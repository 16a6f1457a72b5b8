/**
 * Goal: whatever happens to an account, the gateway's health monitor leaves it alone, because it hears of it in time.
 * Method: a day of each trouble in virtual time; every published status goes through the plugin's translation and the gateway's own way of
 * merging it, and the gateway's own judgement is asked once a minute.
 */
import { globSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { NOTHING_PUBLISHED, toStatusPatch } from "../../src/channel/status/status-patch.ts";
import type { LogRecord } from "../../src/events/index.ts";
import type { AccountStatus } from "../../src/runtime/account.ts";
import { CoreRun } from "./core-run.ts";
import { TROUBLES } from "./troubles.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTLE = 10 * MINUTE;
/** What the gateway uses; it measures the time since the start and since the last sign of life with it. */
const TIMING = { channelConnectGraceMs: 2 * MINUTE, staleEventThresholdMs: 30 * MINUTE };

type Snapshot = Record<string, unknown>;
type Evaluate = (
  snapshot: Snapshot,
  policy: typeof TIMING & { readonly now: number; readonly channelId: string },
) => { readonly healthy: boolean; readonly reason: string };

/** The host's own function, found by what it does: its file carries a hash and its exports one letter. */
async function hostJudgement(): Promise<Evaluate> {
  const dist = dirname(createRequire(import.meta.url).resolve("openclaw/plugin-sdk/channel-core"));
  const [file] = globSync("channel-health-policy-*.mjs", { cwd: join(dist, "..") });
  const module = (await import(pathToFileURL(join(dist, "..", file ?? "")).href)) as Snapshot;
  const found = Object.values(module).find(
    (exported) => typeof exported === "function" && exported.name === "evaluateChannelHealth",
  );
  if (found === undefined) throw new Error("This OpenClaw judges its channels in another way.");
  return found as Evaluate;
}

/** Reasons for which the monitor restarts an account, by the minute in which it would. */
async function restartsIn(records: readonly LogRecord[], untilMs: number): Promise<string[]> {
  const evaluate = await hostJudgement();
  let snapshot: Snapshot = { running: true, enabled: true, configured: true, lastStartAt: 0 };
  let published = NOTHING_PUBLISHED;
  let frameAt = 0;
  let nextLook = MINUTE;
  const restarts: string[] = [];
  const look = (untilNow: number): void => {
    for (; nextLook <= untilNow; nextLook += MINUTE) {
      if (snapshot["connected"] === true) snapshot["lastTransportActivityAt"] = frameAt;
      const { healthy, reason } = evaluate(snapshot, {
        ...TIMING,
        now: nextLook,
        channelId: "whatsapp",
      });
      const isLeftAlone = healthy || reason === "blocked" || reason === "terminal-disconnect";
      if (!isLeftAlone) restarts.push(`${reason} after ${nextLook / MINUTE} min`);
    }
  };
  for (const record of records) {
    look(record.at);
    if (record.kind === "socket.opened") frameAt = record.at;
    if (record.kind === "liveness.sampled") frameAt = record.at - record.frameAgeMs;
    if (record.kind !== "status.publish") continue;
    const step = toStatusPatch(record, statusOf(record.at - frameAt), published, record.at);
    published = step.published;
    snapshot = { ...snapshot, ...step.patch };
  }
  look(untilMs);
  return restarts;
}

function statusOf(frameAgeMs: number): AccountStatus {
  return { accountId: "default", cause: null, keepalive: { frameAgeMs } } as AccountStatus;
}

describe("six hours of", () => {
  it.each(Object.values(TROUBLES).map((trouble) => [trouble.name, trouble] as const))(
    "%s",
    async (_, trouble) => {
      const run = new CoreRun(`health of ${trouble.name}`, { keepsRecords: true }).start();
      run.runUntil(SETTLE);
      const end = trouble.begin(run);
      run.runUntil(SETTLE + 6 * HOUR);
      end();
      run.runUntil(SETTLE + 7 * HOUR);
      expect(await restartsIn(run.records, run.now)).toEqual([]);
    },
  );
});

it("an account that says nothing would be restarted", async () => {
  const run = new CoreRun("silent", { keepsRecords: true }).start();
  run.runUntil(SETTLE);
  const end = TROUBLES.dns.begin(run);
  run.runUntil(SETTLE + HOUR);
  end();
  const silent = run.records.filter(
    (record) => record.kind !== "status.publish" || record.at < SETTLE + MINUTE,
  );
  expect(await restartsIn(silent, run.now)).toContain("disconnected after 13 min");
});
