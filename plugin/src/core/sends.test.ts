import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, LIMITS } from "./index.ts";
import { SELF, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

function written(story: Story, sendId: string): void {
  story.tell({ kind: "send.written", sendId, socketId: story.socketId });
}

describe("custody of a reply", () => {
  it("is complete at the server's ack and not at the write", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    expect(story.effects("send.settle")).toEqual([]);
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1 });
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "acked", left: true });
  });

  it("goes through the successor after a teardown, once, with the same send id", () => {
    const story = new Story().start().open();
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "restart" });
    story.send("a");
    expect(story.effects("send.hold")[0]).toMatchObject({ why: "no-successor" });
    story.start(2).open();
    expect(story.effects("send.dispatch")).toEqual([
      { kind: "send.dispatch", sendId: "a", socketId: 2, attempt: 1 },
    ]);
  });

  it("fails at once when no successor will come", () => {
    const story = new Story().start().open();
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "removed" });
    story.send("a");
    expect(story.effects("send.settle")[0]).toMatchObject({
      outcome: "refused",
      causeId: "account-stopped",
    });
  });

  it("refuses to leave through another number linked in place", () => {
    const story = new Story().start().open();
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "restart" });
    story.send("a");
    story.start(2).open({ pn: "user-other", lid: "user-other-lid" });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "identity-mismatch" });
  });

  it("bridges a PN on one side and a LID on the other by a known pair", () => {
    const story = new Story().start().open({ pn: null, lid: SELF.lid } as never);
    story.tell({ kind: "identity.mapped", pn: SELF.pn, lid: SELF.lid });
    story.send("a", { self: { pn: SELF.pn, lid: null } });
    expect(story.effects("send.dispatch")).toHaveLength(1);
  });

  it("sends what a dead socket had not settled again, with the same id", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.close(SERVICE_UNAVAILABLE);
    expect(story.effects("send.hold")[0]).toMatchObject({ sendId: "a", why: "unacked" });
    story.fire("reconnect", 60_000);
    story.open();
    expect(story.effects("send.dispatch")[0]).toMatchObject({ sendId: "a", attempt: 2 });
  });

  it("takes a late ack of the predecessor's socket as proof", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.close(SERVICE_UNAVAILABLE);
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1 });
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "acked" });
    story.fire("reconnect", 60_000);
    story.open();
    expect(story.effects("send.dispatch")).toEqual([]);
  });

  it("asks the link when an ack is overdue before it writes again", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.fire("ack-deadline", DEFAULT_POLICY.sends.ackWaitMs, "a");
    expect(story.effects("ping.send")).toHaveLength(1);
    story.tell({ kind: "ping.answered", socketId: 1, pingId: 1, rttMs: 20 });
    story.fire("ack-deadline", DEFAULT_POLICY.sends.ackWaitMs, "a");
    expect(story.last?.rule).toBe("sends/resend-unacked");
    expect(story.effects("send.dispatch")[0]).toMatchObject({ sendId: "a", attempt: 2 });
  });

  it("keeps the order of a chat and does not hold the others", () => {
    const story = new Story().start().open();
    story.send("a1");
    story.send("a2");
    expect(story.effects("send.hold")[0]).toMatchObject({ why: "chat-busy" });
    story.send("b1", { chat: "user-b" });
    expect(story.effects("send.dispatch")).toHaveLength(1);
    written(story, "a1");
    story.tell({ kind: "send.acked", sendId: "a1", socketId: 1 });
    expect(story.effects("send.dispatch")[0]).toMatchObject({ sendId: "a2" });
  });

  it("gives up waiting for a successor after the deadline", () => {
    const story = new Story().start().open();
    story.close(SERVICE_UNAVAILABLE);
    story.send("a");
    story.fire("send-deadline", DEFAULT_POLICY.sends.successorWaitMs, "a");
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "expired", left: false });
  });

  it("shows an overflow instead of growing without bound", () => {
    const story = new Story().start().open();
    story.close(SERVICE_UNAVAILABLE);
    for (let index = 0; index < LIMITS.openSends; index += 1)
      story.send(`s${index}`, { chat: `user-${index}` });
    story.send("one too many", { chat: "user-x" });
    expect(story.effects("send.settle")[0]).toMatchObject({
      outcome: "failed",
      causeId: "queue-full",
    });
  });

  it("heals a stale device session once and tells a person about a reach-out lock", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode: "479" });
    expect(story.effects("send.dispatch")[0]).toMatchObject({ attempt: 2 });
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode: "463" });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "reachout-timelock" });
  });
});
