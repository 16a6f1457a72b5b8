/** Goal: whatever waits for the account ends in a state with a reason; nothing completes silently, nothing holds up the rest. */
import { deletion, edit, poll, reaction, type SimulatedContact } from "fixtures/whatsapp-server";
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

type Content = Parameters<SimulatedContact["send"]>[1];
type Options = Parameters<SimulatedContact["send"]>[2];

/** What Alice sends while the account is away, and as what it arrives; null: nothing in it is for anybody. */
const CASES: readonly {
  readonly name: string;
  readonly content: Content;
  readonly options?: Options;
  readonly arrives: object | null;
}[] = [
  {
    name: "LID only",
    content: { conversation: "lid" },
    options: { addressing: "lid", attributes: { sender_pn: undefined } },
    arrives: { content: { type: "text", text: "lid" }, chatAlternate: null },
  },
  {
    name: "number with the LID beside it",
    content: { conversation: "pn" },
    options: { addressing: "pn" },
    arrives: { content: { type: "text", text: "pn" }, chatKind: "direct" },
  },
  {
    name: "no time",
    content: { conversation: "no time" },
    options: { attributes: { t: undefined } },
    arrives: { sentAtMs: null },
  },
  {
    name: "a time in the year 2100",
    content: { conversation: "2100" },
    options: { attributes: { t: "4102444800" } },
    arrives: { sentAtMs: null },
  },
  {
    name: "ephemeral",
    content: { ephemeralMessage: { message: { conversation: "ephemeral" } } },
    arrives: { content: { type: "text", text: "ephemeral" } },
  },
  {
    name: "view once",
    content: { viewOnceMessageV2: { message: { imageMessage: { mimetype: "image/jpeg" } } } },
    arrives: { content: { type: "media", media: "image", caption: null } },
  },
  {
    name: "reaction",
    content: reaction({ remoteJid: "1@lid", id: "TARGET", fromMe: false }, "👍"),
    arrives: { content: { type: "reaction", emoji: "👍", targetMessageId: "TARGET" } },
  },
  {
    name: "edit",
    content: edit({ remoteJid: "1@lid", id: "TARGET", fromMe: false }, "better"),
    arrives: { content: { type: "other", label: "edit" } },
  },
  {
    name: "deletion",
    content: deletion({ remoteJid: "1@lid", id: "GONE", fromMe: false }),
    arrives: { content: { type: "other", label: "revoke" } },
  },
  {
    name: "poll",
    content: poll("Lunch?", ["yes", "no"]),
    arrives: { content: { type: "other" } },
  },
  {
    name: "a vote",
    content: {
      pollUpdateMessage: {
        pollCreationMessageKey: { id: "POLL", remoteJid: "1@lid" },
        vote: { encPayload: Buffer.alloc(32), encIv: Buffer.alloc(12) },
      },
    },
    arrives: { content: { type: "other", label: "pollUpdate" } },
  },
  {
    name: "an ephemeral wrapper round a view-once one",
    content: {
      ephemeralMessage: {
        message: { viewOnceMessage: { message: { videoMessage: { caption: "once" } } } },
      },
    },
    arrives: { content: { type: "media", media: "video", caption: "once" } },
  },
  {
    name: "a view-once wrapper with nothing in it",
    content: { viewOnceMessageV2: {} },
    arrives: null,
  },
  { name: "protocol", content: { protocolMessage: { type: 3 } }, arrives: null },
  {
    name: "between the devices of one account",
    content: { conversation: "peer" },
    options: { attributes: { category: "peer" } },
    arrives: null,
  },
  { name: "nothing but a key", content: { messageContextInfo: {} }, arrives: null },
];

it("everything that waits arrives as what it is, or is said to be for nobody", async () => {
  await bench.account.link(bench.authDir);
  const alice = bench.server.world.contact("Alice");
  const ids: string[] = [];
  for (const { content, options } of CASES) {
    ids.push(await alice.send(bench.account, content, options));
  }
  await bench.account.phone.write(alice, "own");
  await open();
  await alice.write(bench.account, "live");
  await bench.message("live");
  await bench.until(
    () => ids.every((id, index) => CASES[index]?.arrives === null || isAdmitted(id)),
    "all that is for somebody",
  );

  for (const [index, { name, arrives }] of CASES.entries()) {
    const entry = bench.admitted.find((each) => each.entry.message.messageId === ids[index])?.entry;
    if (arrives === null) expect(entry, name).toBeUndefined();
    else expect(entry?.message, name).toMatchObject(arrives);
  }
  const own = bench.admitted.find(({ text }) => text === "own")?.entry.message;
  expect(own).toMatchObject({ fromMe: true, chat: alice.jid("lid") });

  const skipped = ids.filter((_, index) => CASES[index]?.arrives === null);
  expect(bench.recordsOf("message.skipped").map(({ messageId }) => messageId)).toEqual(skipped);
  // Those that are for somebody, our own, the live one, and the new text of a message that was never seen before it was edited.
  const ends = ids.length - skipped.length + 3;
  await bench.until(() => settledIds().length >= ends, "settled");
  expect(new Set(settledIds()).size).toBe(ends);
  expect(settledIds()).toHaveLength(ends);
  expect(bench.admitted.filter(({ text }) => text === "better")).toHaveLength(1);
  await bench.until(() => bench.account.pending === 0, "the queue is empty");
});

it("an outage is accounted for although a protocol message was among what waited", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "before");
  await bench.message("before");
  bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
  await bench.until(() => bench.recordsOf("socket.closed").length === 1, "the cut");
  await alice.send(bench.account, { protocolMessage: { type: 3 } });
  await alice.write(bench.account, "waited");
  await bench.message("waited");
  await expect.poll(() => bench.recordsOf("outage.report").length, { timeout: 10_000 }).toBe(1);
});

it("a status post that nobody can read is not refused, and the queue behind it moves", async () => {
  await bench.account.link(bench.authDir);
  const alice = bench.server.world.contact("Alice");
  deliver({ id: "STATUS", from: "status@broadcast", participant: alice.jid("lid") }, "skmsg");
  await alice.write(bench.account, "behind it");
  await open();
  await bench.message("behind it");
  await bench.until(() => bench.account.pending === 0, "the queue is empty");
  // The server is assumed to deliver a refused status post again first, for ever (WhiskeySockets/Baileys#2779).
  const refusals = bench.server.transcript.entries.filter(
    ({ dir, node }) => dir === "in" && node.tag === "ack" && node.attrs["error"] !== undefined,
  );
  expect(refusals).toEqual([]);
  expect(bench.recordsOf("message.skipped")).toMatchObject([{ messageId: "STATUS" }]);
});

it("a message that the library refuses to look at is an orphan, and the phone is asked", async () => {
  await bench.account.link(bench.authDir);
  const alice = bench.server.world.contact("Alice");
  deliver({ id: "BOT", from: alice.jid("lid") }, "msmsg");
  await alice.write(bench.account, "behind it");
  await open();
  await bench.message("behind it");
  expect(bench.recordsOf("message.orphaned")).toMatchObject([
    { messageId: "BOT", why: "undecryptable" },
  ]);
  expect(bench.recordsOf("placeholder.request")).toHaveLength(1);
});

function settledIds(): readonly string[] {
  return bench.recordsOf("message.settled").map(({ messageId }) => messageId);
}

function isAdmitted(messageId: string): boolean {
  return bench.admitted.some(({ entry }) => entry.message.messageId === messageId);
}

async function open(): Promise<void> {
  runtime = bench.runtime();
  runtime.start("gateway-start");
  await bench.until(() => runtime.status().phase === "open", "phase open");
}

/** A stanza whose ciphertext nobody can open. */
function deliver(attributes: Record<string, string>, type: string): void {
  bench.account.companions[0]?.mailbox?.deliver({
    tag: "message",
    attrs: { type: "text", t: String(Math.floor(Date.now() / 1000)), ...attributes },
    content: [{ tag: "enc", attrs: { v: "2", type }, content: Buffer.alloc(80, 7) }],
  });
}
