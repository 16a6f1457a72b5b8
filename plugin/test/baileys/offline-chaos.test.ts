/** Goal: wherever the delivery of waiting messages breaks off, none is lost and none comes twice; and each protection is needed for that. */
import { describe, expect, it } from "vitest";
import { type OfflinePlan, offlinePlan, WRITERS } from "../simulation/offline-plan.ts";
import { runOffline } from "../simulation/offline-run.ts";
import type { Protection } from "../simulation/protections.ts";

const SEEDS = 30;
/** Enough for every point, and little enough for every test run; `npm run sim` takes more of both. */
const MOST_MESSAGES = 15;

it(`${SEEDS} seeds of a drop anywhere in the delivery: nothing lost, nothing doubled`, async () => {
  let drops = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { lost, late, doubled, ...result } = await runOffline(offlinePlan(seed, MOST_MESSAGES));
    expect({ seed, lost, late, doubled }).toEqual({ seed, lost: [], late: [], doubled: [] });
    drops += result.drops;
  }
  expect(drops).toBeGreaterThan(SEEDS);
}, 120_000);

describe("without a protection", () => {
  it("flush and its second line: receipted messages die with the library's buffer", async () => {
    const plan = planOf(15, { point: "receipt", count: 5, kind: "reset" });
    // Those whose receipts were on their way when the connection went.
    const { lost } = await runOffline(plan, without("flush", "reinject"));
    expect(lost.length).toBeGreaterThanOrEqual(5);
    expect((await runOffline(plan, without("flush"))).lost).toEqual([]);
    expect((await runOffline(plan, without("reinject"))).lost).toEqual([]);
  });

  it("stored plaintexts: a message whose receipt failed cannot be read a second time", async () => {
    const plan = planOf(15, { point: "decrypt", count: 5, kind: "reset" });
    expect((await runOffline(plan, without("reread", "reinject"))).lost).toHaveLength(1);
    expect((await runOffline(plan, without("reinject"))).lost).toEqual([]);
    expect((await runOffline(plan, without("reread"))).lost).toEqual([]);
  });

  it("the journal's memory: a message that comes again is said again", async () => {
    const plan = { ...planOf(15), losesReceipt: true };
    expect((await runOffline(plan, without("dedupe"))).doubled.length).toBeGreaterThan(0);
    expect((await runOffline(plan)).doubled).toEqual([]);
  });

  it("the pull loop: what lies behind the first batch does not come, nor does a live message", async () => {
    // The library asks once, for 100; the server's primer comes on top.
    const plan = { ...planOf(130), model: "pull", primer: 5 } as const;
    const { late } = await runOffline(plan, without("pull"));
    expect(late).toHaveLength(25 + 1);
    expect(await runOffline(plan)).toMatchObject({ lost: [], late: [] });
  });
});

/** Warm sessions, no phone to ask for a copy, everything delivered at once. */
function planOf(count: number, ...drops: OfflinePlan["drops"]): OfflinePlan {
  return {
    seed: 1,
    messages: Array.from({ length: count }, (_, index) => ({
      text: `message ${index}`,
      writer: index % WRITERS,
    })),
    drops,
    model: "push",
    primer: 5,
    isWarm: true,
    isPhoneOnline: false,
  };
}

function without(...protections: Protection[]): ReadonlySet<Protection> {
  return new Set(protections);
}
