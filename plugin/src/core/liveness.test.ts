import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, LIMITS, sessionPlan } from "./index.ts";
import { Story } from "./story.test-support.ts";

const LOST = { name: "Error", message: "Connection was lost", statusCode: 408 };

describe("liveness", () => {
  it("does not ask while frames are young and never ends a quiet but answering connection", () => {
    const story = new Story().start().open();
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 0 });
    for (let hour = 0; hour < 24; hour += 1) {
      for (let tick = 0; tick < 180; tick += 1) {
        story.fire("keepalive-tick", LIMITS.keepaliveTickMs);
        story.tell({ kind: "liveness.sampled", socketId: 1, frameAgeMs: 30_000, bufferedBytes: 0 });
        const ping = story.effects("ping.send")[0];
        expect(ping).toBeDefined();
        story.tell({ kind: "ping.answered", socketId: 1, pingId: ping?.pingId ?? 0, rttMs: 40 });
      }
    }
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
  });

  it("replaces a silent connection when a ping's own deadline passes", () => {
    const story = new Story().start().open();
    const since = story.at;
    story.fire("keepalive-tick", LIMITS.keepaliveTickMs);
    story.tell({ kind: "liveness.sampled", socketId: 1, frameAgeMs: 25_000, bufferedBytes: 0 });
    story.fire("ping-deadline", LIMITS.pingDeadlineMs);
    expect(story.last?.rule).toBe("keepalive/silent");
    expect(story.effects("socket.close")[0]).toMatchObject({ reason: "silent" });
    expect(story.at - since).toBeLessThanOrEqual(40_000);
  });

  it("asks after a stall or a clock jump and gives a running ping its time again", () => {
    const story = new Story().start().open();
    story.tell({ kind: "loop.stalled", stallMs: 100_059 });
    expect(story.effects("ping.send")).toHaveLength(1);
    story.tell({ kind: "clock.jumped", jumpMs: 632_337 });
    expect(story.effects("ping.send")).toEqual([]);
    expect(story.effects("timer.start").map((t) => t.timer)).toEqual(["ping-deadline"]);
    expect(story.state.connection.phase).toBe("open");
  });

  it("finds the rhythm of drops every 16 minutes and answers by shorter intervals, then the next mode", () => {
    const story = new Story().start().open();
    const answers: string[] = [];
    for (let drop = 0; drop < 12; drop += 1) {
      story.fire("stable", LIMITS.stableMs);
      story.close(LOST, 15 * 60_000);
      answers.push(...story.effects("drops.report").map((report) => report.answer));
      story.fire("reconnect", 0 + Math.max(0, waitOf(story)));
      story.open();
    }
    expect(answers).toEqual(["shorter-interval", "shorter-interval", "next-mode"]);
    expect(sessionPlan(story.state.drops, DEFAULT_POLICY)).toEqual({
      mode: "presence-unavailable",
      intervalMs: LIMITS.shortestSessionKeepaliveMs,
      rotateAfterMs: null,
    });
  });

  it("never takes presence-available unasked", () => {
    for (const mode of ["iq", "presence-unavailable", "off"] as const) {
      const policy = { ...DEFAULT_POLICY, keepalive: { ...DEFAULT_POLICY.keepalive, mode } };
      for (let step = 0; step < 6; step += 1) {
        expect(sessionPlan({ step, rhythm: null }, policy).mode).not.toBe("presence-available");
      }
    }
  });
});

function waitOf(story: Story): number {
  const { connection } = story.state;
  return connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) - story.at : 0;
}
