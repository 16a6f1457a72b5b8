/** Goal: what is captured for one number never leaves through another, and what a contact asks for again is what was sent. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;
const others: AccountRuntime[] = [];

beforeEach(async () => {
  bench = await AccountBench.start();
  others.length = 0;
});

afterEach(async () => {
  await bench.stop(runtime, ...others);
  bench.server.assertNoErrors();
});

async function linkAnother(): Promise<AccountRuntime> {
  await rm(bench.authDir, { recursive: true });
  await bench.server.world.account("another").link(bench.authDir);
  const next = bench.runtime();
  others.push(next);
  next.start("operator");
  await bench.until(() => next.status().phase === "open", "open");
  return next;
}

describe("another number is linked in place", () => {
  it.each(["same process", "next process"])(
    "%s: the reply is refused and stays so",
    async (when) => {
      runtime = await bench.opened();
      const alice = bench.server.world.contact("Alice");
      await runtime.stop("restart");
      const sent = bench.sendText(runtime, alice.jid("lid"), "for the number before", "queue/q1/0");
      await bench.until(() => bench.recordsOf("send.hold").length > 0, "held");
      if (when === "next process") bench.registry.clear();
      const next = await linkAnother();
      if (when === "same process") {
        await expect(sent).resolves.toMatchObject({ causeId: "identity-mismatch", left: false });
      }
      expect(bench.recordsOf("journal.quarantine")).toHaveLength(1);
      // The gateway's queue asks again, now in the name of the number that is linked.
      const again = await bench.sendText(
        next,
        alice.jid("lid"),
        "for the number before",
        "queue/q1/0",
      );
      expect(again).toMatchObject({ outcome: "refused", causeId: "identity-mismatch" });
      await bench.sendText(next, alice.jid("lid"), "of the new number");
      await alice.inbox.waitFor("of the new number");
      expect(alice.inbox.messages.map(({ text }) => text)).toEqual(["of the new number"]);
    },
  );
});

it("479: devices and sessions are asked for anew before the message is written again", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await bench.sendText(runtime, alice.jid("lid"), "warm up");
  bench.server.faults.set("stale", { stage: "ack", kind: "error", code: "479" }, { times: 1 });
  const from = bench.server.transcript.count;
  const outcome = await bench.sendText(runtime, alice.jid("lid"), "healed");
  expect(outcome).toMatchObject({ outcome: "acked" });
  const stanzas = bench.server.transcript.entries
    .filter(({ seq, dir }) => seq > from && dir === "in")
    .map(({ node }) => (node.tag === "iq" ? `iq ${node.attrs["xmlns"]}` : node.tag));
  const [first, second] = [stanzas.indexOf("message"), stanzas.lastIndexOf("message")];
  expect(stanzas.slice(first, second)).toEqual(expect.arrayContaining(["iq usync", "iq encrypt"]));
  expect((await alice.inbox.waitFor("healed")).id).toBe(outcome.messageId);
});

it("a poll that a contact cannot read is sent again as it was, by the next socket", async () => {
  runtime = await bench.opened();
  bench.server.strict.expect("undecryptable-payload");
  const alice = bench.server.world.contact("Alice");
  await bench.sendText(runtime, alice.jid("lid"), "warm up");
  await alice.inbox.waitFor("warm up");
  alice.online = false;
  const { messageId } = await runtime.send({
    sendId: "poll",
    chat: alice.jid("lid"),
    content: { operation: "poll", question: "Lunch?", options: ["yes", "no"], maxSelections: 1 },
  });
  await runtime.restart();
  await bench.until(
    () => runtime.status().socketId === 2 && runtime.status().phase === "open",
    "next socket",
  );
  const [device] = bench.account.companions;
  await alice.resetSession(bench.account.jid("lid").replace("@", `:${device?.id}@`), undefined);
  alice.online = true;
  expect(await alice.inbox.waitFor("Lunch?")).toMatchObject({ id: messageId, copies: 1 });
});

it("what follows a file in its chat does not overtake it, other chats do not wait", async () => {
  runtime = await bench.opened();
  await runtime.stop("restart");
  const path = join(bench.stateDir, "file.bin");
  await writeFile(path, "a file");
  const [alice, bob] = ["Alice", "Bob"].map((name) => bench.server.world.contact(name).jid("lid"));
  const media = {
    operation: "media",
    path,
    mimeType: "application/octet-stream",
    caption: null,
    fileName: null,
    voice: false,
    quotedRaw: null,
  } as const;
  void runtime.send({ sendId: "file", chat: alice ?? "", content: media });
  void bench.sendText(runtime, alice ?? "", "after the file", "text");
  void bench.sendText(runtime, bob ?? "", "elsewhere", "elsewhere");
  await bench.until(() => bench.recordsOf("send.hold").length === 3, "all held");
  expect(bench.recordsOf("send.requested").map(({ sendId }) => sendId)).toEqual([
    "elsewhere",
    "file",
    "text",
  ]);
  await runtime.stop("shutdown");
});
