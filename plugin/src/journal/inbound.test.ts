import { describe, expect, test } from "vitest";
import type { IncomingMessage } from "../runtime/ports.ts";
import {
  ALICE_LID,
  ALICE_PN,
  BOB_LID,
  BOB_PN,
  GROUP,
  idsOf,
  incoming,
  journalRig,
  START_MS,
} from "./journal.test-support.ts";

describe("a message", () => {
  test("is stored once, whoever brings it again", () => {
    const rig = journalRig();
    const journal = rig.open();
    expect(journal.receive(incoming(), START_MS).duplicate).toBe(false);
    for (const again of [
      incoming({ socketId: 2 }),
      incoming({ via: "offline" }),
      incoming({ via: "history" }),
      incoming({ via: "decrypt-buffer" }),
      incoming({ chat: "200000000000001:7@lid" }),
    ]) {
      const entry = journal.receive(again, START_MS + 5_000);
      expect(entry).toMatchObject({ duplicate: true, receivedAtMs: START_MS });
    }
    expect(journal.depth().unsettled).toBe(1);
  });

  test("is known after a restart, with its text, until it is settled", () => {
    const rig = journalRig();
    const first = rig.open();
    first.receive(incoming(), START_MS);
    first.close();

    const second = rig.open();
    expect(second.receive(incoming({ via: "offline" }), START_MS).duplicate).toBe(true);
    expect(second.unsettled(10)).toEqual([
      { message: incoming(), conversation: ALICE_LID, receivedAtMs: START_MS, duplicate: false },
    ]);
    second.advance("M1", ALICE_LID, "settled", "answered");
    second.close();

    const third = rig.open();
    expect(third.unsettled(10)).toEqual([]);
    expect(third.receive(incoming(), START_MS).duplicate).toBe(true);
    expect(third.messages({ sinceMs: 0, limit: 10 })).toMatchObject([
      { messageId: "M1", state: "settled", reason: "answered", senderName: "Alice" },
    ]);
  });

  test("only moves forward", () => {
    const journal = journalRig().open();
    journal.receive(incoming(), START_MS);
    journal.advance("M1", ALICE_LID, "settled", "ignored: protocol message");
    journal.advance("M1", ALICE_LID, "admitted", "too late");
    expect(journal.messages({ sinceMs: 0, limit: 1 })[0]).toMatchObject({
      state: "settled",
      reason: "ignored: protocol message",
    });
  });

  test("is not admitted again once the gateway had taken the turn over", () => {
    const rig = journalRig();
    const first = rig.open();
    for (const messageId of ["received", "admitted", "adopted"] as const) {
      first.receive(incoming({ messageId }), START_MS);
      first.advance(messageId, ALICE_LID, messageId, "");
    }
    expect(idsOf(first.unsettled(10))).toEqual(["received", "admitted"]);
    first.close();

    const second = rig.open();
    expect(idsOf(second.unsettled(10))).toEqual(["received", "admitted"]);
    const adopted = second
      .messages({ sinceMs: 0, limit: 10 })
      .find((m) => m.messageId === "adopted");
    expect(adopted).toMatchObject({
      state: "settled",
      reason: expect.stringContaining("gateway had taken the turn"),
    });
  });

  test("can be quoted while its text is kept", () => {
    const journal = journalRig().open();
    journal.receive(incoming({ chatAlternate: ALICE_PN }), START_MS);
    expect(journal.findRaw("M1", ALICE_PN)).toBe(incoming().raw);
    expect(journal.findRaw("M1", BOB_PN)).toBeNull();
    expect(journal.findRaw("unknown", ALICE_PN)).toBeNull();
  });
});

describe("PN and LID of one person", () => {
  const byLid = incoming({ chat: ALICE_LID, sender: ALICE_LID });
  const byPn = incoming({ chat: ALICE_PN, sender: ALICE_PN, via: "offline" });

  test.each<[string, IncomingMessage, IncomingMessage]>([
    ["when the first stanza gave both", { ...byLid, chatAlternate: ALICE_PN }, byPn],
    ["when the redelivery gives both", byLid, { ...byPn, chatAlternate: ALICE_LID }],
    ["when neither did, by the server's time", byLid, byPn],
    ["when only the author's pair is known", { ...byLid, senderAlternate: ALICE_PN }, byPn],
  ])("are one: %s", (_when, first, second) => {
    const journal = journalRig().open();
    journal.receive(first, START_MS);
    expect(journal.receive(second, START_MS).duplicate).toBe(true);
  });

  test("are told apart when nothing connects them", () => {
    const journal = journalRig().open();
    journal.receive(byLid, START_MS);
    const other = journal.receive({ ...byPn, sentAtMs: START_MS - 9_000 }, START_MS);
    expect(other.duplicate).toBe(false);
  });

  test("become one when the pair is learnt later: the copy behind is settled", () => {
    const journal = journalRig().open();
    journal.receive(byLid, START_MS);
    journal.receive({ ...byPn, sentAtMs: null }, START_MS + 1);
    expect(journal.depth().unsettled).toBe(2);
    journal.advance("M1", ALICE_PN, "admitted", "");

    journal.learnAddress(ALICE_PN, ALICE_LID);
    expect(journal.unsettled(10)).toMatchObject([
      { message: { chat: ALICE_PN }, conversation: ALICE_LID },
    ]);
    expect(journal.messages({ sinceMs: 0, limit: 10 }).map((m) => m.reason)).toEqual([
      "the same message arrived under the other address of its chat",
      "",
    ]);
  });

  test("a pair is learnt in either order and survives a restart", () => {
    const rig = journalRig();
    const first = rig.open();
    first.learnAddress(BOB_LID, "15550100002:3@s.whatsapp.net");
    first.close();
    const second = rig.open();
    expect(second.receive(incoming({ chat: BOB_PN }), START_MS).conversation).toBe(BOB_LID);
  });

  test("a number given to somebody else leaves the old messages where they were", () => {
    const journal = journalRig().open();
    journal.receive({ ...byPn, chatAlternate: ALICE_LID }, START_MS);
    journal.learnAddress(ALICE_PN, BOB_LID);
    const newcomer = incoming({ chat: ALICE_PN, messageId: "M2" });
    expect(journal.receive(newcomer, START_MS).conversation).toBe(BOB_LID);
    expect(
      journal.messages({ chat: BOB_LID, sinceMs: 0, limit: 9 }).map((m) => m.messageId),
    ).toContain("M2");
  });

  test("in groups the author's two addresses are one author", () => {
    const journal = journalRig().open();
    const inGroup = incoming({ chat: GROUP, chatKind: "group", sender: BOB_LID });
    journal.receive(inGroup, START_MS);
    expect(journal.receive({ ...inGroup, sender: BOB_PN }, START_MS).duplicate).toBe(true);
  });
});

test("another member cannot suppress a message by repeating its id", () => {
  const journal = journalRig().open();
  const forged = incoming({ chat: GROUP, chatKind: "group", sender: BOB_LID });
  const genuine = { ...forged, sender: ALICE_LID };
  journal.receive(forged, START_MS);
  expect(journal.receive(genuine, START_MS + 1).duplicate).toBe(false);
  expect(journal.depth().unsettled).toBe(2);
  journal.advance("M1", GROUP, "settled", "first");
  journal.advance("M1", GROUP, "settled", "second");
  expect(journal.messages({ sinceMs: 0, limit: 9 }).map((m) => m.reason)).toEqual([
    "first",
    "second",
  ]);
});

test("the same author and id in another chat is another message", () => {
  const journal = journalRig().open();
  journal.receive(incoming(), START_MS);
  const inGroup = incoming({ chat: GROUP, chatKind: "group", sender: ALICE_LID });
  expect(journal.receive(inGroup, START_MS).duplicate).toBe(false);
  journal.advance("M1", GROUP, "settled", "context");
  expect(idsOf(journal.unsettled(10))).toEqual(["M1"]);
  expect(journal.unsettled(10)[0]?.message.chat).toBe(ALICE_LID);
});

test("our own message and a contact's with the same id are two", () => {
  const journal = journalRig().open();
  journal.receive(incoming({ fromMe: true, sender: BOB_PN }), START_MS);
  expect(journal.receive(incoming(), START_MS).duplicate).toBe(false);
});

test("messages are read back by chat under any address, by time, newest last, and bounded", () => {
  const journal = journalRig().open();
  journal.receive(incoming({ messageId: "A", chatAlternate: ALICE_PN }), START_MS);
  journal.receive(incoming({ messageId: "B", chat: ALICE_PN }), START_MS + 10);
  journal.receive(incoming({ messageId: "C", chat: GROUP, chatKind: "group" }), START_MS + 20);
  const ids = (query: Parameters<typeof journal.messages>[0]): string[] =>
    journal.messages(query).map((entry) => entry.messageId);
  expect(ids({ chat: ALICE_PN, sinceMs: 0, limit: 9 })).toEqual(["A", "B"]);
  expect(ids({ chat: ALICE_LID, sinceMs: START_MS + 5, limit: 9 })).toEqual(["B"]);
  expect(ids({ sinceMs: 0, limit: 2 })).toEqual(["B", "C"]);
  expect(journal.messages({ chat: GROUP, sinceMs: 0, limit: 1 })[0]).toMatchObject({
    content: { type: "text", text: "hello C" },
    conversation: GROUP,
  });
});

test("the high-water mark follows the newest message and is not fooled by a clock of the future", () => {
  const journal = journalRig().open();
  journal.receive(incoming({ messageId: "new", sentAtMs: START_MS - 100 }), START_MS);
  journal.receive(
    incoming({ messageId: "old", sentAtMs: START_MS - 900, via: "history" }),
    START_MS,
  );
  expect(journal.highWater(ALICE_LID)).toMatchObject({ messageId: "new" });
  journal.receive(incoming({ messageId: "future", sentAtMs: START_MS * 2 }), START_MS + 10);
  journal.receive(incoming({ messageId: "next", sentAtMs: START_MS + 20 }), START_MS + 30);
  expect(journal.highWater(ALICE_LID)).toMatchObject({ messageId: "next" });

  journal.receive(
    incoming({ messageId: "pn", chat: ALICE_PN, sentAtMs: START_MS + 50 }),
    START_MS + 60,
  );
  journal.learnAddress(ALICE_PN, ALICE_LID);
  expect(journal.highWater(ALICE_PN)).toEqual(journal.highWater(ALICE_LID));
  expect(journal.recentHighWater(10)).toMatchObject([{ conversation: ALICE_LID, messageId: "pn" }]);
});
