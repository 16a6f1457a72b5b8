import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, ladderOf, LIMITS, type Policy, sessionPlan } from "./index.ts";
import { Story } from "./story.test-support.ts";

const MINUTE = 60_000;
const LOST = { name: "Error", message: "Connection was lost", statusCode: 408 };

function policyWith(change: Partial<Policy["keepalive"]>): Policy {
  return { ...DEFAULT_POLICY, keepalive: { ...DEFAULT_POLICY.keepalive, ...change } };
}

/** Lives through drops and returns what was told about their rhythm. */
function metronome(story: Story, drops: number, everyMs: (drop: number) => number) {
  const reports = [];
  for (let drop = 0; drop < drops; drop += 1) {
    story.fire("stable", LIMITS.stableMs);
    story.close(LOST, everyMs(drop) - LIMITS.stableMs);
    reports.push(...story.effects("drops.report"));
    comeBack(story);
  }
  return reports;
}

function comeBack(story: Story): void {
  const { connection } = story.state;
  const waitMs = connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) - story.at : 0;
  story.fire("reconnect", Math.max(0, waitMs));
  story.open();
}

describe("drops with a rhythm", () => {
  it("are counted over all steps: 13 drops, median 16.2 min", () => {
    const story = new Story().start().open();
    const reports = metronome(story, 13, (drop) => 16.2 * MINUTE + (drop % 3) * 9_000);
    expect(reports.map(({ drops, answer }) => [drops, answer])).toEqual([
      [4, "shorter-interval"],
      [7, "shorter-interval"],
      [10, "next-mode"],
      [13, "none"],
    ]);
    expect((reports.at(-1)?.medianMs ?? 0) / MINUTE).toBeCloseTo(16.4, 0);
  });

  it("with nothing left to try are told only when they have doubled", () => {
    const story = new Story().start().open();
    const reports = metronome(story, 120, () => 16 * MINUTE);
    const none = reports.filter(({ answer }) => answer === "none");
    expect(none.map(({ drops }) => drops)).toEqual([13, 26, 52, 104]);
  });

  it("end their rhythm with the first interval that is far off", () => {
    const story = new Story().start().open();
    metronome(story, 6, () => 16 * MINUTE);
    expect(story.state.drops.rhythm?.drops).toBe(6);
    metronome(story, 1, () => 5 * 60 * MINUTE);
    expect(story.state.drops.rhythm).toBeNull();
  });

  it("an early irregular one does not hide a later rhythm", () => {
    const story = new Story().start().open();
    metronome(story, 1, () => 3 * MINUTE);
    const reports = metronome(story, 5, () => 16 * MINUTE);
    expect(reports.map(({ answer }) => answer)).toEqual(["shorter-interval"]);
  });

  it("without adaptive are measured and named, and nothing is changed", () => {
    const story = new Story(policyWith({ adaptive: false })).start().open();
    const reports = metronome(story, 8, () => 16 * MINUTE);
    expect(reports.map(({ answer }) => answer)).toEqual(["none", "none"]);
    expect(sessionPlan(story.state.drops, story.policy)).toMatchObject({ intervalMs: 240_000 });
  });
});

describe("the ladder", () => {
  it.each([
    [{}, ["shorter-interval", "shorter-interval", "next-mode"]],
    [{ rotateAfterMs: 1 }, ["shorter-interval", "shorter-interval", "next-mode", "rotation"]],
    [{ intervalMs: 90_000 }, ["shorter-interval", "next-mode"]],
    [{ intervalMs: 30_000 }, ["next-mode"]],
    [{ mode: "presence-available" }, ["shorter-interval", "shorter-interval"]],
    [{ mode: "off" }, []],
    [{ mode: "off", rotateAfterMs: 1 }, ["rotation"]],
  ] as const)("of %j is %j", (change, rungs) => {
    expect(ladderOf(policyWith(change))).toEqual(rungs);
  });

  it("keeps an interval that the owner chose below our own shortest", () => {
    const policy = policyWith({ intervalMs: 30_000 });
    expect(sessionPlan({ step: 0, rhythm: null }, policy).intervalMs).toBe(30_000);
  });
});

describe("accounts of one gateway that fall together", () => {
  it("have one common cause, said once per drop and in the report", () => {
    const story = new Story().start().open();
    const correlated = [];
    const reports = [];
    for (let drop = 0; drop < 4; drop += 1) {
      story.fire("stable", LIMITS.stableMs);
      const isFirst = drop % 2 === 0;
      if (!isFirst) story.tell({ kind: "neighbour.dropped", accounts: 1 }, 15 * MINUTE);
      story.close(LOST, isFirst ? 15 * MINUTE + 2_000 : 2_000);
      correlated.push(...story.effects("drops.correlate"));
      reports.push(...story.effects("drops.report"));
      if (isFirst) story.tell({ kind: "neighbour.dropped", accounts: 1 }, 100);
      correlated.push(...(isFirst ? story.effects("drops.correlate") : []));
      story.tell({ kind: "neighbour.dropped", accounts: 1 }, 100);
      expect(story.effects("drops.correlate")).toEqual([]);
      comeBack(story);
    }
    expect(correlated).toHaveLength(4);
    expect(reports[0]?.note).toContain("one common cause");
  });

  it("a neighbour's drop long before or after is none of ours", () => {
    const story = new Story().start().open();
    story.tell({ kind: "neighbour.dropped", accounts: 1 });
    story.close(LOST, LIMITS.commonDropMs + 1);
    expect(story.effects("drops.correlate")).toEqual([]);
    story.tell({ kind: "neighbour.dropped", accounts: 1 }, LIMITS.commonDropMs + 1);
    expect(story.effects("drops.correlate")).toEqual([]);
  });

  it("an open account asks its link at once when a neighbour fell", () => {
    const story = new Story().start().open();
    story.tell({ kind: "neighbour.dropped", accounts: 1 });
    expect(story.last?.rule).toBe("keepalive/neighbour-dropped");
    expect(story.effects("ping.send")).toHaveLength(1);
    expect(story.state.connection.phase).toBe("open");
  });
});
