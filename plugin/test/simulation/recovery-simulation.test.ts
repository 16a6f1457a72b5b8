/** Goal: no random story of troubles breaks a promise, and a story can be told again by its seed. */
import { expect, it } from "vitest";
import { tellCoreStory } from "./core-story.ts";

it.each([1, 2, 3, 4])("three days, seed %i", (seed) => {
  const { violations, troubles, busiestHour, linesOfWorstDay } = tellCoreStory(seed, 3);
  expect(violations).toEqual([]);
  expect(troubles).toBeGreaterThan(10);
  expect(busiestHour).toBeLessThanOrEqual(60);
  expect(linesOfWorstDay).toBeLessThanOrEqual(200);
});

it("the same seed tells the same story", () => {
  const [first, again] = [7, 7].map((seed) => tellCoreStory(seed, 1, { keepsRecords: true }));
  expect(again?.records.length).toBeGreaterThan(1_000);
  expect(again?.records).toEqual(first?.records);
});
