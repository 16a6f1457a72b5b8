/** Goal: the account of an outage equals what the world counted, whatever was lost and however the phone answers; 500 outages by command. */
import { expect, it } from "vitest";
import { BACKFILL } from "../simulation/backfill-simulation.ts";

it.each([2, 6])("outage of seed %i", async (seed) => {
  const { violations } = await BACKFILL.run(seed, 1, () => undefined);
  expect(violations).toEqual([]);
});
