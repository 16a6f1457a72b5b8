import { describe, expect, it } from "vitest";
import { backoffDelayMs, DEFAULT_POLICY, LIMITS } from "./index.ts";
import { DNS_ERROR, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const failure = (reason: string, attrs: Record<string, string> = {}) => ({
  name: "Error",
  message: "Connection Failure",
  statusCode: Number(reason),
  attrs: { reason, ...attrs },
});

function waitOf(story: Story): number {
  const { connection } = story.state;
  return connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) - story.at : -1;
}

describe("backoff", () => {
  const { maxDelayMs } = DEFAULT_POLICY.recovery;

  it("is random from nothing up to a ceiling that doubles and is capped", () => {
    for (let attempt = 1; attempt < 400; attempt += 1) {
      const ceiling = Math.min(maxDelayMs, 1_000 * 2 ** Math.min(attempt - 1, 20));
      expect(backoffDelayMs("normal", attempt, maxDelayMs, 0)).toBe(0);
      expect(backoffDelayMs("normal", attempt, maxDelayMs, 0.5)).toBe(ceiling / 2);
      expect(backoffDelayMs("normal", attempt, maxDelayMs, 0.999_999)).toBeLessThanOrEqual(ceiling);
    }
  });

  it("is long where the server asked for rest, and never nothing", () => {
    expect(backoffDelayMs("long", 1, maxDelayMs, 0)).toBeGreaterThan(5_000);
    expect(backoffDelayMs("long", 50, maxDelayMs, 0)).toBe((10 * maxDelayMs) / 2);
  });
});

describe("a login that is rejected with 401", () => {
  it("is tried again after 5 s, 60 s and 10 min, and believed at the end of these", () => {
    const story = new Story().start();
    const waits: number[] = [];
    while (story.state.connection.phase !== "blocked") {
      story.close(failure("401"));
      if (waitOf(story) < 0) break;
      waits.push(waitOf(story));
      story.fire("reconnect", waitOf(story));
    }
    expect(waits).toEqual([5_000, 60_000, 600_000]);
    expect(story.state.connection).toMatchObject({ phase: "blocked", causeId: "logged-out" });
  });

  it("counts only rejections in a row: anything else in between begins anew", () => {
    const story = new Story().start();
    for (let round = 0; round < 10; round += 1) {
      story.close(failure("401"));
      story.fire("reconnect", waitOf(story));
      story.close(SERVICE_UNAVAILABLE);
      expect(story.state.connection.phase).toBe("waiting");
      story.fire("reconnect", waitOf(story));
    }
    story.open();
    expect(story.state.recovery.rejectionsInARow).toBe(0);
  });
});

describe("a temporary ban", () => {
  it("without a time is waited for an hour", () => {
    const story = new Story().start();
    story.close(failure("402"));
    expect(waitOf(story)).toBe(LIMITS.hourMs);
  });
});

describe("the network probe", () => {
  it("is one at a time, also when an attempt fails while a resolver hangs", () => {
    const story = new Story().start();
    story.close(DNS_ERROR);
    story.fire("network-probe", LIMITS.networkProbeMs);
    expect(story.effects("network.probe")).toHaveLength(1);
    story.fire("reconnect", Math.max(0, waitOf(story)));
    story.close(DNS_ERROR);
    expect(story.state.timers.map(({ timer }) => timer)).not.toContain("network-probe");
    story.tell({ kind: "network.probed", result: "unreachable", error: null });
    expect(story.state.timers.map(({ timer }) => timer)).toContain("network-probe");
  });

  it("asks at least every two seconds", () => {
    expect(LIMITS.networkProbeMs).toBeLessThanOrEqual(2_000);
  });
});
