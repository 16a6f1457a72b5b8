/** Goal: a message that cannot be read here is fetched from the phone, which has it, and arrives once. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

it("unreadable, and its writer does not answer: the phone's copy arrives, once also when the writer comes back", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "first");
  await bench.message("first");
  bench.server.faults.set("broken", { stage: "delivery", kind: "undecryptable" }, { times: 1 });
  // The retry request goes to a phone that is off.
  alice.online = false;
  await alice.write(bench.account, "second");
  const { entry } = await bench.message("second");
  expect(entry.message).toMatchObject({ chatKind: "direct", fromMe: false });
  expect(bench.recordsOf("placeholder.request")).toHaveLength(1);
  alice.online = true;
  const journalled = () => bench.recordsOf("message.journalled");
  await bench.until(() => journalled().some(({ duplicate }) => duplicate), "the writer's own copy");
  await alice.write(bench.account, "third");
  await bench.message("third");
  expect(bench.admitted.map(({ text }) => text)).toEqual(["first", "second", "third"]);
});

it("the server has no ciphertext for us: the phone's copy arrives", async () => {
  await bench.account.link(bench.authDir);
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "withheld");
  for (const stanza of bench.account.companions[0]?.mailbox?.pending ?? []) {
    stanza.content = [{ tag: "unavailable", attrs: {} }];
  }
  runtime = bench.runtime();
  runtime.start("gateway-start");
  await bench.message("withheld");
  expect(bench.recordsOf("message.orphaned")).toMatchObject([{ why: "unavailable" }]);
  expect(bench.admitted).toHaveLength(1);
});

it("the phone is off: the message stays an orphan on record, and the next ones arrive", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "first");
  await bench.message("first");
  bench.account.phone.online = false;
  alice.online = false;
  bench.server.faults.set("broken", { stage: "delivery", kind: "undecryptable" }, { times: 1 });
  await alice.write(bench.account, "unread");
  await bench.server.world.contact("Bob").write(bench.account, "next");
  await bench.message("next");
  expect(bench.recordsOf("message.orphaned")).toMatchObject([{ why: "undecryptable" }]);
  expect(bench.admitted.map(({ text }) => text)).toEqual(["first", "next"]);
  bench.account.phone.online = true;
  await bench.message("unread");
});
