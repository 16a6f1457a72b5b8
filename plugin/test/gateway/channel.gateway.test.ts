import type { SimulatedContact } from "fixtures/whatsapp-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  answersIn,
  marker,
  OPEN_CHANNEL,
  setStage,
  settled,
  type Stage,
  statusOf,
  untilPhase,
} from "./stage.ts";

const ANSWER_MS = 30_000;

let stage: Stage;
let alice: SimulatedContact;
let bob: SimulatedContact;

beforeAll(async () => {
  stage = await setStage();
  alice = stage.whatsapp.world.contact("Alice");
  bob = stage.whatsapp.world.contact("Bob");
  stage.gateway.model.script({ match: /(marker-[\w-]+x)/, answer: "You said $1." });
  await untilPhase(stage.gateway, "open");
});

afterAll(async () => {
  await stage?.stop();
});

/** Policy as most tests want it; a test that needs another one patches it. */
beforeEach(async () => {
  await stage.gateway.configPatch({
    channels: {
      whatsapp: {
        ...OPEN_CHANNEL,
        allowFrom: ["*"],
        groupAllowFrom: null,
        replyToMode: null,
        groups: null,
        sendReadReceipts: null,
        responsePrefix: null,
      },
    },
  });
});

async function answeredOnce(person: SimulatedContact, word: string): Promise<string> {
  const answer = await person.inbox.waitFor((message) => message.text.includes(word), ANSWER_MS);
  await settled();
  expect(answersIn(person, word)).toHaveLength(1);
  expect(answer.copies).toBe(1);
  return answer.text;
}

describe("direct messages", () => {
  test.each(["lid", "pn"] as const)(
    "addressed by %s are answered exactly once",
    async (addressing) => {
      const word = marker();
      await alice.write(stage.account, `please say ${word}`, { addressing });
      expect(await answeredOnce(alice, word)).toBe(`You said ${word}.`);
    },
  );

  test("show typing before the answer and the read receipt after it", async () => {
    const word = marker();
    const id = await alice.write(stage.account, `please say ${word}`);
    const answer = await alice.inbox.waitFor((message) => message.text.includes(word), ANSWER_MS);
    const readReceipt = () =>
      alice.seenReceipts.find((receipt) => receipt.type === "read" && receipt.ids.includes(id));
    await expect.poll(readReceipt, { timeout: ANSWER_MS }).toBeDefined();
    expect(readReceipt()?.at).toBeGreaterThanOrEqual(answer.at);
    const typing = stage.whatsapp.presence.typing.filter(({ state }) => state === "composing");
    expect(typing.some((note) => note.at <= answer.at)).toBe(true);
  });

  test("get no read receipt when they are switched off", async () => {
    await stage.gateway.configPatch({ channels: { whatsapp: { sendReadReceipts: false } } });
    const word = marker();
    const id = await alice.write(stage.account, `please say ${word}`);
    await answeredOnce(alice, word);
    const read = alice.seenReceipts.filter(({ type, ids }) => type === "read" && ids.includes(id));
    expect(read).toEqual([]);
  });

  test("are quoted when replyToMode asks for it", async () => {
    await stage.gateway.configPatch({ channels: { whatsapp: { replyToMode: "all" } } });
    const word = marker();
    const id = await alice.write(stage.account, `please say ${word}`);
    const answer = await alice.inbox.waitFor((message) => message.text.includes(word), ANSWER_MS);
    const context = answer.message.extendedTextMessage?.contextInfo;
    expect(context?.stanzaId).toBe(id);
  });

  test("carry the configured prefix and WhatsApp's own markup", async () => {
    await stage.gateway.configPatch({ channels: { whatsapp: { responsePrefix: "[shop]" } } });
    const word = marker();
    const rule = stage.gateway.model.script({
      match: word,
      answer: `**${word}** is _here_`,
      times: 1,
    });
    await alice.write(stage.account, word);
    expect(await answeredOnce(alice, word)).toBe(`[shop] *${word}* is _here_`);
    stage.gateway.model.unscript(rule);
  });
});

describe("who may write", () => {
  test("a number on the allowlist is let in although the stanza carries the hidden id", async () => {
    await stage.gateway.configPatch({
      channels: {
        whatsapp: { dmPolicy: "allowlist", allowFrom: [`+${alice.user.pn}`] },
      },
    });
    const word = marker();
    await alice.write(stage.account, `please say ${word}`, { addressing: "lid" });
    await answeredOnce(alice, word);
    const stranger = marker();
    await bob.write(stage.account, `please say ${stranger}`, { addressing: "lid" });
    await settled(4_000);
    expect(answersIn(bob, stranger)).toEqual([]);
  });

  test("a stranger gets a pairing code once, and an answer after approval", async () => {
    const carol = stage.whatsapp.world.contact("Carol");
    await stage.gateway.configPatch({
      channels: { whatsapp: { dmPolicy: "pairing", allowFrom: ["+15550109999"] } },
    });
    const socketBefore = (await statusOf(stage.gateway)).socketId;
    await carol.write(stage.account, "may I?");
    const challenge = await carol.inbox.waitFor(/pairing code/i, ANSWER_MS);
    expect(challenge.text).toContain("phone number: +");
    await carol.write(stage.account, "and now?");
    await settled(4_000);
    expect(carol.inbox.messages).toHaveLength(1);
    // The policy changed twice in this test, and no socket was closed for it.
    expect((await statusOf(stage.gateway)).socketId).toBe(socketBefore);
  });
});

describe("groups", () => {
  test("are answered when mentioned, silent otherwise, and what was said before is context", async () => {
    const team = stage.whatsapp.world.group({
      subject: "Team",
      members: [alice, stage.account, bob],
    });
    const before = marker();
    await bob.write(team, `the code word is ${before}`);
    await settled(4_000);
    expect(answersIn(bob, before)).toEqual([]);
    const word = marker();
    const rule = stage.gateway.model.script({
      match: word,
      answer: `Group heard ${word}.`,
      times: 1,
    });
    await alice.write(team, `@bot please say ${word}`, { mention: [stage.account] });
    await answeredOnce(alice, word);
    await answeredOnce(bob, word);
    const asked = stage.gateway.model.requests.find(({ lastUserText }) =>
      lastUserText.includes(word),
    );
    expect(asked?.newInput).toContain(before);
    stage.gateway.model.unscript(rule);
  });

  test("take an answer to one of our messages as a mention", async () => {
    const team = stage.whatsapp.world.group({
      subject: "Replies",
      members: [alice, stage.account],
    });
    const first = marker();
    await alice.write(team, `please say ${first}`, { mention: [stage.account] });
    const answer = await alice.inbox.waitFor((message) => message.text.includes(first), ANSWER_MS);
    const second = marker();
    await alice.write(team, `and now ${second}`, {
      quote: { id: answer.id, text: answer.text, authorJid: stage.account.jid("lid") },
    });
    await answeredOnce(alice, second);
  });

  test("that are not listed are not heard", async () => {
    const listed = stage.whatsapp.world.group({
      subject: "Listed",
      members: [alice, stage.account],
    });
    const other = stage.whatsapp.world.group({ subject: "Other", members: [alice, stage.account] });
    await stage.gateway.configPatch({
      channels: { whatsapp: { groups: { [listed.id]: {} } } },
    });
    const unheard = marker();
    await alice.write(other, `please say ${unheard}`, { mention: [stage.account] });
    const heard = marker();
    await alice.write(listed, `please say ${heard}`, { mention: [stage.account] });
    await answeredOnce(alice, heard);
    expect(answersIn(alice, unheard)).toEqual([]);
  });
});

describe("the gateway", () => {
  test("sends on request and names WhatsApp's message id", async () => {
    const word = marker();
    const sent = await stage.gateway.rpc<{ messageId?: string }>("send", {
      channel: "whatsapp",
      to: `+${alice.user.pn}`,
      message: `from the operator ${word}`,
      idempotencyKey: word,
    });
    const received = await alice.inbox.waitFor((message) => message.text.includes(word), ANSWER_MS);
    expect(received.id).toBe(sent.messageId);
  });

  test("shows a healthy account in its own status", async () => {
    const { channelAccounts, statusIssues } = await stage.gateway.rpc<{
      channelAccounts: Record<string, Record<string, unknown>[]>;
      statusIssues?: unknown[];
    }>("channels.status");
    expect(channelAccounts["whatsapp"]).toMatchObject([
      {
        accountId: "default",
        linked: true,
        connected: true,
        lifecycle: "ready",
        healthState: "healthy",
      },
    ]);
    expect(channelAccounts["whatsapp"]?.[0]?.["lastTransportActivityAt"]).toBeTypeOf("number");
    expect(statusIssues ?? []).toEqual([]);
  });

  test("takes changed settings without closing the socket", async () => {
    const before = await statusOf(stage.gateway);
    await stage.gateway.configPatch({
      plugins: {
        entries: { "whatsapp-continuity": { config: { keepalive: { intervalSeconds: 90 } } } },
      },
    });
    await expect
      .poll(async () => (await statusOf(stage.gateway)).keepalive.intervalMs, { timeout: 10_000 })
      .toBe(90_000);
    const after = await statusOf(stage.gateway);
    expect([after.socketId, after.controller]).toEqual([before.socketId, before.controller]);
  });

  test("refuses a setting that does not exist and keeps the account up", async () => {
    const broken = stage.gateway.configPatch({
      plugins: { entries: { "whatsapp-continuity": { config: { keepalive: { interval: 1 } } } } },
    });
    await expect(broken).rejects.toThrow(/interval/);
    expect((await statusOf(stage.gateway)).phase).toBe("open");
  });
});

test("a reply that is ready while the link is cut arrives once, on the next socket", async () => {
  const word = marker();
  const rule = stage.gateway.model.script({
    match: word,
    answer: `Late but ${word}.`,
    holdAfterChunks: 0,
  });
  const before = await statusOf(stage.gateway);
  await alice.write(stage.account, `please say ${word}`);
  await stage.gateway.model.waitForRequest(
    ({ lastUserText }) => lastUserText.includes(word),
    ANSWER_MS,
  );
  stage.whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
  await expect
    .poll(async () => (await statusOf(stage.gateway)).phase, { timeout: 10_000 })
    .not.toBe("open");
  stage.gateway.model.release(rule);
  expect(await answeredOnce(alice, word)).toBe(`Late but ${word}.`);
  const after = await statusOf(stage.gateway);
  expect(after.socketId).toBeGreaterThan(before.socketId ?? 0);
  stage.gateway.model.unscript(rule);
});
