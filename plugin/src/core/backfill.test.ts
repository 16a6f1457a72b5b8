import { describe, expect, it } from "vitest";
import type { Input } from "../events/index.ts";
import { DEFAULT_POLICY, LIMITS, type Policy } from "./index.ts";
import { SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

type Journalled = Extract<Input, { kind: "message.journalled" }>;
type Answered = Extract<Input, { kind: "history.answered" }>;

const MINUTE = 60_000;
let nextId = 1;

/** The account of a busy group and a quiet direct chat, as it comes out of an outage. */
class Account extends Story {
  message(chat: string, change: Partial<Journalled> = {}, afterMs = 1_000): string {
    const messageId = change.messageId ?? `ABCDEF${String(nextId++).padStart(10, "0")}`;
    this.tell(
      {
        kind: "message.journalled",
        socketId: this.socketId,
        chat,
        chatKind: chat.startsWith("group") ? "group" : "direct",
        via: "live",
        ageMs: 0,
        fromMe: false,
        mentioned: false,
        duplicate: false,
        ...change,
        messageId,
      },
      afterMs,
    );
    return messageId;
  }

  delivery(announced: number, delivered = announced): void {
    const { socketId } = this;
    const counts = { announced, messages: announced, receipts: 0, notifications: 0 };
    this.tell({ kind: "drain.previewed", socketId, ...counts });
    for (let index = 0; index < delivered; index += 1) {
      this.tell({ kind: "stanza.received", socketId, stanzaId: `S${index}`, class: "receipt" });
      this.tell({ kind: "stanza.receipted", socketId, stanzaId: `S${index}` });
    }
    this.tell({ kind: "drain.ended", socketId, delivered });
  }

  /** Down and up again, without the delivery that follows. */
  outage(ms: number): void {
    this.close(SERVICE_UNAVAILABLE);
    this.fire("reconnect", ms);
    while (this.state.connection.phase === "waiting") this.fire("reconnect", 30_000);
    this.open();
  }

  answered(change: Partial<Answered> = {}): void {
    const asked = this.asked.at(-1);
    this.tell({
      kind: "history.answered",
      requestId: asked?.requestId ?? "",
      chat: asked?.chat ?? "",
      messages: 1,
      recovered: 1,
      duplicates: 0,
      endOfHistory: false,
      ...change,
    });
  }

  readonly asked: { requestId: string; chat: string; anchorMessageId: string }[] = [];
  readonly closed: { chat: string; outcome: string }[] = [];
  readonly reports: { revision: number; recoveredHistory: number; unanswered: number }[] = [];

  override tell(...told: Parameters<Story["tell"]>): ReturnType<Story["tell"]> {
    const step = super.tell(...told);
    this.asked.push(...this.effects("history.request"));
    this.closed.push(...this.effects("gap.close"));
    this.reports.push(...this.effects("outage.report"));
    return step;
  }
}

function account(backfill: Partial<Policy["backfill"]> = {}): Account {
  const policy = { ...DEFAULT_POLICY, backfill: { ...DEFAULT_POLICY.backfill, ...backfill } };
  const story = new Account(policy);
  story.start().open();
  story.delivery(0);
  story.fire("stable", LIMITS.stableMs);
  story.message("user-a");
  story.message("group-1");
  return story;
}

/** An outage after which the server has nothing, although the group was busy. */
function lossOf(ms: number, backfill: Partial<Policy["backfill"]> = {}): Account {
  const story = account(backfill);
  story.outage(ms);
  story.delivery(0);
  return story;
}

describe("evidence of a gap", () => {
  it("an outage without a delivery: the chats that were active wait for their next message", () => {
    const story = lossOf(12 * MINUTE);
    expect(story.state.backfill.gaps).toMatchObject([
      { chat: "user-a", stage: "waiting", evidence: "outage-without-drain" },
      { chat: "group-1", stage: "waiting" },
    ]);
    expect(story.asked).toEqual([]);
    const anchor = story.message("group-1");
    expect(story.asked).toMatchObject([{ chat: "group-1", anchorMessageId: anchor }]);
  });

  it("a drop of seconds, or a chat that was silent before, is none", () => {
    expect(lossOf(20_000).state.backfill.gaps).toEqual([]);
    const story = account();
    story.tell({ kind: "clock.jumped", jumpMs: 0 }, 30 * MINUTE);
    story.outage(12 * MINUTE);
    story.delivery(0);
    expect(story.state.backfill.gaps).toEqual([]);
  });

  it("announced more than delivered: every chat that speaks up is looked through, once", () => {
    const story = account();
    story.outage(20_000);
    story.delivery(3, 1);
    story.message("group-2");
    story.message("user-a");
    expect(story.asked).toMatchObject([{ chat: "group-2" }, { chat: "user-a" }]);
    story.answered({ requestId: "history-2", chat: "user-a", endOfHistory: true });
    story.message("user-a");
    expect(story.asked).toHaveLength(2);
  });

  it("a delivery cut short is evidence only when the server does not make up for it", () => {
    const cut = (announcedNext: number): Account => {
      const story = account();
      story.outage(20_000);
      const { socketId } = story;
      const counts = { announced: 5, messages: 5, receipts: 0, notifications: 0 };
      story.tell({ kind: "drain.previewed", socketId, ...counts });
      story.tell({ kind: "stanza.received", socketId, stanzaId: "S1", class: "receipt" });
      story.tell({ kind: "stanza.receipted", socketId, stanzaId: "S1" });
      story.outage(1_000);
      story.delivery(announcedNext);
      return story;
    };
    expect(cut(4).state.backfill.suspicion).toBeNull();
    expect(cut(3).state.backfill.suspicion).toMatchObject({ evidence: "drain-cut-short" });
  });

  it.each([
    ["undecryptable", "decrypt-failure"],
    ["key-used", "key-used"],
    ["no-upsert", "stanza-without-message"],
  ] as const)("%s: asked about when nobody sent it again within the grace", (why, evidence) => {
    const story = account();
    const { socketId } = story;
    const orphan = { kind: "message.orphaned", socketId, messageId: "M9", chat: "user-a" } as const;
    story.tell({ ...orphan, why });
    expect(story.effects("gap.open")).toMatchObject([{ evidence, chat: "user-a" }]);
    const anchor = story.message("user-a");
    expect(story.asked).toEqual([]);
    story.fire("history-pace", LIMITS.orphanGraceMs);
    expect(story.asked).toMatchObject([{ anchorMessageId: anchor }]);
  });

  it("a retry that brings the message closes its gap without a question", () => {
    const story = account();
    const { socketId } = story;
    story.tell({
      kind: "message.orphaned",
      socketId,
      messageId: "M9",
      chat: "user-a",
      why: "undecryptable",
    });
    story.message("user-a", { messageId: "M9" });
    expect(story.closed).toMatchObject([{ chat: "user-a", outcome: "made-good" }]);
  });

  it("a quote of something unknown tells after an absence, and not of last year's messages", () => {
    const quote = { kind: "gap.suspected", chat: "user-a", messageId: "OLD" } as const;
    const calm = account();
    calm.tell({ ...quote, evidence: "quote-unknown" });
    expect(calm.last?.rule).toBe("backfill/quote-old");
    const story = account();
    story.outage(20_000);
    story.delivery(2);
    const quoting = story.message("user-a");
    story.tell({ ...quote, evidence: "quote-unknown" });
    expect(story.asked).toMatchObject([{ anchorMessageId: quoting }]);
  });
});

describe("asking the phone", () => {
  it("walks back page by page to what was seen last, and closes", () => {
    const story = lossOf(12 * MINUTE);
    story.message("group-1");
    story.answered({ messages: 50, recovered: 50, oldestMessageId: "P1", oldestAgeMs: MINUTE });
    expect(story.asked.at(-1)).toMatchObject({ anchorMessageId: "P1", requestId: "history-2" });
    story.answered({ messages: 50, older: 48, oldestMessageId: "P0", oldestAgeMs: 60 * MINUTE });
    expect(story.closed).toMatchObject([{ chat: "group-1", requests: 2 }]);
  });

  it("a repeated answer is no answer to the next question", () => {
    const story = lossOf(12 * MINUTE);
    story.message("group-1");
    const page = { messages: 50, oldestMessageId: "P1", oldestAgeMs: MINUTE } as const;
    story.answered(page);
    story.answered({ ...page, requestId: "history-1" });
    expect(story.last?.rule).toBe("backfill/repeated");
    expect(story.state.backfill.gaps[1]).toMatchObject({ stage: "asked", pages: 1 });
  });

  it("asks by LID first, then by number, then with the next message, and reports the silence", () => {
    const story = lossOf(12 * MINUTE);
    const first = story.message("user-a");
    const second = story.message("user-a");
    story.fire("history-deadline", LIMITS.historyAnswerMs);
    story.fire("history-deadline", LIMITS.historyAnswerMs);
    story.fire("history-deadline", LIMITS.historyAnswerMs);
    story.fire("history-deadline", LIMITS.historyAnswerMs);
    expect(story.asked).toMatchObject([
      { anchorMessageId: first, addressing: "lid" },
      { anchorMessageId: first, addressing: "pn" },
      { anchorMessageId: second, addressing: "lid" },
      { anchorMessageId: second, addressing: "pn" },
    ]);
    expect(story.closed).toMatchObject([{ chat: "user-a", outcome: "unanswered" }]);
    expect(story.reports.at(-1)).toMatchObject({ revision: 1, unanswered: 1 });
    // The phone comes back and answers after all.
    story.message("user-a", { via: "history", ageMs: 10 * MINUTE });
    story.answered({ requestId: "history-1", chat: "user-a", endOfHistory: true });
    expect(story.closed.at(-1)).toMatchObject({ outcome: "filled" });
    expect(story.reports.at(-1)).toMatchObject({ recoveredHistory: 1, unanswered: 0 });
  });

  it("an empty page where something is known to be is no answer", () => {
    const story = lossOf(12 * MINUTE);
    story.message("group-1");
    story.answered({ messages: 0, recovered: 0, endOfHistory: true });
    expect(story.closed).toMatchObject([{ chat: "group-1", outcome: "unanswered" }]);
  });

  it("never asks with a message of one of the account's own devices", () => {
    const story = lossOf(12 * MINUTE);
    story.message("group-1", { fromMe: true, messageId: "3EB0AAAAAAAAAAAAAAAA" });
    expect(story.asked).toEqual([]);
    story.message("group-1", { fromMe: true });
    expect(story.asked).toHaveLength(1);
  });

  it("keeps within the requests of an hour and goes on when there is room", () => {
    const story = account({ requestsPerHour: 2 });
    for (const chat of ["group-2", "group-3"]) story.message(chat);
    story.outage(12 * MINUTE);
    story.delivery(0);
    for (const chat of ["user-a", "group-1", "group-2", "group-3"]) {
      story.message(chat);
      story.answered({ chat, endOfHistory: true });
    }
    expect(story.asked).toHaveLength(2);
    story.fire("history-pace", 60 * MINUTE);
    expect(story.asked).toHaveLength(4);
  });

  it("by default asks ten times in an hour, whatever is missing", () => {
    const story = account();
    const chats = Array.from({ length: 14 }, (_, index) => `group-${index + 10}`);
    for (const chat of chats) story.message(chat);
    story.outage(12 * MINUTE);
    story.delivery(0);
    for (const chat of chats) {
      story.message(chat);
      story.answered({ requestId: "", chat, endOfHistory: true });
    }
    expect(story.asked).toHaveLength(10);
  });

  it("at most three questions are open at a time", () => {
    const story = account();
    const chats = ["user-a", "group-1", "group-2", "group-3", "group-4"];
    for (const chat of chats) story.message(chat);
    story.outage(12 * MINUTE);
    story.delivery(0);
    for (const chat of chats) story.message(chat);
    expect(story.asked).toHaveLength(LIMITS.requestsUnderWay);
    story.answered({ endOfHistory: true });
    expect(story.asked).toHaveLength(LIMITS.requestsUnderWay + 1);
  });

  it("a question that lost its socket is put again on the next one", () => {
    const story = lossOf(12 * MINUTE);
    const anchor = story.message("group-1");
    story.outage(20_000);
    expect(story.asked).toHaveLength(1);
    story.delivery(1);
    expect(story.asked.at(-1)).toMatchObject({ anchorMessageId: anchor, socketId: 3 });
  });

  it("a chat in which nobody writes within the window is let go", () => {
    const story = lossOf(12 * MINUTE);
    story.message("group-9", {}, DEFAULT_POLICY.backfill.windowMs + MINUTE);
    expect(story.closed).toMatchObject([{ outcome: "expired" }, { outcome: "expired" }]);
  });

  it("too many open gaps: the oldest gives way and is reported", () => {
    const story = account();
    for (let index = 0; index <= LIMITS.openGaps; index += 1) {
      story.tell({ kind: "gap.suspected", chat: `user-${index}`, evidence: "decrypt-failure" });
    }
    expect(story.closed).toMatchObject([{ chat: "user-0", outcome: "overflow" }]);
    expect(story.state.backfill.gaps).toHaveLength(LIMITS.openGaps);
  });
});

describe("the settings", () => {
  it("history: off asks never, always after every outage, evidence in between", () => {
    const asked = (history: Policy["backfill"]["history"], awayMs: number): number => {
      const story = lossOf(awayMs, { history });
      story.message("group-1");
      return story.asked.length;
    };
    expect([asked("off", 12 * MINUTE), asked("evidence", 12 * MINUTE)]).toEqual([0, 1]);
    expect([asked("evidence", 20_000), asked("always", 20_000)]).toEqual([0, 1]);
  });

  it("windowMinutes: how far back is asked", () => {
    const wanted = (minutes: number): number => {
      const story = account({ windowMs: minutes * MINUTE });
      story.outage(50 * MINUTE);
      story.delivery(3, 1);
      story.message("group-1");
      return story.effects("history.request")[0]?.oldestAgeMs ?? 0;
    };
    expect(wanted(120)).toBeGreaterThan(50 * MINUTE);
    expect(wanted(30)).toBe(30 * MINUTE);
  });

  it("requestsPerHour: 0 asks never", () => {
    const story = lossOf(12 * MINUTE, { requestsPerHour: 0 });
    story.message("group-1");
    expect(story.asked).toEqual([]);
  });

  it("switched off while gaps are open: they are closed, and said to be", () => {
    const story = lossOf(12 * MINUTE);
    story.policy = { ...story.policy, backfill: { ...story.policy.backfill, history: "off" } };
    story.tell({ kind: "policy.changed", policy: "{}" });
    expect(story.closed.map(({ outcome }) => outcome)).toEqual(["switched-off", "switched-off"]);
  });
});

describe("the account of an outage", () => {
  it("is written once, and once more when the fills are through", () => {
    const story = lossOf(12 * MINUTE);
    expect(story.reports).toMatchObject([{ revision: 0, recoveredHistory: 0, waiting: 2 }]);
    story.message("group-1");
    for (const minutes of [3, 5, 8]) {
      story.message("group-1", { via: "history", ageMs: minutes * MINUTE });
    }
    story.message("group-1", { via: "history", ageMs: 9 * MINUTE, duplicate: true });
    expect(story.reports).toHaveLength(1);
    story.answered({ messages: 4, recovered: 3, duplicates: 1, endOfHistory: true });
    expect(story.reports).toMatchObject([
      { revision: 0 },
      { revision: 1, recoveredHistory: 3, duplicates: 1, waiting: 1 },
    ]);
  });

  it("counts what broken deliveries of the same outage brought", () => {
    const story = account();
    story.outage(20_000);
    const { socketId } = story;
    const counts = { announced: 2, messages: 2, receipts: 0, notifications: 0 };
    story.tell({ kind: "drain.previewed", socketId, ...counts });
    story.tell({ kind: "stanza.received", socketId, stanzaId: "S1", class: "message" });
    story.message("user-a", { via: "offline", ageMs: 5_000 });
    story.outage(1_000);
    story.tell({ kind: "stanza.received", socketId: 3, stanzaId: "S2", class: "message" });
    story.message("user-a", { via: "offline", ageMs: 5_000 });
    story.tell({ kind: "drain.ended", socketId: 3, delivered: 1 });
    expect(story.reports).toMatchObject([{ recoveredOffline: 2 }]);
  });

  it("a message goes to the outage in which it was written", () => {
    const story = lossOf(12 * MINUTE);
    const began = story.at;
    story.outage(5 * MINUTE);
    story.delivery(0);
    story.message("group-1");
    const ageOfFirst = story.at - began + MINUTE;
    story.message("group-1", { via: "history", ageMs: ageOfFirst });
    story.message("group-1", { via: "history", ageMs: 2 * MINUTE });
    story.answered({ endOfHistory: true });
    expect(story.state.backfill.past).toMatchObject([
      { outageId: 1, recoveredHistory: 1 },
      { outageId: 2, recoveredHistory: 1 },
    ]);
  });
});

describe("a new process", () => {
  it("goes on with the gaps, the chats, the accounts and the budget of the one before", () => {
    const story = new Account({
      ...DEFAULT_POLICY,
      backfill: { ...DEFAULT_POLICY.backfill, requestsPerHour: 1 },
    });
    story.tell({
      kind: "chat.restored",
      chat: "group-1",
      messageId: "L",
      ageMs: 60 * MINUTE,
      isDirect: false,
    });
    story.tell({ kind: "history.restored", ageMs: 50 * MINUTE });
    story.tell({
      kind: "outage.restored",
      outageId: 4,
      revision: 0,
      startedAgeMs: 60 * MINUTE,
      endedAgeMs: 40 * MINUTE,
      causeId: "dns-not-found",
      attempts: 9,
      recoveredOffline: 2,
      recoveredHistory: 0,
      duplicates: 0,
      tooOld: 0,
    });
    story.tell({
      kind: "gap.restored",
      chat: "group-1",
      evidence: "announced-more",
      outageId: 4,
      openedAgeMs: 40 * MINUTE,
      sinceAgeMs: 60 * MINUTE,
      lastSeen: true,
      afterDelivery: true,
      anchorMessageId: "A",
      anchorAgeMs: 30 * MINUTE,
      isDirect: false,
      requests: 1,
      recovered: 0,
      pages: 0,
    });
    story.start().open();
    story.delivery(0);
    expect(story.asked).toEqual([]);
    story.fire("history-pace", 10 * MINUTE);
    expect(story.asked).toMatchObject([{ chat: "group-1", anchorMessageId: "A" }]);
    story.message("group-1", { via: "history", ageMs: 60 * MINUTE });
    story.answered({ endOfHistory: true });
    expect(story.reports).toMatchObject([{ outageId: 4, revision: 1, recoveredHistory: 1 }]);
    expect(story.state.backfill.nextOutageId).toBe(5);
  });

  it("keeps nothing of a number that was unlinked", () => {
    const story = lossOf(12 * MINUTE);
    story.tell({ kind: "operator.acted", act: "logout" });
    expect(story.state.backfill).toMatchObject({ gaps: [], marks: [], baseline: [] });
  });
});
