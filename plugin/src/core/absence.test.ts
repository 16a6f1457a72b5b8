/** Goal: the time in which no process ran is an outage like any other, with its beginning and its cause. */
import { describe, expect, it } from "vitest";
import type { Effect, Input } from "../events/index.ts";
import { DEFAULT_POLICY } from "./index.ts";
import { DNS_ERROR, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const MINUTE = 60_000;
type Absence = Extract<Input, { kind: "absence.restored" }>;

function began(absence: Omit<Absence, "kind">, policy = DEFAULT_POLICY): Story {
  const story = new Story(policy);
  story.tell({
    kind: "controller.started",
    controllerId: 1,
    reason: "gateway-start",
    credentials: "linked",
  });
  story.tell({ kind: "absence.restored", ...absence });
  story.tell({ kind: "owner.resolved", result: "acquired" });
  return story;
}

/** Connected, with an offline delivery of so many messages; returns what was written about outages. */
function deliver(story: Story, messages: number): readonly Effect[] {
  story.open();
  const { socketId } = story;
  const counts = { announced: messages, messages, receipts: 0, notifications: 0 };
  story.tell({ kind: "drain.previewed", socketId, ...counts });
  for (let index = 0; index < messages; index += 1) {
    const messageId = `AC${index}`;
    story.tell({ kind: "stanza.received", socketId, stanzaId: messageId, class: "message" });
    story.tell({
      kind: "message.journalled",
      socketId,
      messageId,
      chat: "user-a",
      chatKind: "direct",
      via: "offline",
      ageMs: 5 * MINUTE,
      fromMe: false,
      mentioned: false,
      duplicate: false,
    });
    story.tell({ kind: "stanza.receipted", socketId, stanzaId: messageId });
  }
  story.tell({ kind: "drain.ended", socketId, delivered: messages });
  return story.effects("outage.report");
}

describe("the time in which nothing ran", () => {
  it.each([
    ["stopped", "gateway-stopped"],
    ["vanished", "gateway-died"],
  ] as const)("of an account that was %s is an outage (%s)", (how, causeId) => {
    const story = began({ how, awayAgeMs: 30 * MINUTE });
    const startedAt = story.at - 10 - 30 * MINUTE;
    expect(deliver(story, 3)).toMatchObject([
      { startedAt, causeId, attempts: 1, recoveredOffline: 3, revision: 0 },
    ]);
  });

  it("goes on with the outage that ran when the process ended", () => {
    const story = began({
      how: "vanished",
      awayAgeMs: 50 * MINUTE,
      causeId: "dns-not-found",
      attempts: 40,
      recoveredOffline: 2,
    });
    expect(deliver(story, 1)).toMatchObject([
      { causeId: "dns-not-found", attempts: 41, recoveredOffline: 3 },
    ]);
  });

  it("is evidence when a chat had been active and nothing was delivered afterwards", () => {
    const story = new Story();
    story.tell({
      kind: "controller.started",
      controllerId: 1,
      reason: "gateway-start",
      credentials: "linked",
    });
    story.tell({
      kind: "chat.restored",
      chat: "group-1",
      messageId: "L",
      ageMs: 35 * MINUTE,
      isDirect: false,
    });
    story.tell({ kind: "absence.restored", how: "vanished", awayAgeMs: 30 * MINUTE });
    story.tell({ kind: "owner.resolved", result: "acquired" });
    deliver(story, 0);
    expect(story.state.backfill.gaps).toMatchObject([
      { chat: "group-1", evidence: "outage-without-drain" },
    ]);
  });

  it("alerts with what keeps the account from connecting now", () => {
    const policy = { ...DEFAULT_POLICY, alert: { afterMs: 5 * MINUTE } };
    const story = began({ how: "stopped", awayAgeMs: 30 * MINUTE }, policy);
    story.close(DNS_ERROR);
    story.fire("alert", 5 * MINUTE);
    expect(story.effects("alert.raise")).toMatchObject([{ causeId: "dns-not-found" }]);
    story.fire("reconnect");
    story.open();
    expect(story.effects("alert.clear")).toHaveLength(1);
  });

  it("is not taken over by an account that is in an outage, or back already", () => {
    const running = new Story().start().open();
    running.close(SERVICE_UNAVAILABLE);
    running.tell({ kind: "absence.restored", how: "vanished", awayAgeMs: MINUTE });
    expect(running.last?.rule).toBe("outage/known");
    expect(running.state.backfill.current).toMatchObject({ causeId: "stream-unavailable" });
    const back = new Story().start().open();
    back.tell({ kind: "absence.restored", how: "vanished", awayAgeMs: MINUTE });
    expect(back.state.backfill.current).toBeNull();
  });
});
