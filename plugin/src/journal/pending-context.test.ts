/** Goal: what was kept as context and shown by no turn is found again, whatever became of the process or the file meanwhile. */
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { ALICE_LID, idsOf, incoming, journalRig, START_MS } from "./journal.test-support.ts";

test("context is pending until a turn has shown it, also after a restart", () => {
  const rig = journalRig();
  const first = rig.open();
  for (const messageId of ["answered", "one", "two", "three"]) {
    first.receive(incoming({ messageId }), START_MS);
    const reason = messageId === "answered" ? "answered: adopted" : "context: late";
    first.advance(messageId, ALICE_LID, "settled", reason);
    rig.clock.advance(10);
  }
  expect(idsOf(first.pendingContext(10))).toEqual(["one", "two", "three"]);
  expect(idsOf(first.pendingContext(2))).toEqual(["two", "three"]);
  first.markContextShown("one", ALICE_LID);
  first.markContextShown("answered", ALICE_LID);
  first.close();
  const second = rig.open();
  expect(idsOf(second.pendingContext(10))).toEqual(["two", "three"]);
  const reasons = second.messages({ sinceMs: 0, limit: 10 }).map(({ reason }) => reason);
  expect(reasons).toEqual([
    "answered: adopted",
    "context, shown: late",
    "context: late",
    "context: late",
  ]);
});

test("what a turn showed while the file was locked is not pending afterwards", () => {
  const rig = journalRig();
  const journal = rig.open();
  for (const messageId of ["before", "shown"]) {
    journal.receive(incoming({ messageId }), START_MS);
    journal.advance(messageId, ALICE_LID, "settled", "context: late");
  }
  const other = new DatabaseSync(rig.path);
  other.exec("BEGIN IMMEDIATE");
  journal.receive(incoming({ messageId: "during" }), START_MS);
  journal.advance("during", ALICE_LID, "settled", "context: late");
  journal.markContextShown("shown", ALICE_LID);
  expect(idsOf(journal.pendingContext(10)).toSorted()).toEqual(["before", "during"]);
  other.exec("ROLLBACK");
  other.close();
  rig.clock.advance(120_000);
  expect(journal.status()).toMatchObject({ state: "ok" });
  expect(idsOf(journal.pendingContext(10)).toSorted()).toEqual(["before", "during"]);
});
