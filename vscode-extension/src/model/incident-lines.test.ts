import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { IncidentLines } from "./incident-lines.ts";

const incidents = join(import.meta.dirname, "../../../fixtures/incidents");
const read = (slug: string): string => readFileSync(join(incidents, `${slug}.jsonl`), "utf8");
const CLOSED_LINE = 220;
const linesOf = (text: string): IncidentLines => resultOf(IncidentLines.read(text));

/** What comes of work that rests now and then. */
function resultOf<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

test("a line is told in words before its text, with the time since the run began", () => {
  const lines = linesOf(read("428-channel-exit"));
  expect(lines.hint(0)?.trimEnd()).toBe("An ordinary close of the WebSocket ended the channel");
  expect(lines.hint(4)?.trimEnd()).toBe("+0:01:00.181 <- WebSocket open (assumed)");
  const closed = read("428-channel-exit")
    .split("\n")
    .findIndex((line) => line.includes('"socket.closed"'));
  expect(lines.hint(closed)).toContain("socket closed: 428 Connection Terminated");
  const told = resultOf(lines.explain(closed))?.join("\n") ?? "";
  expect(told).toContain("2026-05-01T04:00:03.238Z");
  expect(told).toMatch(/Cause `closed-by-server`: .+\. Nothing to do/);
  expect(told).toContain("Decided by `close/transient`: reconnect in");
});

test("outages and routine fold, within their run", () => {
  const folds = linesOf(read("428-channel-exit")).folds();
  expect(folds[0]).toEqual({ start: 0, end: 297 });
  const outage = folds.find(({ start }) => start >= CLOSED_LINE - 10 && start <= CLOSED_LINE + 2);
  expect(outage).toBeDefined();
  for (const one of folds)
    for (const other of folds) {
      const cross = one.start < other.start && other.start <= one.end && one.end < other.end;
      expect(cross, JSON.stringify([one, other])).toBe(false);
    }
});

test("half a line, a golden and nothing at all are not explained, and nothing breaks", () => {
  const half = linesOf(read("428-channel-exit").slice(0, 450));
  expect(half.hint(0)).not.toBeNull();
  expect(resultOf(half.explain(1))).toBeNull();
  expect(linesOf("").folds()).toEqual([]);
});
