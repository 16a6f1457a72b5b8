import { describe, expect, test } from "vitest";
import type { OutgoingContent } from "../runtime/ports.ts";
import { ALICE_LID, ALICE_PN, journalRig, START_MS } from "./journal.test-support.ts";

const content: OutgoingContent = {
  operation: "text",
  text: "answer",
  quotedRaw: null,
  mentions: [],
};
const entry = (sendId: string, messageId = `ID-${sendId}`) => ({
  sendId,
  messageId,
  chat: "200000000000001:4@lid",
  content,
});

describe("custody of a send", () => {
  test("keeps the first message id across calls and restarts", () => {
    const rig = journalRig();
    const first = rig.open();
    expect(first.takeCustody(entry("S1", "ID-A"))).toEqual({
      ...entry("S1", "ID-A"),
      chat: ALICE_LID,
      state: "queued",
      attempts: 0,
      lastError: null,
      left: false,
      prepared: null,
    });
    first.updateCustody("S1", "written", null);
    first.close();
    const second = rig.open();
    expect(second.takeCustody(entry("S1", "ID-B"))).toMatchObject({
      messageId: "ID-A",
      state: "written",
      attempts: 1,
    });
    expect(second.custodyByMessageId("ID-A")?.sendId).toBe("S1");
    expect(second.custodyByMessageId("ID-B")).toBeNull();
    expect(second.custody("unknown")).toBeNull();
  });

  test("counts attempts that wrote and attempts that could not", () => {
    const journal = journalRig().open();
    journal.takeCustody(entry("S1"));
    journal.updateCustody("S1", "queued", "no socket");
    expect(journal.custody("S1")).toMatchObject({ attempts: 1, lastError: "no socket" });
    journal.updateCustody("S1", "written", null);
    journal.updateCustody("S1", "queued", "no ack");
    expect(journal.custody("S1")).toMatchObject({ attempts: 2, lastError: "no ack" });
    journal.updateCustody("S1", "written", null);
    journal.updateCustody("S1", "acked", null);
    expect(journal.custody("S1")).toMatchObject({ state: "acked", attempts: 3, lastError: null });
  });

  test("never takes a proof back", () => {
    const journal = journalRig().open();
    journal.takeCustody(entry("S1"));
    journal.updateCustody("S1", "delivered", null);
    journal.updateCustody("S1", "acked", null);
    journal.updateCustody("S1", "failed", "socket closed");
    expect(journal.custody("S1")).toMatchObject({ state: "delivered", lastError: null });

    journal.takeCustody(entry("S2"));
    journal.updateCustody("S2", "failed", "socket closed");
    journal.updateCustody("S2", "acked", null);
    expect(journal.custody("S2")).toMatchObject({ state: "acked" });
  });

  test("lists what is open, oldest first, and the parts of one delivery", () => {
    const rig = journalRig();
    const journal = rig.open();
    for (const sendId of ["q:7/2", "q:7/1", "q:70/1", "q:6/1"]) {
      journal.takeCustody(entry(sendId));
      rig.clock.advance(10);
    }
    journal.updateCustody("q:70/1", "acked", null);
    journal.updateCustody("q:6/1", "failed", "refused");
    expect(journal.openCustody(10).map((send) => send.sendId)).toEqual(["q:7/2", "q:7/1"]);
    expect(journal.openCustody(1)).toHaveLength(1);
    expect(journal.custodyWithPrefix("q:7/", 10).map((send) => send.sendId)).toEqual([
      "q:7/2",
      "q:7/1",
    ]);
    expect(journal.custodyWithPrefix("q:7", 10)).toHaveLength(3);
    expect(journal.custodyWithPrefix("q:7/%", 10)).toEqual([]);
  });
});

describe("the decrypt buffer", () => {
  const stanza = {
    ciphertextHash: "aa",
    stanzaId: "STANZA",
    chat: ALICE_PN,
    sender: ALICE_PN,
    stanza: '{"t":"1"}',
    plaintext: new Uint8Array([1, 2, 3]),
  };

  test("gives a plaintext back after a restart until its message was handed over", () => {
    const rig = journalRig();
    const first = rig.open();
    first.storePlaintext(stanza);
    first.storePlaintext({ ...stanza, plaintext: new Uint8Array([9]) });
    first.close();
    const second = rig.open();
    expect(second.pendingPlaintexts(10)).toEqual([
      { ...stanza, storedAtMs: START_MS, upserted: false },
    ]);
    second.markUpserted("STANZA");
    expect(second.pendingPlaintexts(10)).toEqual([]);
    expect(second.findPlaintext("aa")).toMatchObject({
      upserted: true,
      plaintext: stanza.plaintext,
    });
    expect(second.findPlaintext("bb")).toBeNull();
  });

  test("forgets the plaintext a day after hand-over, and remembers for weeks that there was one", () => {
    const rig = journalRig();
    const journal = rig.open();
    journal.storePlaintext(stanza);
    journal.markUpserted("STANZA");
    rig.clock.advance(2 * 86_400_000);
    expect(journal.findPlaintext("aa")).toBe("handed-over");
    rig.clock.advance(20 * 86_400_000);
    expect(journal.findPlaintext("aa")).toBeNull();
  });
});

test("outages are kept newest first, a later revision replaces an earlier one", () => {
  const rig = journalRig();
  const first = rig.open();
  const outage = {
    startedAtMs: START_MS,
    endedAtMs: null,
    causeId: "dns-not-found",
    revision: 1,
    attempts: 3,
    recoveredOffline: 0,
    recoveredHistory: 0,
    duplicates: 0,
    tooOld: 0,
    unanswered: 0,
  };
  first.recordOutage(outage);
  first.recordOutage({ ...outage, startedAtMs: START_MS + 1_000 });
  first.recordOutage({ ...outage, revision: 2, endedAtMs: START_MS + 500, recoveredOffline: 7 });
  first.recordOutage(outage);
  first.close();
  expect(rig.open().recentOutages(10)).toEqual([
    { ...outage, startedAtMs: START_MS + 1_000 },
    { ...outage, revision: 2, endedAtMs: START_MS + 500, recoveredOffline: 7 },
  ]);
});
