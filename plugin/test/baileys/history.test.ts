/** Goal: what the server lost is fetched from the phone, and the account of the outage says so. */
import { expect, it } from "vitest";
import { keepNotices } from "../../src/runtime/kept-notices.ts";
import { BackfillStage } from "../simulation/backfill-stage.ts";

const MINUTE = 60_000;
const LOST = ["one", "two", "three", "four", "five"];

/** The seed's incident (openclaw/openclaw#50093): a busy group, an outage, nothing delivered afterwards; then somebody writes again. */
async function loseGroupMessages(stage: BackfillStage): Promise<void> {
  await stage.write("seen", { inGroup: true });
  await stage.knows("seen");
  await stage.outage(MINUTE, async () => {
    for (const text of LOST) {
      await stage.time.advance(5_000);
      await stage.write(text, { inGroup: true, from: "Bob", lost: true });
    }
  });
}

async function askForSummary(stage: BackfillStage): Promise<void> {
  await stage.write("summary, please", { inGroup: true });
  await stage.knows("summary, please");
}

function lastReport(stage: BackfillStage) {
  return stage.recordsOf("outage.report").at(-1);
}

it("503: the group's messages come from the phone before the summary is asked of the agent", async () => {
  await BackfillStage.play({}, async (stage) => {
    await loseGroupMessages(stage);
    await askForSummary(stage);
    // In the order in which they were written, and the question last.
    expect(stage.account.admitted).toEqual(["seen", ...LOST, "summary, please"]);
    const journalled = stage.recordsOf("message.journalled");
    expect(journalled.filter(({ via }) => via === "history")).toHaveLength(LOST.length);
    expect(lastReport(stage)).toMatchObject({
      revision: 1,
      recoveredHistory: LOST.length,
      unanswered: 0,
    });
    expect(stage.recordsOf("history.request")).toHaveLength(1);
    // In seconds, whatever the field is called.
    const [request] = stage.bot.phone.history.requests;
    const anchorS = Number(request?.oldestMsgTimestampMs);
    expect(Math.abs(anchorS - Date.now() / 1_000)).toBeLessThan(600);
    expect(request).toMatchObject({ onDemandMsgCount: 50, oldestMsgFromMe: false });
  });
});

it("announced and never delivered: found, and fetched when the chat speaks up", async () => {
  await BackfillStage.play({}, async (stage) => {
    await stage.write("seen");
    await stage.knows("seen");
    await stage.outage(20_000, async () => {
      stage.server.faults.set("short", { stage: "delivery", kind: "announced-only" }, { times: 2 });
      for (const text of ["a", "b", "c"]) await stage.write(text);
    });
    await stage.knows("c");
    expect(stage.account.admitted).toEqual(["seen", "c"]);
    await stage.write("later");
    await stage.knows("a");
    expect(lastReport(stage)).toMatchObject({ recoveredOffline: 1, recoveredHistory: 2 });
  });
});

it("a key that was used already and a phone without the one message: history closes the gap", async () => {
  await BackfillStage.play({}, async (stage) => {
    await stage.write("seen");
    await stage.knows("seen");
    stage.bot.phone.history.behaviour.answer = "silent";
    stage.server.faults.set("broken", { stage: "delivery", kind: "undecryptable" }, { times: 1 });
    stage.server.world.contact("Alice").online = false;
    await stage.write("unreadable");
    await stage.time.advance(70_000);
    expect(stage.recordsOf("gap.open")).toMatchObject([{ evidence: "decrypt-failure" }]);
    stage.bot.phone.history.behaviour.answer = "inline";
    await stage.write("next");
    await stage.knows("unreadable");
    expect(stage.recordsOf("gap.close")).toMatchObject([{ outcome: "filled", recovered: 1 }]);
  });
});

it("an anchor that the phone does not answer: the next message is tried", async () => {
  await BackfillStage.play({}, async (stage) => {
    await loseGroupMessages(stage);
    const { behaviour } = stage.bot.phone.history;
    behaviour.answer = "silent";
    await askForSummary(stage);
    await stage.time.advance(25_000);
    expect(stage.recordsOf("gap.close")).toMatchObject([{ outcome: "unanswered" }]);
    behaviour.answer = "inline";
    await stage.write("and?", { inGroup: true });
    await stage.knows("five");
    const [first, second] = stage.recordsOf("history.request");
    expect(first?.anchorMessageId).not.toBe(second?.anchorMessageId);
  });
});

it("a chat waits for its anchor over a restart; a phone that is off is reported, and its late answer corrects the account", async () => {
  await BackfillStage.play({}, async (stage) => {
    await loseGroupMessages(stage);
    expect(lastReport(stage)).toMatchObject({ waiting: 1, recoveredHistory: 0 });
    await stage.restart();
    expect(stage.recordsOf("gap.restored")).toMatchObject([{ evidence: "outage-without-drain" }]);
    stage.bot.phone.online = false;
    // Not held back for longer than the phone is given.
    await askForSummary(stage);
    await stage.time.advance(30_000);
    expect(stage.recordsOf("gap.close")).toMatchObject([{ outcome: "unanswered" }]);
    expect(lastReport(stage)).toMatchObject({ unanswered: 1, recoveredHistory: 0 });
    stage.bot.phone.online = true;
    await stage.knows("five");
    expect(lastReport(stage)).toMatchObject({ unanswered: 0, recoveredHistory: LOST.length });
    expect(stage.account.journal.recentOutages(5)).toMatchObject([
      { causeId: "gateway-stopped", recoveredHistory: 0 },
      { causeId: "stream-unavailable", revision: 2, recoveredHistory: LOST.length },
    ]);
  });
});

it("the time between two processes is an outage of its own, also when the first one could not say goodbye", async () => {
  await BackfillStage.play({}, async (stage) => {
    await stage.write("seen");
    await stage.knows("seen");
    const stopped = stage.account.stop();
    await stage.time.advance(5_000);
    await stopped;
    await stage.write("while it was stopped");
    await stage.time.advance(10 * MINUTE);
    await stage.start();
    await stage.knows("while it was stopped");
    await stage.time.advance(2_000);
    const { journal } = stage.account;
    const [stop] = journal.recentOutages(5);
    expect(stop).toMatchObject({ causeId: "gateway-stopped", recoveredOffline: 1, attempts: 1 });
    const lastedMs = (stop?.endedAtMs ?? 0) - (stop?.startedAtMs ?? 0);
    expect(lastedMs).toBeGreaterThan(10 * MINUTE);
    expect(lastedMs).toBeLessThan(10.5 * MINUTE);
    // What a killed process left: its last sign of life, and nothing that says it was stopped.
    const sign = journal.kept("sign-of-life");
    await stage.time.advance(2 * MINUTE);
    const killed = stage.account.stop();
    await stage.time.advance(5_000);
    await killed;
    journal.keep("sign-of-life", sign ?? "");
    await stage.start();
    await stage.time.advance(100_000);
    expect(journal.recentOutages(5)).toMatchObject([
      { causeId: "gateway-died", recoveredOffline: 0 },
      { causeId: "gateway-stopped" },
    ]);
  });
});

it("a notice that the process before owed its owner is given once the account has caught up", async () => {
  await BackfillStage.play({}, async (stage) => {
    const { journal } = stage.account;
    keepNotices(journal, [
      {
        sendId: "late-notice/1",
        chats: [{ conversation: "+15550100001", label: "Alice", messages: 2 }],
        uncounted: 0,
        messageIds: ["A1", "A2"],
      },
    ]);
    expect(stage.recordsOf("owner.notify")).toEqual([]);
    await stage.restart();
    await stage.time.advance(100_000);
    expect(stage.recordsOf("notice.restored")).toMatchObject([{ messages: 2, chats: 1 }]);
    expect(stage.recordsOf("owner.notify")).toMatchObject([{ messages: 2, chats: 1 }]);
    journal.takeCustody({
      sendId: "late-notice/1",
      messageId: "3EB0A",
      chat: "15550100009@s.whatsapp.net",
      content: { operation: "text", text: "2 messages", quotedRaw: null, mentions: [] },
    });
    await stage.restart();
    await stage.time.advance(100_000);
    expect(stage.recordsOf("owner.notify")).toHaveLength(1);
  });
});

it("history off asks nothing; a window of minutes takes nothing older", async () => {
  await BackfillStage.play({ policy: { history: "off" } }, async (stage) => {
    await loseGroupMessages(stage);
    await askForSummary(stage);
    expect(stage.account.admitted).toEqual(["seen", "summary, please"]);
    expect(stage.recordsOf("history.request")).toEqual([]);
  });
  await BackfillStage.play({ policy: { windowMs: 1.4 * MINUTE } }, async (stage) => {
    await loseGroupMessages(stage);
    await askForSummary(stage);
    const got = stage.account.admitted;
    expect(got).toContain("five");
    expect(got).not.toContain("one");
  });
});
