import { listMessageReceiptPlatformIds } from "openclaw/plugin-sdk/channel-outbound";
import { describe, expect, test } from "vitest";
import type { OutboundCustody } from "../../runtime/ports.ts";
import { deliveryPrefix, partCountOf, sendIdOf } from "./delivery-id.ts";
import { reconcileDelivery } from "./reconcile.ts";

function part(index: number, count: number, state: OutboundCustody["state"]): OutboundCustody {
  return {
    sendId: sendIdOf({ queueId: "q1", index, count, text: `part ${index}` }),
    messageId: `3EB0${index}`,
    chat: "15550100001@s.whatsapp.net",
    content: { operation: "text", text: `part ${index}`, quotedRaw: null, mentions: [] },
    state,
    attempts: 1,
    left: state !== "queued",
    prepared: null,
    lastError: state === "failed" ? "WhatsApp refused the message (463)." : null,
  };
}

function ask(parts: readonly OutboundCustody[]) {
  return reconcileDelivery(
    { queueId: "q1", to: "+15550100001" },
    {
      custodyWithPrefix: (prefix, limit) =>
        parts.filter(({ sendId }) => sendId.startsWith(prefix)).slice(0, limit),
    },
  );
}

describe("what became of a delivery", () => {
  test("sent, with the real ids, when the server has every message of it", () => {
    const answer = ask([part(0, 2, "acked"), part(1, 2, "delivered")]);
    expect(answer).toMatchObject({ status: "sent", messageId: "3EB00" });
    if (answer.status !== "sent") return;
    expect(listMessageReceiptPlatformIds(answer.receipt)).toEqual(["3EB00", "3EB01"]);
  });

  test.each([
    ["nothing is known of it", []],
    ["one message was never begun", [part(0, 2, "acked")]],
    ["one waits for a socket", [part(0, 2, "acked"), part(1, 2, "queued")]],
    [
      "one was written and not acknowledged: it keeps its id when it is tried again",
      [part(0, 1, "written")],
    ],
  ])("not sent when %s", (_what, parts) => {
    expect(ask(parts)).toEqual({ status: "not_sent" });
  });

  test("left to a person when WhatsApp refused a message", () => {
    expect(ask([part(0, 2, "acked"), part(1, 2, "failed")])).toEqual({
      status: "unresolved",
      error: "WhatsApp refused the message (463).",
      retryable: false,
    });
  });

  test("left to a person when there is too much of it to be looked at", () => {
    const many = Array.from({ length: 200 }, (_, index) => part(index, 300, "acked"));
    expect(ask(many)).toMatchObject({ status: "unresolved", retryable: false });
  });

  test("other deliveries do not count", () => {
    const other = {
      ...part(0, 1, "acked"),
      sendId: sendIdOf({ queueId: "q10", index: 0, count: 1, text: "x" }),
    };
    expect(ask([other])).toEqual({ status: "not_sent" });
  });
});

describe("the id of a send", () => {
  const one = { queueId: "q1", index: 0, count: 1, text: "hello" };

  test("is the same for every attempt at the same message", () => {
    expect(sendIdOf(one)).toBe(sendIdOf({ ...one }));
    expect(sendIdOf(one).startsWith(deliveryPrefix("q1"))).toBe(true);
  });

  test("tells messages, payloads and deliveries apart", () => {
    const ids = [
      one,
      { ...one, index: 1, count: 2 },
      { ...one, text: "other payload" },
      { ...one, queueId: "q2" },
    ];
    expect(new Set(ids.map(sendIdOf)).size).toBe(ids.length);
  });

  test("is new each time outside the queue", () => {
    const direct = { ...one, queueId: undefined };
    expect(sendIdOf(direct)).not.toBe(sendIdOf(direct));
    expect(partCountOf(sendIdOf(direct))).toBeNull();
    expect(partCountOf(sendIdOf({ ...one, count: 12 }))).toBe(12);
  });
});
