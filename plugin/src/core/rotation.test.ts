import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, LIMITS, type Policy } from "./index.ts";
import { DNS_ERROR, Story } from "./story.test-support.ts";

const MINUTE = 60_000;
const ROTATING: Policy = {
  ...DEFAULT_POLICY,
  keepalive: { ...DEFAULT_POLICY.keepalive, adaptive: false, rotateAfterMs: 12 * MINUTE },
};
const MESSAGE = {
  kind: "message.journalled",
  socketId: 1,
  messageId: "m1",
  chat: "user-3",
  chatKind: "direct",
  via: "live",
  ageMs: 0,
  fromMe: false,
  mentioned: false,
  duplicate: false,
} as const;

function aged(policy = ROTATING): Story {
  const story = new Story(policy).start().open();
  story.fire("stable", LIMITS.stableMs);
  story.tell({ kind: "drain.ended", socketId: 1, delivered: 0 });
  story.at += 11 * MINUTE;
  return story;
}

describe("planned rotation", () => {
  it("is off unless asked for", () => {
    const story = new Story().start().open();
    expect(story.state.timers.map(({ timer }) => timer)).not.toContain("rotation");
    const policy = { ...ROTATING, keepalive: { ...ROTATING.keepalive, rotateAfterMs: 0 } };
    const configured = new Story(policy).start().open();
    expect(configured.state.timers.map(({ timer }) => timer)).not.toContain("rotation");
  });

  it("replaces the connection in a quiet moment, without an outage and without a failure", () => {
    const story = aged();
    story.fire("rotation", MINUTE);
    expect(story.last?.rule).toBe("rotation/replace");
    expect(story.effects("socket.close")[0]).toMatchObject({ socketId: 1, reason: "rotated" });
    expect(story.effects("socket.open")).toHaveLength(1);
    story.tell({ kind: "socket.closed", socketId: 1, origin: "local", error: null });
    story.open();
    expect(story.state.recovery.attempt).toBe(0);
    expect(story.state.backfill.current).toBeNull();
    expect(story.state.drops.times).toEqual([]);
    expect(story.state.timers.map(({ timer }) => timer)).toContain("rotation");
  });

  it("waits while somebody writes, a reply is in custody or waiting messages arrive", () => {
    const writing = aged();
    writing.tell(MESSAGE, MINUTE);
    writing.fire("rotation", LIMITS.rotationQuietMs - 1);
    expect(writing.last?.rule).toBe("rotation/not-now");
    writing.fire("rotation", LIMITS.rotationRetryMs);
    expect(writing.last?.rule).toBe("rotation/replace");

    const sending = aged();
    sending.send("s1");
    sending.fire("rotation", MINUTE);
    expect(sending.last?.rule).toBe("rotation/not-now");

    const draining = new Story(ROTATING).start().open();
    draining.tell({
      kind: "drain.previewed",
      socketId: 1,
      announced: 5,
      messages: 5,
      receipts: 0,
      notifications: 0,
    });
    draining.fire("rotation", 20_000);
    expect(draining.last?.rule).toBe("rotation/not-now");
  });

  it("does not spend attempts that an outage may need", () => {
    const policy = { ...ROTATING, recovery: { ...ROTATING.recovery, attemptsPerHour: 2 } };
    const story = aged(policy);
    story.fire("rotation", MINUTE);
    expect(story.last?.rule).toBe("rotation/not-now");
    expect(story.state.connection.phase).toBe("open");
  });

  it("that meets a dead network becomes an outage", () => {
    const story = aged();
    story.fire("rotation", MINUTE);
    story.close(DNS_ERROR);
    expect(story.state.backfill.current).toMatchObject({ causeId: "dns-not-found" });
    expect(story.state.connection.phase).toBe("waiting");
  });

  it("follows a changed setting without a new connection", () => {
    const story = aged();
    story.policy = DEFAULT_POLICY;
    story.tell({ kind: "policy.changed", policy: "{}" });
    expect(story.state.timers.map(({ timer }) => timer)).not.toContain("rotation");
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
  });

  it("with adaptive is the last step and comes before the next drop that the rhythm foretells", () => {
    const policy = {
      ...ROTATING,
      keepalive: { ...ROTATING.keepalive, adaptive: true, rotateAfterMs: 60 * MINUTE },
    };
    const story = new Story(policy).start().open();
    const answers: string[] = [];
    for (let drop = 0; drop < 13; drop += 1) {
      story.fire("stable", LIMITS.stableMs);
      expect(story.state.timers.map(({ timer }) => timer)).not.toContain("rotation");
      story.close({ name: "Error", message: "Connection was lost" }, 15 * MINUTE);
      answers.push(...story.effects("drops.report").map(({ answer }) => answer));
      const { connection } = story.state;
      const dueAt = connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) : 0;
      story.fire("reconnect", Math.max(0, dueAt - story.at));
      story.open();
    }
    expect(answers.at(-1)).toBe("rotation");
    const rotation = story.effects("timer.start").find(({ timer }) => timer === "rotation");
    expect(rotation?.delayMs).toBeGreaterThan(10 * MINUTE);
    expect(rotation?.delayMs).toBeLessThan(14 * MINUTE);
  });
});
