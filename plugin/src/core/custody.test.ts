/** Goal: what is captured leaves through a socket of the same number, in order, once, or is refused with its own cause. */
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "./index.ts";
import { SELF, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const OTHER = { pn: "user-other", lid: "user-other-lid" };
const WAIT = DEFAULT_POLICY.sends.successorWaitMs;
const ACK_WAIT = DEFAULT_POLICY.sends.ackWaitMs;

function written(story: Story, sendId: string): void {
  story.tell({ kind: "send.written", sendId, socketId: story.socketId });
}

describe("whose socket it is", () => {
  const onlyPn = { pn: SELF.pn, lid: null };
  const onlyLid = { pn: null, lid: SELF.lid };

  it.each([
    ["captured by PN, successor by LID", onlyPn, onlyLid],
    ["captured by LID, successor by PN", onlyLid, onlyPn],
  ])("%s: waits until the pair is known, then leaves", (_what, captured, confirmed) => {
    const story = new Story().start().open(confirmed as never);
    story.send("a", { self: captured });
    expect(story.effects("send.hold")[0]).toMatchObject({ why: "identity-unknown" });
    story.tell({ kind: "identity.mapped", pn: SELF.pn, lid: SELF.lid });
    expect(story.effects("send.dispatch")).toHaveLength(1);
  });

  it("is refused with its own cause when it stays unknown until the deadline", () => {
    const story = new Story().start().open(onlyLid as never);
    story.send("a", { self: onlyPn });
    story.fire("send-deadline", WAIT, "a");
    expect(story.effects("send.settle")[0]).toMatchObject({
      outcome: "refused",
      causeId: "identity-unknown",
    });
  });

  it("is ambiguous when a number is paired with two hidden ids", () => {
    const story = new Story().start().open(onlyLid as never);
    story.tell({ kind: "identity.mapped", pn: SELF.pn, lid: SELF.lid });
    story.tell({ kind: "identity.mapped", pn: SELF.pn, lid: "user-earlier-lid" });
    story.send("a", { self: onlyPn });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "identity-ambiguous" });
  });

  it("nobody vouches for what was captured before any login", () => {
    const story = new Story().start().open();
    story.send("mine", { self: null });
    expect(story.effects("send.dispatch")).toHaveLength(1);
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "restart" });
    story.start(2).open();
    story.send("before", { self: null, chat: "user-b" });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "captor-unauthenticated" });
  });

  it("another number linked in place: refused at once, and the journal is set aside", () => {
    const story = new Story().start().open();
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "restart" });
    story.send("a");
    story.tell({ kind: "credentials.changed", state: "foreign", self: OTHER });
    expect(story.effects("send.settle")[0]).toMatchObject({
      sendId: "a",
      outcome: "refused",
      causeId: "identity-mismatch",
    });
    expect(story.effects("journal.quarantine")).toHaveLength(1);
    // Before the login nobody knows more of the new number than its credentials say.
    expect(story.state.self).toBeNull();
  });
});

describe("waiting", () => {
  it("in line behind a slow message is not waiting for a socket", () => {
    const story = new Story().start().open();
    story.send("a1");
    story.send("a2");
    story.fire("send-deadline", WAIT, "a2");
    expect(story.last?.rule).toBe("sends/still-in-line");
    expect(story.effects("send.settle")).toEqual([]);
  });

  it("for a socket begins anew when the link is lost", () => {
    const story = new Story().start().open();
    story.send("a1");
    story.send("a2");
    written(story, "a1");
    story.close(SERVICE_UNAVAILABLE, WAIT - 1_000);
    const held = story.effects("send.hold").map(({ sendId, deadlineMs }) => [sendId, deadlineMs]);
    expect(held).toEqual([
      ["a1", WAIT],
      ["a2", WAIT],
    ]);
  });

  it("of one chat does not delay another, whatever the first one waits for", () => {
    const story = new Story().start().open();
    story.send("a1");
    written(story, "a1");
    for (let index = 0; index < 20; index += 1) {
      story.send(`b${index}`, { chat: "user-b" });
      written(story, `b${index}`);
      story.tell({ kind: "send.acked", sendId: `b${index}`, socketId: 1 });
      expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "acked" });
    }
    expect(story.state.sends.pending.map(({ sendId }) => sendId)).toEqual(["a1"]);
  });

  it("keeps the order also when the first of a chat has to be written again", () => {
    const story = new Story().start().open();
    for (const sendId of ["a1", "a2", "a3"]) story.send(sendId);
    written(story, "a1");
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 60_000);
    story.open();
    const order: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const [next] = story.effects("send.dispatch");
      if (next === undefined) break;
      order.push(next.sendId);
      written(story, next.sendId);
      story.tell({ kind: "send.acked", sendId: next.sendId, socketId: 2 });
    }
    expect(order).toEqual(["a1", "a2", "a3"]);
  });

  it("is not for typing, also when the link is lost under it", () => {
    const story = new Story().start().open();
    story.send("t", { operation: "typing", messageId: null });
    story.close(SERVICE_UNAVAILABLE);
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "not-connected" });
  });
});

describe("acks and receipts", () => {
  it("a second ack of the same message changes nothing", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1 });
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1 });
    expect(story.effects("event.drop")[0]).toMatchObject({ why: "unknown-send" });
  });

  it("a receipt counts as the ack that was lost", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.receipted", sendId: "a", receipt: "delivery" });
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "acked" });
  });

  it("a retry receipt is no proof", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.receipted", sendId: "a", receipt: "retry" });
    expect(story.effects("send.settle")).toEqual([]);
  });

  it("479 renews the sessions, once, before the message is written again", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode: "479" });
    expect(story.effects("send.dispatch")[0]).toMatchObject({ attempt: 2, renew: true });
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode: "479" });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "stale-device-session" });
  });

  it("479 of the dead socket's copy renews the sessions of the next attempt", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.close(SERVICE_UNAVAILABLE);
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode: "479" });
    story.fire("reconnect", 60_000);
    story.open();
    expect(story.effects("send.dispatch")[0]).toMatchObject({ renew: true });
  });
});

describe("a change of a message that is still in custody", () => {
  it("follows it", () => {
    const story = new Story().start().open();
    story.send("a");
    story.send("edit", { operation: "edit", target: "a" });
    story.send("reaction", { operation: "reaction", target: "a" });
    expect(story.effects("send.dispatch")).toEqual([]);
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1 });
    expect(story.effects("send.dispatch")[0]).toMatchObject({ sendId: "edit" });
  });

  it.each(["463", "500"])("has no sense when the message was refused (%s)", (errorCode) => {
    const story = new Story().start().open();
    story.send("a");
    story.send("edit", { operation: "edit", target: "a" });
    written(story, "a");
    story.tell({ kind: "send.acked", sendId: "a", socketId: 1, errorCode });
    expect(story.effects("send.settle")[1]).toMatchObject({
      sendId: "edit",
      outcome: "refused",
      causeId: "target-not-sent",
    });
  });
});

describe("giving up", () => {
  it("what may have left stays in custody until its ack", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.cancelled", sendId: "a" });
    expect(story.last?.rule).toBe("sends/cancelled-too-late");
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 60_000);
    story.open();
    expect(story.effects("send.dispatch")[0]).toMatchObject({ sendId: "a", attempt: 2 });
  });

  it("what never left is over at once", () => {
    const story = new Story().start().open();
    story.close(SERVICE_UNAVAILABLE);
    story.send("a");
    story.tell({ kind: "send.cancelled", sendId: "a" });
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "cancelled", left: false });
  });

  it("a delivery that the gateway retired is not written again, left or not", () => {
    const story = new Story().start().open();
    story.send("a");
    written(story, "a");
    story.tell({ kind: "send.cancelled", sendId: "a", final: true });
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "cancelled", left: true });
  });

  it("a claim that the gateway took back ends the send before anything left", () => {
    const story = new Story().start().open();
    story.send("a");
    story.tell({
      kind: "send.failed",
      sendId: "a",
      socketId: 1,
      left: false,
      error: { name: "ClaimLost", message: "claimed by another" },
    });
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "claim-lost", left: false });
  });

  it("an upload that broke off is tried again; a file that is gone is not", () => {
    const story = new Story().start().open();
    const fail = (name: string): void => {
      const error = { name, message: "Media upload failed on all hosts", statusCode: 500 };
      story.tell({ kind: "send.failed", sendId: "m", socketId: 1, left: false, error });
    };
    story.send("m", { operation: "media" });
    fail("UploadFailed");
    expect(story.effects("send.settle")).toEqual([]);
    story.fire("ack-deadline", ACK_WAIT, "m");
    story.fire("ack-deadline", ACK_WAIT, "m");
    expect(story.effects("send.dispatch")[0]).toMatchObject({ attempt: 2 });
    fail("MediaUnreadable");
    expect(story.effects("send.settle")[0]).toMatchObject({ causeId: "media-unreadable" });
  });

  it("of an earlier process' send says that it may have left", () => {
    const story = new Story().start().open();
    story.tell({ kind: "controller.stopped", controllerId: 1, reason: "restart" });
    story.send("a", { left: true });
    story.fire("send-deadline", WAIT, "a");
    expect(story.effects("send.settle")[0]).toMatchObject({ outcome: "expired", left: true });
  });
});
