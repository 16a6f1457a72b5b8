/** Goal: whatever a person writes arrives once, in the plugin's own terms; whatever cannot be read is named. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountBench } from "./account-bench.test-support.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
  runtime = await bench.opened();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

async function away(): Promise<void> {
  await runtime.stop("restart");
  await expect.poll(() => bench.server.connections.length).toBe(0);
}

async function back(): Promise<void> {
  runtime.start("operator");
  await bench.until(() => runtime.status().phase === "open", "phase open");
}

describe("who and where", () => {
  it("a LID-only sender is somebody, also without a known number", async () => {
    const alice = bench.server.world.contact("Alice");
    const attributes = { sender_pn: undefined, participant_pn: undefined };
    await alice.write(bench.account, "no number", { addressing: "lid", attributes });
    const { entry } = await bench.message("no number");
    expect(entry.message).toMatchObject({
      sender: alice.jid("lid"),
      senderAlternate: null,
      chatKind: "direct",
    });
  });

  it("one person under both addresses is one conversation", async () => {
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "by lid", { addressing: "lid" });
    await alice.write(bench.account, "by number", { addressing: "pn" });
    const [first, second] = [await bench.message("by lid"), await bench.message("by number")];
    expect(first.entry.message.chat).not.toBe(second.entry.message.chat);
    expect(first.entry.conversation).toBe(second.entry.conversation);
    const chats = bench.recordsOf("message.journalled").map((record) => record.chat);
    expect(new Set(chats).size).toBe(1);
  });

  it("a group message carries its author, mentions and what it quotes", async () => {
    const { world } = bench.server;
    const [alice, bot] = [world.contact("Alice"), bench.account];
    const group = world.group({ subject: "Team", members: [alice, bot], addressing: "lid" });
    await alice.write(group, "hey", { mention: [bot] });
    const { entry } = await bench.message("hey");
    expect(entry.message).toMatchObject({
      chat: group.id,
      chatKind: "group",
      sender: alice.jid("lid"),
      senderAlternate: alice.jid("pn"),
      mentions: [bot.jid("lid")],
    });
    expect(bench.recordsOf("message.journalled")[0]).toMatchObject({
      mentioned: true,
      chatKind: "group",
    });
    await expect(runtime.groupInfo(group.id)).resolves.toMatchObject({
      subject: "Team",
      addressing: "lid",
    });
    const outcome = await runtime.send({
      sendId: "reply",
      chat: group.id,
      content: {
        operation: "text",
        text: "quoting you",
        quotedRaw: entry.message.raw,
        mentions: [],
      },
    });
    expect(outcome.outcome).toBe("acked");
    await alice.inbox.waitFor("quoting you");
  });

  it("what our own phone writes is ours, in the chat of the contact", async () => {
    const alice = bench.server.world.contact("Alice");
    await bench.account.phone.write(alice, "from my phone");
    const { entry } = await bench.message("from my phone");
    expect(entry.message).toMatchObject({
      fromMe: true,
      chat: alice.jid("lid"),
      chatKind: "direct",
    });
    expect([bench.account.jid("lid"), bench.account.jid("pn")]).toContain(entry.message.sender);
    expect(entry.message.chatAlternate).not.toBe(bench.account.jid("pn"));
  });
});

describe("what", () => {
  it("wrappers come off: ephemeral and view-once", async () => {
    const alice = bench.server.world.contact("Alice");
    const inner = { extendedTextMessage: { text: "disappearing" } };
    await alice.send(bench.account, { ephemeralMessage: { message: inner } });
    await bench.message("disappearing");
    await alice.send(bench.account, {
      viewOnceMessageV2: { message: { imageMessage: { caption: "once", mimetype: "image/jpeg" } } },
    });
    await bench.until(() => bench.admitted.length === 2, "view-once");
    expect(bench.admitted[1]?.entry.message.content).toEqual({
      type: "media",
      media: "image",
      caption: "once",
    });
  });

  it("a reaction names its target, a protocol message reaches nobody", async () => {
    const alice = bench.server.world.contact("Alice");
    await alice.send(bench.account, {
      reactionMessage: { text: "👍", key: { id: "TARGET", remoteJid: alice.jid("lid") } },
    });
    await bench.until(() => bench.admitted.length === 1, "reaction");
    expect(bench.admitted[0]?.entry.message.content).toEqual({
      type: "reaction",
      emoji: "👍",
      targetMessageId: "TARGET",
    });
    await alice.send(bench.account, { protocolMessage: { type: 3 } });
    await alice.write(bench.account, "after the protocol message");
    await bench.message("after the protocol message");
    expect(bench.admitted).toHaveLength(2);
  });

  it.each([
    ["missing", { t: undefined }],
    ["in the year 2100", { t: "4102444800" }],
  ])("a time that is %s is no time", async (_name, attributes) => {
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "when", { attributes });
    const { entry, as } = await bench.message("when");
    expect(entry.message.sentAtMs).toBeNull();
    expect(as).toBe("reply");
  });
});

describe("what was kept while we were away", () => {
  it("a backlog that rc14 alone would never fetch comes whole, and a live message after it", async () => {
    await away();
    const alice = bench.server.world.contact("Alice");
    for (let index = 0; index < 150; index += 1) await alice.write(bench.account, `kept ${index}`);
    await back();
    await bench.server.world.contact("Bob").write(bench.account, "live");
    await bench.message("live", 20_000);
    expect(bench.admitted.filter(({ text }) => text.startsWith("kept"))).toHaveLength(150);
    expect(bench.recordsOf("drain.pull").length).toBeGreaterThan(0);
    const closed = bench.recordsOf("drain.close").at(-1);
    expect(closed).toMatchObject({ outcome: "complete", announced: 150 });
    // The figures are final, also with a message that came while the delivery went on.
    expect(closed?.journalled).toBeGreaterThanOrEqual(150);
    expect(closed).toMatchObject({ delivered: closed?.journalled, receipted: closed?.journalled });
    await expect.poll(() => bench.account.pending).toBe(0);
  }, 30_000);

  it("the connection drops during the delivery: nothing lost, nothing twice", async () => {
    await away();
    const alice = bench.server.world.contact("Alice");
    for (let index = 0; index < 60; index += 1) await alice.write(bench.account, `kept ${index}`);
    bench.server.faults.set(
      "cut",
      {
        stage: "open",
        kind: "stream-error",
        code: "503",
        on: { tag: "receipt", count: 20, handled: true },
      },
      { times: 1 },
    );
    await back();
    const texts = (): string[] =>
      bench.admitted.map(({ text }) => text).filter((text) => text.startsWith("kept"));
    await bench.until(
      () => new Set(texts()).size === 60 || bench.account.pending === 0,
      "all delivered",
      20_000,
    );
    await expect.poll(() => new Set(texts()).size, { timeout: 10_000 }).toBe(60);
    expect(texts()).toHaveLength(60);
  }, 40_000);
});

describe("what cannot be read", () => {
  it("is asked for again and arrives", async () => {
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "first");
    await bench.message("first");
    bench.server.faults.set("broken", { stage: "delivery", kind: "undecryptable" }, { times: 1 });
    await alice.write(bench.account, "second");
    await bench.message("second");
    expect(bench.recordsOf("message.orphaned")).toMatchObject([{ why: "undecryptable" }]);
  });

  it("a redelivered message is a duplicate, not an orphan", async () => {
    const alice = bench.server.world.contact("Alice");
    bench.server.faults.set("twice", { stage: "delivery", kind: "duplicate" }, { times: 1 });
    await alice.write(bench.account, "only once");
    await bench.message("only once");
    await alice.write(bench.account, "next");
    await bench.message("next");
    expect(bench.admitted).toHaveLength(2);
    expect(bench.recordsOf("message.orphaned")).toHaveLength(0);
    expect(bench.recordsOf("placeholder.request")).toHaveLength(0);
  });
});
