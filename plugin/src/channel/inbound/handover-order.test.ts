import { expect, test } from "vitest";
import { HandoverOrder } from "./handover-order.ts";

test("what was admitted first begins first, and nobody waits for a turn to end", async () => {
  const order = new HandoverOrder();
  const begun: string[] = [];
  const slow = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<string>();
  const first = order.inTurn("chat", async () => {
    await slow.promise;
    return () => {
      begun.push("first");
      return turn.promise;
    };
  });
  const second = order.inTurn("chat", () =>
    Promise.resolve(() => {
      begun.push("second");
      return Promise.resolve("two");
    }),
  );
  const elsewhere = order.inTurn("other", () => Promise.resolve(() => Promise.resolve("three")));
  await expect(elsewhere).resolves.toBe("three");
  expect(begun).toEqual([]);
  slow.resolve();
  await expect(second).resolves.toBe("two");
  expect(begun).toEqual(["first", "second"]);
  turn.resolve("one");
  await expect(first).resolves.toBe("one");
});

test("one that fails on the way does not hold up those behind it", async () => {
  const order = new HandoverOrder();
  const failed = order.inTurn("chat", () => Promise.reject(new Error("no lookup")));
  const next = order.inTurn("chat", () => Promise.resolve(() => Promise.resolve("went on")));
  await expect(failed).rejects.toThrow("no lookup");
  await expect(next).resolves.toBe("went on");
});
