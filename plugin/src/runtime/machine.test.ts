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
      clock: new HandClock(),
      handle: (item) => {
        seen.push(`begin ${item}`);
        if (item === "first") for (const next of ["second", "third"]) mailbox.post(next);
        seen.push(`end ${item}`);
      },
      onOverflow: () => undefined,
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
      clock: new HandClock(),
      handle: (item) => {
        handled += 1;
        mailbox.post(item + 1);
      },
      onOverflow: () => {
        overflows += 1;
      },
    });
    mailbox.post(0);
    mailbox.post(0);
    expect({ handled, overflows }).toEqual({ handled: Mailbox.CAPACITY, overflows: 1 });
  });

  it("turns again after a handler threw", () => {
    const seen: number[] = [];
    const mailbox = new Mailbox<number>({
      clock: new HandClock(),
      handle: (item) => {
        seen.push(item);
        if (item === 1) throw new Error("handler");
      },
      onOverflow: () => undefined,
    });
    expect(() => mailbox.post(1)).toThrow("handler");
    mailbox.post(2);
    expect(seen).toEqual([1, 2]);
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
  function supervised(stuckForMs: () => number = () => 0) {
    const clock = new HandClock();
    let replacements = 0;
    const waits: number[] = [];
    const supervisor = new Supervisor({
      clock,
      timers: clock,
      stuckForMs,
      replace: () => {
        replacements += 1;
      },
      onWait: (delayMs) => waits.push(delayMs),
    });
    return { clock, supervisor, waits, replacements: () => replacements };
  }

  it("replaces not more than three times an hour, and goes on afterwards", () => {
    const { clock, supervisor, waits, replacements } = supervised();
    for (let breach = 0; breach < 4; breach += 1) {
      supervisor.requestReplacement();
      supervisor.requestReplacement();
      clock.advance(1_000);
    }
    expect(replacements()).toBe(3);
    expect(waits).toEqual([3_597_000]);
    clock.advance(3_597_000);
    expect(replacements()).toBe(4);
  });

  it("replaces a mailbox that has not turned for a minute", () => {
    let stuck = 0;
    const { clock, supervisor, replacements } = supervised(() => stuck);
    supervisor.start();
    clock.advance(30_000);
    expect(replacements()).toBe(0);
    stuck = 61_000;
    clock.advance(10_000);
    expect(replacements()).toBe(1);
    supervisor.stop();
    expect(clock.running).toBe(0);
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
          return Promise.resolve({ result: "acquired", release });
        },
        ...lock,
      },
      {
        post: (input) => posted.push(input),
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

  it("a lock that fails is a fault and an answer, so that the core asks again", async () => {
    const { owner, posted } = lease({ acquire: () => Promise.reject(new Error("EACCES")) });
    owner.claim(1);
    await owner.settled();
    expect(posted).toMatchObject([
      { kind: "fault.raised", error: { name: "OwnerLockFailed" } },
      { kind: "owner.resolved", result: "busy" },
    ]);
  });
});
