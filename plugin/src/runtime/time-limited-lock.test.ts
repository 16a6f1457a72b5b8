import { describe, expect, it } from "vitest";
import { HandClock } from "./hand-clock.test-support.ts";
import type { OwnerLock } from "./ports.ts";
import { LOCK_LIMIT_MS, timeLimitedLock } from "./time-limited-lock.ts";

type Answer = Awaited<ReturnType<OwnerLock["acquire"]>>;

/** A lock that answers when the test lets it. */
function slowLock() {
  const clock = new HandClock();
  const answers: ((answer: Answer) => void)[] = [];
  const calls: string[] = [];
  let isReleaseSlow = false;
  const lock = timeLimitedLock(
    {
      acquire: () => {
        calls.push("acquire");
        return new Promise((resolve) => answers.push(resolve));
      },
    },
    clock,
  );
  const release = (): Promise<void> => {
    calls.push("release");
    return isReleaseSlow ? new Promise(() => undefined) : Promise.resolve();
  };
  return {
    clock,
    lock,
    calls,
    answer: () =>
      answers.shift()?.({ result: "acquired", release, takenBy: () => Promise.resolve(null) }),
    releaseSlowly: () => void (isReleaseSlow = true),
  };
}

describe("a lock on a file system that hangs", () => {
  it("is an error with the cause after ten seconds, and no timer stays", async () => {
    const { lock, clock } = slowLock();
    expect(await pastTheLimit(clock, lock.acquire("/auth"))).toContain("file system");
    expect(clock.running).toBe(0);
  });

  it("is joined by the next claim, which gets it", async () => {
    const { lock, clock, calls, answer } = slowLock();
    await pastTheLimit(clock, lock.acquire("/auth"));
    const second = lock.acquire("/auth");
    answer();
    await expect(second).resolves.toMatchObject({ result: "acquired" });
    expect(calls).toEqual(["acquire"]);
  });

  it("is given back when it comes and nobody waits any more", async () => {
    const { lock, clock, calls, answer } = slowLock();
    await pastTheLimit(clock, lock.acquire("/auth"));
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(["acquire", "release"]);
  });

  it("keeps nobody who gives it back", async () => {
    const { lock, clock, answer, releaseSlowly } = slowLock();
    const acquiring = lock.acquire("/auth");
    answer();
    const held = await acquiring;
    if (held.result === "busy") throw new Error("The lock is free.");
    releaseSlowly();
    expect(await pastTheLimit(clock, held.release())).toContain("let go");
  });
});

/** What the work was refused with when the limit is over. */
async function pastTheLimit(clock: HandClock, work: Promise<unknown>): Promise<string> {
  const outcome = work.then(
    () => "done",
    (error: unknown) => String(error),
  );
  clock.advance(LOCK_LIMIT_MS);
  return await outcome;
}
