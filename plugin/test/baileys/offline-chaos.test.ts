/** Goal: wherever the delivery of waiting messages breaks off, none is lost and none comes twice; and each protection is needed for that. */
import { describe, expect, it } from "vitest";
import { DEMONSTRATIONS, runWithout } from "../simulation/lost-without.ts";
import { offlinePlan } from "../simulation/offline-plan.ts";
import { runOffline } from "../simulation/offline-run.ts";

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

describe.each(DEMONSTRATIONS)("without $without: $name", (demonstration) => {
  const { without, harm, atLeast } = demonstration;

  it(`${harm}: ${atLeast} or more`, async () => {
    const result = await runWithout(demonstration, without);
    expect(result[harm].length).toBeGreaterThanOrEqual(atLeast);
  });

  const almost = without.map((kept) => ({ missing: without.filter((each) => each !== kept) }));
  it.each(almost)("nothing of it with no more than $missing missing", async ({ missing }) => {
    const { lost, late, doubled, healed } = await runWithout(demonstration, missing);
    expect([...lost, ...late, ...doubled, ...healed]).toEqual([]);
  });
});
