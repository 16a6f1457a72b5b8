import { expect, test } from "vitest";
import type { Input } from "../events/index.ts";
import { HandClock } from "./hand-clock.test-support.ts";
import { OwnerLease } from "./owner-lease.ts";
import type { LiveSocket } from "./ports.ts";
import { SocketPool } from "./socket-pool.ts";

function leaseWith(socketsGone: () => Promise<void>) {
  const posted: Input[] = [];
  const calls: string[] = [];
  const lease = new OwnerLease(
    "/auth",
    {
      acquire: () => {
        calls.push("acquired");
        const release = (): Promise<void> => Promise.resolve(void calls.push("released"));
        return Promise.resolve({
          result: "acquired",
          release,
          takenBy: () => Promise.resolve(null),
        });
      },
    },
    {
      post: (input) => void posted.push(input),
      scrub: (text) => text,
      socketsGone,
      predecessorsGone: () => Promise.resolve(),
    },
  );
  return { lease, posted, calls };
}

test("the lease is given back when its sockets are gone", async () => {
  let gone: () => void = () => undefined;
  const { lease, calls, posted } = leaseWith(() => new Promise((resolve) => (gone = resolve)));
  lease.claim(1);
  await lease.settled();
  expect(posted).toEqual([{ kind: "owner.resolved", result: "acquired" }]);
  lease.giveBack();
  await Promise.resolve();
  await Promise.resolve();
  expect(calls).toEqual(["acquired"]);
  gone();
  await lease.settled();
  expect(calls).toEqual(["acquired", "released"]);
});

test("the lease is given back also when the end of a socket fails", async () => {
  const { lease, calls } = leaseWith(() => Promise.reject(new Error("the disk is gone")));
  lease.claim(1);
  lease.giveBack();
  lease.claim(2);
  await lease.settled();
  lease.giveBack();
  await lease.settled();
  expect(calls).toEqual(["acquired", "released"]);
  expect(lease.isHeld).toBe(false);
});

test("a socket that does not end keeps nobody waiting for more than two seconds", async () => {
  const clock = new HandClock();
  const pool = new SocketPool({
    accountId: "a",
    authDir: "/auth",
    factory: { open: () => neverOpened(), whenStored: () => Promise.resolve() },
    listener: {
      onInput: () => undefined,
      onQr: () => undefined,
      onSelf: () => undefined,
      onMessage: () => undefined,
      onHistory: () => undefined,
    },
    timers: clock,
    registry: new Map() as never,
  });
  // Only that it is there counts.
  pool.adopt([{ socketId: 1 } as LiveSocket]);
  let isGone = false;
  const waiting = pool.whenGone().then(() => (isGone = true));
  clock.advance(1_999);
  await Promise.resolve();
  expect(isGone).toBe(false);
  clock.advance(1);
  await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50))]);
  expect(isGone).toBe(true);
});

function neverOpened(): never {
  throw new Error("nothing opens a socket here");
}
