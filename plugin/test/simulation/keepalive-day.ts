import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  inVirtualTime,
  REDIRECT_PRELOAD,
  startWhatsAppServer,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { DEFAULT_POLICY, type Policy, sessionPlan } from "../../src/core/index.ts";
import type { LogRecord } from "../../src/events/index.ts";
import { StagedAccount } from "../depths/staged-account.ts";
import { VirtualClock } from "../depths/virtual-clock.ts";

type Mode = Policy["keepalive"]["mode"];
export const MODES: readonly Mode[] = ["iq", "presence-unavailable", "presence-available", "off"];

/** Which stanzas of ours reset the server's timer: a setting of the simulated server, because nobody knows it of the real one. */
export const RESET_RULES = {
  presence: ["presence"],
  iq: ["iq"],
  ping: ["ping"],
  message: ["message"],
  receipt: ["receipt"],
  ack: ["ack"],
  any: ["any"],
  nothing: [],
} as const;
export type ResetRule = keyof typeof RESET_RULES;

/** What one virtual day of a quiet account came to. */
export interface KeepaliveDay {
  readonly mode: Mode;
  readonly rule: ResetRule;
  readonly drops: number;
  readonly endsIn: Mode;
  readonly intervalMs: number;
  readonly modesUsed: ReadonlySet<string>;
}

const IDLE_CUT_MS = 16 * 60_000;
const START_MS = Date.UTC(2026, 8, 1);
/** Below the deadline of a ping: within a step time passes without network. */
const STEP_MS = 9_000;
/** Ample: on a machine that is busy with other things an attempt may fail before it is made. */
const REJOIN_MS = 60 * 60_000;

/**
 * Unmodified Baileys and our runtime against a server that cuts a session after 16 minutes without a stanza that counts, in virtual time.
 */
export async function liveKeepaliveDay(
  mode: Mode,
  rule: ResetRule,
  days: number,
  seed: number,
): Promise<KeepaliveDay> {
  const server = await startWhatsAppServer({ tls: true });
  const folder = await mkdtemp(join(tmpdir(), "keepalive-day-"));
  Object.assign(process.env, server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${server.port}`);
  const policy = { ...DEFAULT_POLICY, keepalive: { ...DEFAULT_POLICY.keepalive, mode } };
  try {
    const records = await live(server, { folder, policy, rule, days, seed: `keepalive ${seed}` });
    server.assertNoErrors();
    return summarise(mode, rule, policy, records);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function live(
  server: WhatsAppServer,
  day: {
    readonly folder: string;
    readonly policy: Policy;
    readonly rule: ResetRule;
    readonly days: number;
    readonly seed: string;
  },
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  let isOver = false;
  await inVirtualTime({ servers: [server], startMs: START_MS, stepMs: STEP_MS }, async (time) => {
    const account = new StagedAccount({
      accountId: "bot",
      simulated: server.world.account("bot"),
      folder: day.folder,
      clock: new VirtualClock(),
      lock: (path) => Promise.resolve({ lockPath: path, release: () => Promise.resolve() }),
      seed: day.seed,
      policy: day.policy,
      onRecord: (record) => {
        if (!isOver) records.push(record);
      },
      timedAnswers: new Set(),
    });
    await account.link();
    server.faults.set("idle", {
      stage: "open",
      kind: "idle-cut",
      idleMs: IDLE_CUT_MS,
      resetBy: [...RESET_RULES[day.rule]],
    });
    account.start();
    await time.until(() => account.phase === "open", REJOIN_MS);
    await time.advance(day.days * 86_400_000);
    isOver = true;
    const stopped = account.dispose();
    await time.advance(2_000);
    await stopped;
  });
  return records;
}

function summarise(
  mode: Mode,
  rule: ResetRule,
  policy: Policy,
  records: readonly LogRecord[],
): KeepaliveDay {
  const count = (kind: LogRecord["kind"]): number =>
    records.filter((record) => record.kind === kind).length;
  const steps = records.filter(
    (record) => record.kind === "drops.report" && record.answer !== "none",
  );
  const plan = sessionPlan({ step: steps.length, rhythm: null }, policy);
  const sent = records.flatMap((record) => (record.kind === "keepalive.send" ? [record.mode] : []));
  return {
    mode,
    rule,
    // Every connection but the first follows a drop.
    drops: count("socket.opened") - 1,
    endsIn: plan.mode,
    intervalMs: plan.intervalMs,
    modesUsed: new Set(sent),
  };
}
