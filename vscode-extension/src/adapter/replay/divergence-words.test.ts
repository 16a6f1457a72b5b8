import { expect, test } from "vitest";
import { wordDivergence } from "./divergence-words.ts";

const divergence = (
  expected: { rule: string; effects: unknown[] } | null,
  actual: { rule: string; effects: unknown[] },
): string =>
  wordDivergence({ seq: 4, line: 5, label: "divergent", rule: actual.rule, expected, actual });

const timer = (delayMs: number) => ({ kind: "timer.start", timer: "connect-limit", delayMs });

test.each([
  [null, [timer(1)], "decided by a/b, expected no decision"],
  [{ rule: "a/c", effects: [] }, [], "decided by a/b, expected a/c"],
  [
    { rule: "a/b", effects: [timer(20_000)] },
    [timer(45_000)],
    "a/b decides other effects: timer.start with delayMs 45000, expected 20000",
  ],
  [{ rule: "a/b", effects: [timer(1)] }, [], "a/b decides other effects: timer.start is missing"],
  [
    { rule: "a/b", effects: [] },
    [{ kind: "socket.open" }],
    "a/b decides other effects: socket.open was not expected",
  ],
  [
    { rule: "a/b", effects: [timer(1), timer(2), timer(3), timer(4), timer(5)] },
    [{ kind: "socket.open" }],
    "a/b decides other effects: socket.open, expected timer.start; timer.start is missing; timer.start is missing; and 2 more",
  ],
])("%j against %j is told as what differs", (expected, effects, words) => {
  expect(divergence(expected, { rule: "a/b", effects })).toBe(words);
});
