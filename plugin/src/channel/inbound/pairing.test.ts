import { expect, test } from "vitest";
import { isChallengeDue } from "./pairing.ts";

test("a stranger gets a code for what they write now, and never for an old message", () => {
  expect(isChallengeDue("reply", false)).toBe(true);
  expect(isChallengeDue("reply", true)).toBe(false);
  expect(isChallengeDue("context", false)).toBe(false);
  expect(isChallengeDue("notify-owner", true)).toBe(false);
});
