/** Goal: one thing at a time, timers that outlive their code, time that is observed, and a supervisor that does not hammer. */
import { describe, expect, it } from "vitest";
import type { Input } from "../events/index.ts";
import { CoreTimers } from "./core-timers.ts";
import { HandClock } from "./hand-clock.test-support.ts";
import { watchMachine } from "./machine-watch.ts";
import { Mailbox } from "./mailbox.ts";
import { OwnerLease } from "./owner-lease.ts";
import type { OwnerLock } from "./ports.ts";
import { Supervisor } from "./supervisor.ts";

describe("mailbox", () => {
  it("takes what is posted during handling afterwards, in order", () => {
    const seen: string[] = [];
    const mailbox: Mailbox<string> = new Mailbox({
      handle: (item) => {
        seen.push(`begin ${item}`);
        if (item === "first") for (const next of ["second", "third"]) mailbox.post(next);
        seen.push(`end ${item}`);
      },
      onOverflow: () => undefined,
      onFailure: () => undefined,
    });
    mailbox.post("first");
    expect(seen).toEqual([
      "begin first",
      "end first",
      "begin second",
      "end second",
      "begin third",
      "end third",
    ]);
  });

  it("stops handling that feeds itself, once and for all", () => {
    let handled = 0;
    let overflows = 0;
    const mailbox: Mailbox<number> = new Mailbox({
      handle: (item) => {
        handled += 1;
        mailbox.post(item + 1);
      },
      onOverflow: () => {
        overflows += 1;
      },
      onFailure: () => undefined,
    });
    mailbox.post(0);
    mailbox.post(0);
    expect({ handled, overflows }).toEqual({ handled: Mailbox.CAPACITY, overflows: 1 });
  });

  it("reports a handler that threw and handles what waited behind it", () => {
    const seen: number[] = [];
    const failures: unknown[] = [];
    const mailbox: Mailbox<number> = new Mailbox({
      handle: (item) => {
        seen.push(item);
        if (item !== 1) return;
        mailbox.post(2);
        throw new Error("handler");
      },
      onOverflow: () => undefined,
      onFailure: (error) => failures.push(error),
    });
    mailbox.post(1);
    expect({ seen, turns: mailbox.turns, isWaiting: mailbox.isWaiting }).toEqual({
      seen: [1, 2],
      turns: 2,
      isWaiting: false,
    });
    expect(failures).toMatchObject([{ message: "handler" }]);
  });
});

describe("timers of the core", () => {
  it("come due once, with how late they were", () => {
    const clock = new HandClock();
    const posted: Input[] = [];
    const timers = new CoreTimers({ clock, timers: clock }, (input) => posted.push(input));
    timers.start(1, "reconnect", 1_000, null);
    timers.start(2, "ack-deadline", 1_000, "send-1");
    timers.start(3, "stable", 1_000, null);
    timers.cancel(3);
    clock.stall(1_400);
    expect(posted).toEqual([
      { kind: "timer.fired", timerId: 1, timer: "reconnect", lateMs: 400 },
      { kind: "timer.fired", timerId: 2, timer: "ack-deadline", subject: "send-1", lateMs: 400 },
    ]);
    expect({ timers: timers.count, running: clock.running }).toEqual({ timers: 0, running: 0 });
  });

  it("go on under a successor, those overdue at once", () => {
    const clock = new HandClock();
    const before = new CoreTimers({ clock, timers: clock }, () => undefined);
    before.start(1, "reconnect", 1_000, null);
    before.start(2, "alert", 60_000, null);
    const left = before.stop();
    expect(clock.running).toBe(0);
    clock.advance(5_000);
    const posted: Input[] = [];
    const after = new CoreTimers({ clock, timers: clock }, (input) => posted.push(input));
    after.resume(left);
    clock.advance(0);
    expect(posted).toMatchObject([{ timerId: 1, lateMs: 4_000 }]);
    clock.advance(55_000);
    expect(posted).toHaveLength(2);
  });
});

describe("time itself", () => {
  function watch() {
    const clock = new HandClock();
    const posted: Input[] = [];
    const stop = watchMachine({ clock, timers: clock }, (input) => posted.push(input));
    return { clock, posted, stop };
  }

  it("a stall of the event loop is told from a jump of the wall clock", () => {
    const { clock, posted, stop } = watch();
    clock.advance(20_000);
    expect(posted).toEqual([]);
    clock.stall(12_000);
    expect(posted).toEqual([{ kind: "loop.stalled", stallMs: 10_000 }]);
    clock.jumpWall(-3_600_000);
    clock.advance(4_000);
    expect(posted.slice(1)).toEqual([{ kind: "clock.jumped", jumpMs: -3_600_000 }]);
    stop();
    expect(clock.running).toBe(0);
  });
});

describe("supervisor", () => {
  function supervised(replacements: number[] = []) {
    const clock = new HandClock();
    const progress = { turns: 0, isExpected: true };
    const told: string[] = [];
    const waits: number[] = [];
    const supervisor: Supervisor = new Supervisor({
      clock,
      timers: clock,
      replacements,
      progress: () => progress,
      condemn: (detail) => {
        told.push(detail);
        supervisor.requestReplacement();
      },
      renew: () => told.push("renew"),
      begin: () => told.push("begin"),
      onWait: (delayMs) => waits.push(delayMs),
    });
    return { clock, supervisor, waits, told, progress };
  }

  it("replaces not more than three times an hour, and goes on afterwards", () => {
    const { clock, supervisor, waits, told } = supervised();
    for (let breach = 0; breach < 4; breach += 1) {
      supervisor.requestReplacement();
      supervisor.requestReplacement();
      clock.advance(1_000);
    }
    const replaced = ["renew", "begin"];
    // The broken one is gone at once; only its successor has to wait.
    expect(told).toEqual([...replaced, ...replaced, ...replaced, "renew"]);
    expect(waits).toEqual([3_597_000]);
    expect(supervisor.waitsMs()).toBe(3_596_000);
    clock.advance(3_596_000);
    expect(told.at(-1)).toBe("begin");
    expect(supervisor.waitsMs()).toBeNull();
    // The gateway's health monitor gives up on an account that it has not heard of for two minutes.
    expect(waits.length).toBeGreaterThan(70);
  });

  it("keeps to the bound also as another runtime of the same account", () => {
    const replacements: number[] = [];
    const first = supervised(replacements);
    for (let breach = 0; breach < 3; breach += 1) {
      first.supervisor.requestReplacement();
      first.clock.advance(0);
    }
    const second = supervised(replacements);
    second.supervisor.requestReplacement();
    second.clock.advance(0);
    expect(second.told).toEqual(["renew"]);
  });

  it("condemns a mailbox that has not turned for a minute, once", () => {
    const { clock, supervisor, told, progress } = supervised();
    supervisor.start();
    for (let second = 0; second < 60; second += 30) {
      clock.advance(30_000);
      progress.turns += 1;
    }
    expect(told).toEqual([]);
    clock.advance(50_000);
    expect(told).toEqual([]);
    clock.advance(20_000);
    expect(told).toEqual(["nothing was handled for 60 s", "renew", "begin"]);
    supervisor.stop();
    expect(clock.running).toBe(0);
  });

  it("expects nothing of an account that waits for a person", () => {
    const { clock, supervisor, told, progress } = supervised();
    progress.isExpected = false;
    supervisor.start();
    clock.advance(3_600_000);
    expect(told).toEqual([]);
  });

  it("does not take a process that stood still for a mailbox that does", () => {
    const { clock, supervisor, told, progress } = supervised();
    supervisor.start();
    clock.stall(900_000);
    progress.turns += 1;
    clock.advance(20_000);
    expect(told).toEqual([]);
  });
});

describe("owner lease", () => {
  function lease(lock: Partial<OwnerLock> = {}) {
    const posted: Input[] = [];
    const calls: string[] = [];
    const owner = new OwnerLease(
      "/auth",
      {
        acquire: () => {
          calls.push("acquire");
          const release = (): Promise<void> => {
            calls.push("release");
            return Promise.resolve();
          };
          return Promise.resolve({
            result: "acquired",
            release,
            takenBy: () => Promise.resolve(null),
          });
        },
        ...lock,
      },
      {
        post: (input) => posted.push(input),
        scrub: (text) => text.replace("/home/somebody", "~"),
        socketsGone: () => {
          calls.push("sockets gone");
          return Promise.resolve();
        },
        predecessorsGone: () => Promise.resolve(),
      },
    );
    return { owner, posted, calls };
  }

  it("is given back only after the sockets are gone", async () => {
    const { owner, calls, posted } = lease();
    owner.claim(1);
    owner.giveBack();
    await owner.settled();
    // The claim was over before it began.
    expect(posted).toEqual([]);
    owner.claim(2);
    await owner.settled();
    owner.giveBack();
    await owner.settled();
    expect(calls.slice(-3)).toEqual(["acquire", "sockets gone", "release"]);
    expect(posted).toEqual([{ kind: "owner.resolved", result: "acquired" }]);
  });

  it("stays ours when it is claimed again before it was given back", async () => {
    const { owner, calls, posted } = lease();
    owner.claim(1);
    await owner.settled();
    owner.giveBack();
    owner.claim(2);
    await owner.settled();
    expect(calls).toEqual(["acquire"]);
    expect(posted).toHaveLength(2);
    expect(owner.isHeld).toBe(true);
  });

  it("is given up when another process has taken the lock file, and asked for anew", async () => {
    let taker: string | null = null;
    const { owner, calls, posted } = lease({
      acquire: () => {
        calls.push("acquire");
        const release = (): Promise<void> => {
          calls.push("release");
          return Promise.resolve();
        };
        return Promise.resolve({
          result: "acquired",
          release,
          takenBy: () => Promise.resolve(taker),
        });
      },
    });
    owner.claim(1);
    await owner.settled();
    await expect(owner.otherOwner()).resolves.toBeNull();
    taker = "process 4711";
    await expect(owner.otherOwner()).resolves.toBe("process 4711");
    expect(owner.isHeld).toBe(false);
    owner.claim(1);
    await owner.settled();
    expect(calls).toEqual(["acquire", "release", "acquire"]);
    expect(posted).toHaveLength(2);
  });

  it("a lock that fails is a fault and an answer, so that the core asks again", async () => {
    const { owner, posted } = lease({
      acquire: () => Promise.reject(new Error("EACCES /home/somebody/auth.lock")),
    });
    owner.claim(1);
    await owner.settled();
    expect(posted).toMatchObject([
      {
        kind: "fault.raised",
        error: { name: "OwnerLockFailed", message: "EACCES ~/auth.lock" },
      },
      { kind: "owner.resolved", result: "busy" },
    ]);
  });
});
