import { describe, expect, it } from "vitest";
import { LIMITS } from "./index.ts";
import { SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const journalled = {
  kind: "message.journalled",
  socketId: 1,
  messageId: "M1",
  chat: "user-a",
  chatKind: "direct",
  via: "offline",
  ageMs: 90_000,
  fromMe: false,
  mentioned: false,
  duplicate: false,
} as const;

function preview(story: Story, announced: number): void {
  story.tell({
    kind: "drain.previewed",
    socketId: story.socketId,
    announced,
    messages: announced,
    receipts: 0,
    notifications: 0,
  });
}

describe("offline delivery", () => {
  it("asks for the next batch while stanzas come and closes the ledger at the end marker", () => {
    const story = new Story().start().open();
    preview(story, 2);
    for (const stanzaId of ["M1", "M2"]) {
      story.tell({ kind: "stanza.received", socketId: 1, stanzaId, class: "message" });
      story.tell({ ...journalled, messageId: stanzaId });
    }
    story.fire("drain-pull", LIMITS.drainPullDebounceMs);
    expect(story.effects("drain.pull")).toEqual([
      { kind: "drain.pull", socketId: 1, batch: LIMITS.drainBatch },
    ]);
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 2 });
    expect(story.effects("drain.close")[0]).toMatchObject({
      outcome: "complete",
      announced: 2,
      delivered: 2,
      journalled: 2,
    });
  });

  it("gives an offline delivery without an end marker a visible end", () => {
    const story = new Story().start().open();
    preview(story, 9);
    story.tell({ kind: "stanza.received", socketId: 1, stanzaId: "M1", class: "message" }, 50_000);
    story.fire("drain-limit", 10_000);
    expect(story.last?.rule).toBe("drain/goes-on");
    story.fire("drain-limit", LIMITS.drainSilenceMs);
    expect(story.effects("drain.close")[0]).toMatchObject({ outcome: "timed-out", delivered: 1 });
    expect(story.state.backfill.suspicion).toMatchObject({ evidence: "announced-more" });
  });

  it("accounts for an outage once, with what the offline delivery brought", () => {
    const story = new Story().start().open();
    story.fire("stable", LIMITS.stableMs);
    const down = story.at + 10;
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 60_000);
    story.open();
    preview(story, 1);
    story.tell({ kind: "stanza.received", socketId: 2, stanzaId: "M1", class: "message" });
    story.tell({ ...journalled, socketId: 2 });
    story.tell({ kind: "drain.ended", socketId: 2, delivered: 1 });
    expect(story.effects("outage.report")).toMatchObject([
      {
        outageId: 1,
        startedAt: down,
        causeId: "stream-unavailable",
        attempts: 1,
        recoveredOffline: 1,
      },
    ]);
  });
});

describe("an end marker that overtakes the decryption", () => {
  const stanza = (stanzaId: string) =>
    ({ kind: "stanza.received", socketId: 1, stanzaId, class: "message" }) as const;

  function ended(...stanzaIds: readonly string[]): Story {
    const story = new Story().start().open();
    preview(story, stanzaIds.length);
    for (const stanzaId of stanzaIds) story.tell(stanza(stanzaId));
    story.tell({ kind: "drain.ended", socketId: 1, delivered: stanzaIds.length });
    return story;
  }

  it("leaves the ledger open until its last message is in the journal", () => {
    const story = ended("M1", "M2");
    expect(story.effects("drain.close")).toEqual([]);
    story.tell({ ...journalled, messageId: "M1" });
    expect(story.effects("drain.close")).toEqual([]);
    story.tell({ ...journalled, messageId: "M2" });
    expect(story.last?.rule).toBe("inbound/held");
    expect(story.effects("drain.close")).toMatchObject([
      { outcome: "complete", delivered: 2, journalled: 2 },
    ]);
  });

  it("asks for no further batch, and counts what is known to bring nothing", () => {
    const story = ended("M1", "M2");
    expect(story.state.timers.some(({ timer }) => timer === "drain-pull")).toBe(false);
    story.tell({
      kind: "message.skipped",
      socketId: 1,
      messageId: "M1",
      via: "offline",
      why: "no-content",
    });
    story.tell({
      kind: "message.orphaned",
      socketId: 1,
      messageId: "M2",
      chat: null,
      why: "key-used",
    });
    expect(story.effects("drain.close")).toMatchObject([{ outcome: "complete", journalled: 0 }]);
  });

  it("has a visible end when a message never comes of it", () => {
    const story = ended("M1", "M2");
    story.tell({ ...journalled, messageId: "M1" }, 50_000);
    story.fire("drain-limit", 20_000);
    expect(story.last?.rule).toBe("drain/goes-on");
    story.fire("drain-limit", LIMITS.drainSilenceMs);
    expect(story.last?.rule).toBe("drain/unaccounted");
    expect(story.effects("drain.close")).toMatchObject([{ outcome: "timed-out", journalled: 1 }]);
  });

  it("is cut short by the end of the socket", () => {
    const story = ended("M1");
    story.close(SERVICE_UNAVAILABLE);
    expect(story.effects("drain.close")).toMatchObject([{ outcome: "cut-short", delivered: 1 }]);
  });
});

describe("an outage's account, in the order unmodified Baileys gives", () => {
  function reconnecting(): Story {
    const story = new Story().start().open();
    story.fire("stable", LIMITS.stableMs);
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 60_000);
    return story;
  }

  it("counts what Baileys hands over only after the end marker and after open", () => {
    const story = reconnecting();
    preview(story, 2);
    for (const stanzaId of ["M1", "M2"]) {
      story.tell({ kind: "stanza.received", socketId: 2, stanzaId, class: "message" });
    }
    story.tell({ kind: "drain.ended", socketId: 2, delivered: 2 });
    story.open();
    story.tell({ ...journalled, socketId: 2 });
    expect(story.effects("outage.report")).toEqual([]);
    const why = "undecryptable";
    story.tell({ kind: "message.orphaned", socketId: 2, messageId: "M2", chat: null, why });
    expect(story.effects("outage.report")).toMatchObject([{ recoveredOffline: 1 }]);
  });

  it("is written at once when nothing waited and the end marker came before open", () => {
    const story = reconnecting();
    preview(story, 0);
    story.tell({ kind: "drain.ended", socketId: 2, delivered: 0 });
    expect(story.effects("outage.report")).toEqual([]);
    story.open();
    expect(story.effects("outage.report")).toMatchObject([{ recoveredOffline: 0 }]);
  });
});

describe("what becomes of a stanza without a message", () => {
  it("asks the phone once for a stanza that could not be read", () => {
    const story = new Story().start().open();
    const orphan = {
      kind: "message.orphaned",
      socketId: 1,
      messageId: "M9",
      chat: "user-a",
      why: "key-used",
    } as const;
    story.tell(orphan);
    expect(story.effects("placeholder.request")).toHaveLength(1);
    story.tell(orphan);
    expect(story.effects("placeholder.request")).toEqual([]);
  });
});
