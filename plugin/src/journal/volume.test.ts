import { expect, test } from "vitest";
import { ALICE_LID, incoming, journalRig, START_MS } from "./journal.test-support.ts";

/** 100,000 in the full run; fewer where several suites share two cores. */
const MESSAGES = Number(process.env["JOURNAL_MESSAGES"] ?? 15_000);
const MAX_HEAP_GROWTH_BYTES = 32 * 1024 * 1024;

test(`${MESSAGES} messages, each redelivered, with bounded memory and a bounded file`, () => {
  const rig = journalRig();
  const journal = rig.open({ settings: { retentionDays: 14, maxMegabytes: 16 } });
  const text = "lorem ipsum ".repeat(30);
  const pass = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      const message = incoming({ messageId: `M${index}`, content: { type: "text", text } });
      const first = journal.receive(message, START_MS + index);
      const second = journal.receive({ ...message, via: "offline" }, START_MS + index);
      if (first.duplicate || !second.duplicate)
        throw new Error(`message ${index} was not told apart`);
      journal.advance(message.messageId, ALICE_LID, "settled", "answered");
      rig.clock.advance(100);
    }
  };
  const warmUp = Math.floor(MESSAGES / 5);
  pass(0, warmUp);
  const before = process.memoryUsage();
  pass(warmUp, MESSAGES);
  const after = process.memoryUsage();
  expect(after.heapUsed - before.heapUsed).toBeLessThan(MAX_HEAP_GROWTH_BYTES);
  expect(journal.status()).toMatchObject({ state: "ok", unsettled: 0, spilled: 0, dropped: 0 });
  expect(journal.status().sizeBytes).toBeLessThan((16 + 9) * 1024 * 1024);
}, 120_000);
