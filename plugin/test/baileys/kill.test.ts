/** Goal: a process that is killed at any moment has lost no message, and its successor answers none a second time. */
import { expect, it } from "vitest";
import { runKills } from "../simulation/kill-run.ts";

const ROUNDS = 5;

it(`${ROUNDS} times kill -9 while people write: each message is answered, under one id`, async () => {
  const { written, lost, doubled } = await runKills(1, ROUNDS);
  expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
  expect(written).toBeGreaterThan(ROUNDS);
}, 120_000);
