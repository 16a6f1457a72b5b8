/** Goal: what waited while we were away is one turn per chat, in the order it was written; what is too old is kept and told. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/core/index.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

async function away(): Promise<void> {
  runtime = await bench.opened();
  await runtime.stop("restart");
  await expect.poll(() => bench.server.connections.length).toBe(0);
}

async function back(): Promise<void> {
  runtime.start("operator");
  await bench.until(() => runtime.status().phase === "open", "phase open");
}

/** Texts by turn, in the order of the turns. */
function turns(): string[][] {
  const byTurn = new Map<unknown, string[]>();
  for (const { text, turn } of bench.admitted) {
    const key = turn ?? text;
    byTurn.set(key, [...(byTurn.get(key) ?? []), text]);
  }
  return [...byTurn.values()];
}

it("a cold start with messages of 30 s, 10 min, 3 h and 3 days: answered, answered, context, context", async () => {
  await away();
  const people = { "30 s": 30, "10 min": 10 * MINUTE_S, "3 h": 3 * HOUR_S, "3 d": 72 * HOUR_S };
  for (const [name, ageSeconds] of Object.entries(people)) {
    await bench.server.world.contact(`Person ${name}`).write(bench.account, name, { ageSeconds });
  }
  await back();
  for (const name of Object.keys(people)) await bench.message(name);
  const decided = Object.fromEntries(bench.admitted.map(({ text, as }) => [text, as]));
  expect(decided).toEqual({
    "30 s": "reply",
    "10 min": "reply",
    "3 h": "context",
    "3 d": "context",
  });
  const rules = bench.recordsOf("message.admit").map(({ rule, reason }) => [rule, reason]);
  expect(rules).toContainEqual(["inbound/too-old", "direct, 3 h old, answered up to 2 h"]);
  expect(rules).toContainEqual(["inbound/late-reply", "direct, 10 min old"]);
  expect(bench.ownerNotices).toEqual([]);
});

it("thirty waiting messages are one turn, oldest first, and what is live afterwards is its own", async () => {
  await away();
  const { world } = bench.server;
  const alice = world.contact("Alice");
  for (let index = 0; index < 30; index += 1) {
    await alice.write(bench.account, `waiting ${index}`, { ageSeconds: 30 * MINUTE_S - index });
  }
  // Written first and delivered last, as after a detour over another server.
  await alice.write(bench.account, "the very first", { ageSeconds: HOUR_S });
  await world.contact("Bob").write(bench.account, "only one", { ageSeconds: 5 * MINUTE_S });
  await back();
  await bench.message("only one");
  await alice.write(bench.account, "and now");
  await bench.message("and now");
  const waiting = Array.from({ length: 30 }, (_, index) => `waiting ${index}`);
  expect(turns()[0]).toEqual(["the very first", ...waiting]);
  expect(turns()).toHaveLength(3);
  expect(bench.recordsOf("burst.admit")).toMatchObject([
    { messages: 31, replies: 31, why: "caught-up" },
  ]);
  await bench.until(() => bench.recordsOf("message.settled").length === 33, "all settled");
  expect(bench.journal.depth().unsettled).toBe(0);
});

it("a group's chatter is context, and one turn with it where somebody was asked", async () => {
  await away();
  const { world } = bench.server;
  const [alice, bob, bot] = [world.contact("Alice"), world.contact("Bob"), bench.account];
  const asked = world.group({ subject: "Asked", members: [alice, bob, bot] });
  const silent = world.group({ subject: "Silent", members: [alice, bob, bot] });
  await alice.write(asked, "we meet at nine", { ageSeconds: 20 * MINUTE_S });
  await bob.write(asked, "@bot when do we meet", { mention: [bot], ageSeconds: 15 * MINUTE_S });
  await alice.write(silent, "nobody asks", { ageSeconds: 20 * MINUTE_S });
  await back();
  await bench.message("nobody asks");
  await bench.message("we meet at nine");
  const byText = new Map(bench.admitted.map((each) => [each.text, each]));
  expect(byText.get("we meet at nine")).toMatchObject({ as: "context", turn: 1 });
  expect(byText.get("@bot when do we meet")).toMatchObject({ as: "reply", turn: 1 });
  expect(byText.get("nobody asks")).toMatchObject({ as: "context", turn: null });
});

it("the owner is told once of what was too old, where they want to be", async () => {
  bench.policy = { ...DEFAULT_POLICY, late: { ...DEFAULT_POLICY.late, older: "notify" } };
  await away();
  const { world } = bench.server;
  for (const name of ["Alice", "Bob"]) {
    await world.contact(name).write(bench.account, `old of ${name}`, { ageSeconds: 5 * HOUR_S });
  }
  await back();
  await bench.message("old of Bob");
  await bench.until(() => bench.ownerNotices.length > 0, "notice");
  expect(bench.ownerNotices).toEqual([2]);
  expect(bench.admitted.map(({ as }) => as)).toEqual(["notify-owner", "notify-owner"]);
});

it("what a stopped process had not handed over is one turn of the next one", async () => {
  await away();
  const alice = bench.server.world.contact("Alice");
  for (const text of ["one", "two"]) {
    await alice.write(bench.account, text, { ageSeconds: 10 * MINUTE_S });
  }
  bench.onAdmit = () => Promise.reject(new Error("the gateway is going down"));
  await back();
  await bench.until(() => bench.recordsOf("fault.raised").length > 0, "rejected");
  await runtime.stop("restart");
  bench.registry.clear();
  bench.admitted.length = 0;
  bench.onAdmit = () => Promise.resolve({ state: "answered", reason: "test" });
  runtime = bench.runtime();
  await back();
  await bench.message("two");
  expect(turns()).toEqual([["one", "two"]]);
  expect(bench.journal.depth().unsettled).toBe(0);
});
