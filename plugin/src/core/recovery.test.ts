import { describe, expect, it } from "vitest";
import { CAUSES, currentSocket, DEFAULT_POLICY, LIMITS } from "./index.ts";
import { DNS_ERROR, REPLACED, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const failure = (reason: string, attrs: Record<string, string> = {}) => ({
  name: "Error",
  message: "Connection Failure",
  statusCode: Number(reason),
  attrs: { reason, ...attrs },
});

describe("recovery from transient causes", () => {
  it("retries a DNS outage of three days without end and opens within a probe of its return", () => {
    const story = new Story().start().open();
    story.close(DNS_ERROR);
    let attempts = 0;
    const end = story.at + 3 * 24 * LIMITS.hourMs;
    while (story.at < end) {
      const { connection } = story.state;
      expect(connection.phase).toBe("waiting");
      const delayMs =
        connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) - story.at : 0;
      story.fire("reconnect", Math.max(delayMs, 0));
      if (currentSocket(story.state.connection) === null) continue;
      attempts += 1;
      story.close(DNS_ERROR);
    }
    expect(attempts).toBeGreaterThan(72 * 20);
    expect(attempts).toBeLessThanOrEqual(72 * DEFAULT_POLICY.recovery.attemptsPerHour);
    story.fire("network-probe");
    expect(story.effects("network.probe")).toHaveLength(1);
    story.tell({ kind: "network.probed", result: "reachable", error: null });
    expect(story.last?.rule).toBe("probe/reachable");
    expect(story.state.connection.phase).toBe("connecting");
  });

  it("tries at once when the resolver answers again after a route was gone, not when it answered all the time", () => {
    const unreachable = {
      ...DNS_ERROR,
      message: "WebSocket Error (connect ENETUNREACH 198.51.100.1:443)",
      errorCode: "ENETUNREACH",
    };
    const story = new Story().start().open();
    story.close(unreachable);
    story.fire("network-probe");
    story.tell({ kind: "network.probed", result: "reachable", error: null });
    expect(story.state.connection.phase).toBe("waiting");
    story.fire("reconnect", 60_000);
    story.close(unreachable);
    story.fire("network-probe");
    story.tell({ kind: "network.probed", result: "unreachable", error: null });
    story.fire("network-probe");
    story.tell({ kind: "network.probed", result: "reachable", error: null });
    expect(story.last?.rule).toBe("probe/reachable");
    expect(story.state.connection.phase).toBe("connecting");
  });

  it("never makes more than the hourly budget of attempts, whatever the cause", () => {
    const story = new Story().start().open();
    const times: number[] = [];
    for (let round = 0; round < 400; round += 1) {
      story.close({ ...SERVICE_UNAVAILABLE, statusCode: 515 }, 100);
      const { connection } = story.state;
      if (connection.phase === "waiting") {
        story.fire("reconnect", Math.max(0, (connection.nextAttemptAt ?? 0) - story.at));
      }
      if (story.state.connection.phase === "connecting") times.push(story.at);
    }
    for (const [index, time] of times.entries()) {
      const inHour = times.slice(index).filter((t) => t < time + LIMITS.hourMs).length;
      expect(inHour).toBeLessThanOrEqual(DEFAULT_POLICY.recovery.attemptsPerHour);
    }
  });

  it("keeps the hourly budget also where no restart is paced: the server asks for them, in between all is well", () => {
    const story = new Story().start().open();
    const times: number[] = [];
    for (let round = 0; round < 90; round += 1) {
      for (let restart = 0; restart < LIMITS.restartsInARow; restart += 1) {
        story.close({ ...SERVICE_UNAVAILABLE, statusCode: 515 }, 100);
        for (let { connection } = story.state; connection.phase === "waiting";) {
          story.fire("reconnect", Math.max(0, (connection.nextAttemptAt ?? 0) - story.at));
          ({ connection } = story.state);
        }
        times.push(story.at);
        story.open();
      }
      story.fire("stable", LIMITS.stableMs);
    }
    expect(busiestHour(times)).toBe(DEFAULT_POLICY.recovery.attemptsPerHour);
  });

  it("leaves a fifth of the hour's budget for when the network says that it is back", () => {
    const story = new Story().start().open();
    story.close(DNS_ERROR);
    const times: number[] = [];
    while (story.at < 2 * LIMITS.hourMs) {
      const { connection } = story.state;
      if (connection.phase !== "waiting") throw new Error("It waits between attempts.");
      story.fire("reconnect", Math.max((connection.nextAttemptAt ?? 0) - story.at, 0));
      if (currentSocket(story.state.connection) === null) continue;
      times.push(story.at);
      story.close(DNS_ERROR);
    }
    const scheduled = DEFAULT_POLICY.recovery.attemptsPerHour * 0.8;
    expect(busiestHour(times)).toBe(scheduled);
  });

  it("starts the backoff anew only after a stable period, not on open", () => {
    const story = new Story().start().open();
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 60_000);
    story.open();
    story.close(SERVICE_UNAVAILABLE);
    expect(story.state.recovery.attempt).toBe(2);
    story.fire("reconnect", 60_000);
    story.open();
    story.fire("stable", LIMITS.stableMs);
    expect(story.state.recovery.attempt).toBe(0);
  });

  it("restarts at once on 515 and does not count it", () => {
    const story = new Story().start().open();
    const step = story.close({
      name: "Error",
      message: "Stream Errored (restart required)",
      statusCode: 515,
      tag: "stream:error",
    });
    expect(step.rule).toBe("close/restart");
    expect(story.state.connection.phase).toBe("connecting");
    expect(story.state.recovery.attempt).toBe(0);
  });

  it("replaces a login that never completes", () => {
    const story = new Story().start();
    story.tell({ kind: "socket.upgraded", socketId: 1 });
    story.fire("connect-limit", LIMITS.loginMs);
    expect(story.last?.rule).toBe("connect/limit");
    expect(story.effects("socket.close")[0]?.reason).toBe("connect-limit");
    expect(story.state.connection.phase).toBe("waiting");
  });
});

describe("recovery from causes with a class of their own", () => {
  it("believes a 401 without device_removed only after three more tries", () => {
    const story = new Story().start();
    for (const waitMs of LIMITS.rejectionWaitsMs) {
      story.close(failure("401", { location: "odn" }));
      expect(story.state.connection.phase).toBe("waiting");
      story.fire("reconnect", waitMs);
    }
    story.close(failure("401", { location: "odn" }));
    expect(story.state.connection).toMatchObject({ phase: "blocked", causeId: "logged-out" });
  });

  it("believes device_removed at once", () => {
    const story = new Story().start().open();
    story.close({ ...REPLACED, statusCode: 401, attrs: { type: "device_removed" } });
    expect(story.state.connection).toMatchObject({ phase: "blocked", causeId: "device-removed" });
    expect(story.effects("status.publish")[0]).toMatchObject({
      lifecycle: "blocked",
      terminal: true,
    });
  });

  it("waits for the end of a temporary ban, in pieces a timer can hold", () => {
    const story = new Story().start();
    story.close(failure("402", { expire: String(40 * 3_600) }));
    expect(story.effects("timer.start").find((t) => t.timer === "reconnect")?.delayMs).toBe(
      LIMITS.longestDelayMs,
    );
    story.fire("reconnect", LIMITS.longestDelayMs);
    expect(story.last?.rule).toBe("reconnect/continue");
    story.fire("reconnect", 16 * LIMITS.hourMs);
    expect(story.state.connection.phase).toBe("connecting");
  });

  it("looks the version up once after 405 and blocks when it stays", () => {
    const story = new Story().start();
    story.close(failure("405", { location: "vll" }));
    expect(story.effects("version.refresh")).toHaveLength(1);
    story.tell({ kind: "version.resolved", source: "network", version: "2.3000.9" });
    expect(story.last?.rule).toBe("refresh/retry");
    story.close(failure("405", { location: "vll" }));
    expect(story.state.connection).toMatchObject({
      phase: "blocked",
      causeId: "client-unsupported",
    });
  });

  it("stops at the first external conflict and stays stopped", () => {
    const story = new Story().start().open();
    story.close(REPLACED);
    expect(story.effects("conflict.inspect")).toHaveLength(1);
    story.tell({ kind: "conflict.inspected", finding: "external", socketId: null });
    expect(story.state.connection).toMatchObject({
      phase: "blocked",
      causeId: "conflict-external",
    });
    expect(story.state.timers.filter((t) => t.timer === "reconnect")).toEqual([]);
    story.tell({ kind: "operator.acted", act: "takeover" });
    expect(story.effects("owner.acquire")).toHaveLength(1);
  });

  it("ends its own older socket and goes on after an internal conflict", () => {
    const story = new Story().start().open();
    story.fire("stable", LIMITS.stableMs);
    story.tell({ kind: "operator.acted", act: "restart" });
    story.open();
    story.close(REPLACED);
    story.tell({ kind: "conflict.inspected", finding: "own-socket", socketId: 1 });
    expect(story.effects("socket.close")[0]).toMatchObject({ socketId: 1, reason: "superseded" });
    story.fire("reconnect", LIMITS.ownConflictDelayMs);
    expect(story.state.connection.phase).toBe("connecting");
  });

  const OTHER_PROCESS = {
    kind: "conflict.inspected",
    finding: "other-process",
    socketId: null,
    holder: "process 4711 (openclaw)",
  } as const;

  it("waits for a process that has the owner lock, and goes on when that one is gone", () => {
    const story = new Story().start().open();
    story.close(REPLACED);
    story.tell({ ...OTHER_PROCESS, holdsLock: true });
    expect(story.effects("owner.release")).toHaveLength(1);
    expect(story.state.connection).toMatchObject({ phase: "waiting", causeId: "owner-busy" });
    expect(story.effects("status.publish")).toMatchObject([{ terminal: false }]);
    story.fire("owner-retry", LIMITS.ownerRetryMs);
    story.tell({ kind: "owner.resolved", result: "busy", holder: "process 4711 (openclaw)" });
    story.fire("owner-retry", LIMITS.ownerRetryMs);
    story.tell({ kind: "owner.resolved", result: "acquired" });
    expect(story.state.connection.phase).toBe("connecting");
  });

  it("leaves the stream to a process that takes it again in spite of the lock", () => {
    const story = new Story().start().open();
    story.close(REPLACED);
    story.tell({ ...OTHER_PROCESS, holdsLock: true });
    story.fire("owner-retry", LIMITS.ownerRetryMs);
    story.tell({ kind: "owner.resolved", result: "acquired" });
    story.open().close(REPLACED);
    story.tell({ ...OTHER_PROCESS, holdsLock: true });
    expect(story.state.connection).toMatchObject({
      phase: "blocked",
      causeId: "conflict-other-process",
    });
  });

  it("needs a person where the other process never asked for the lock", () => {
    const story = new Story().start().open();
    story.close(REPLACED);
    story.tell(OTHER_PROCESS);
    expect(story.state.connection).toMatchObject({
      phase: "blocked",
      causeId: "conflict-other-process",
    });
  });
});

describe("a person's restart", () => {
  it("is no way round the owner lock", () => {
    const story = new Story();
    story.tell({
      kind: "controller.started",
      controllerId: 1,
      reason: "gateway-start",
      credentials: "linked",
    });
    story.tell({ kind: "owner.resolved", result: "busy" });
    story.tell({ kind: "operator.acted", act: "restart" });
    expect(story.effects("socket.open")).toEqual([]);
    expect(story.effects("owner.acquire")).toHaveLength(1);
  });

  it.each(["open", "blocked"] as const)("is told once, from phase %s", (phase) => {
    const story = new Story().start().open();
    if (phase === "blocked") {
      story.close(REPLACED);
      story.tell({ kind: "conflict.inspected", finding: "external", socketId: null });
    }
    expect(story.state.connection.phase).toBe(phase);
    story.tell({ kind: "operator.acted", act: "restart" });
    expect(story.effects("status.publish")).toHaveLength(1);
  });
});

describe("the catalogue", () => {
  it("gives no two causes the same sentence and action", () => {
    const told = Object.values(CAUSES).map((cause) => `${cause.sentence} ${cause.action}`);
    expect(new Set(told).size).toBe(told.length);
  });
});

function busiestHour(times: readonly number[]): number {
  const inHour = (from: number): number =>
    times.filter((time) => time >= from && time < from + LIMITS.hourMs).length;
  return Math.max(...times.map(inHour));
}
