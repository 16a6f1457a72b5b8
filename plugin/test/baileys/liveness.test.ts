/** Goal: what the core decides about drops, rotation and deafness is what happens on unmodified Baileys. */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { LogRecord, WorldEvent } from "../../src/events/index.ts";
import { playStory, replayAtBaileysDepth } from "../depths/baileys-depth.ts";
import { AccountBench } from "./account-bench.test-support.ts";

const MINUTE = 60_000;
const SCENARIOS = join(import.meta.dirname, "../../../fixtures/scenarios");

interface Happening {
  readonly at: number;
  readonly account?: string;
  readonly event: WorldEvent;
}

function storyOf(happenings: readonly Happening[], policy: object): readonly LogRecord[] {
  const boot = "story";
  return [
    {
      boot,
      seq: 0,
      at: 0,
      dir: "in",
      kind: "log.header",
      format: "whatsapp-continuity-log",
      version: 1,
      startedAt: "2026-09-01T00:00:00.000Z",
      seed: boot,
      plugin: "0.1.0",
      baileys: "7.0.0-rc14",
      policy: JSON.stringify(policy),
    },
    ...happenings.map(({ at, account = "default", event }, index): LogRecord => ({
      boot,
      account,
      dir: "world",
      derived: true,
      seq: index + 1,
      at,
      ...event,
    })),
  ];
}

const START = { kind: "operator.ordered", act: "start" } as const;
const wrote = (ref: string) =>
  ({
    kind: "contact.wrote",
    contact: "user-3",
    chat: "user-3",
    ref,
    addressing: "lid",
  }) as const;

function recordsOf<K extends LogRecord["kind"]>(
  records: readonly LogRecord[],
  kind: K,
): Extract<LogRecord, { kind: K }>[] {
  return records.filter(
    (record): record is Extract<LogRecord, { kind: K }> => record.kind === kind,
  );
}

it("a session to which nothing is delivered is replaced until what was announced arrives", async () => {
  const outcome = await replayAtBaileysDepth(join(SCENARIOS, "queue-blocked.jsonl"));
  expect(outcome).toMatchObject({ ok: true, first: null, invariants: 0 });
}, 60_000);

it("a planned rotation waits for a quiet moment, and nobody misses anything", async () => {
  const policy = { keepalive: { adaptive: false, rotateAfterMs: 10 * MINUTE } };
  const records = await playStory(
    storyOf(
      [
        { at: 0, event: START },
        { at: 10 * MINUTE - 10_000, event: wrote("just before") },
        { at: 15 * MINUTE, event: wrote("in between") },
        { at: 25 * MINUTE, event: { kind: "world.ended" } },
      ],
      policy,
    ),
  );
  expect(
    recordsOf(records, "socket.close").filter(({ reason }) => reason === "rotated"),
  ).toHaveLength(2);
  expect(recordsOf(records, "socket.opened")).toHaveLength(3);
  expect(records.some((record) => "rule" in record && record.rule === "rotation/not-now")).toBe(
    true,
  );
  expect(recordsOf(records, "outage.report")).toEqual([]);
  expect(
    recordsOf(records, "send.settle").filter(({ outcome }) => outcome === "acked"),
  ).toHaveLength(2);
}, 60_000);

it("two accounts that fall together know that the cause is a common one", async () => {
  const accounts = ["default", "secondary"];
  const records = await playStory(
    storyOf(
      [
        ...accounts.map((account) => ({ at: 0, account, event: START })),
        ...accounts.map((account, index) => ({
          at: 2 * MINUTE + 2_000 * index,
          account,
          event: { kind: "server.struck", strike: "fin" } as const,
        })),
        ...accounts.map((account) => ({
          at: 4 * MINUTE,
          account,
          event: { kind: "world.ended" } as const,
        })),
      ],
      {},
    ),
  );
  const correlated = recordsOf(records, "drops.correlate").map(({ account }) => account);
  expect(correlated.toSorted()).toEqual(accounts);
  expect(
    records.some((record) => "rule" in record && record.rule === "keepalive/neighbour-dropped"),
  ).toBe(true);
}, 60_000);

it("sessions of a chat that cannot be read any more are made anew, and it is read again", async () => {
  const bench = await AccountBench.start();
  const runtime = await bench.opened();
  try {
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "readable");
    await bench.message("readable");
    bench.server.faults.set("storm", { stage: "delivery", kind: "undecryptable" });
    for (let index = 0; index < 5; index += 1) await alice.write(bench.account, `lost ${index}`);
    await bench.until(() => bench.recordsOf("session.reset").length > 0, "session.reset");
    bench.server.faults.clear("storm");
    const asksForKeys = (): boolean =>
      bench.server.transcript.entries.some(
        ({ dir, node }) => dir === "in" && JSON.stringify(node).includes('"reason":"identity"'),
      );
    await bench.until(asksForKeys, "fresh keys");
    await alice.write(bench.account, "readable again");
    await bench.message("readable again");
    expect(bench.recordsOf("session.reset")).toHaveLength(1);
    expect(bench.recordsOf("socket.open")).toHaveLength(1);
  } finally {
    await bench.stop(runtime);
  }
}, 30_000);
