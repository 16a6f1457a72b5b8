import { describe, expect, test } from "vitest";
import { ANSWER_MS, answersIn, marker, type TheStage } from "../stage.ts";
import { statusOf } from "../status.ts";

export function messageSuite(stage: TheStage): void {
  describe("direct messages", () => {
    test.each(["lid", "pn"] as const)("addressed by %s are answered", async (addressing) => {
      const { account, alice, answers } = stage();
      const word = marker();
      await alice.write(account, `please say ${word}`, { addressing });
      const answer = await answers.first(alice, word);
      expect(answer.text).toBe(`You said ${word}.`);
    });

    test("show typing before the answer and the read receipt after it", async () => {
      const { account, alice, answers, whatsapp } = stage();
      const word = marker();
      const id = await alice.write(account, `please say ${word}`);
      const answer = await answers.first(alice, word);
      const readReceipt = () =>
        alice.seenReceipts.find((receipt) => receipt.type === "read" && receipt.ids.includes(id));
      await expect.poll(readReceipt, { timeout: ANSWER_MS }).toBeDefined();
      expect(readReceipt()?.at).toBeGreaterThanOrEqual(answer.at);
      const typing = whatsapp.presence.typing.filter(({ state }) => state === "composing");
      expect(typing.some((note) => note.at <= answer.at)).toBe(true);
    });

    test("get no read receipt when they are switched off", async () => {
      const { account, alice, answers, gateway } = stage();
      await gateway.configPatch({ channels: { whatsapp: { sendReadReceipts: false } } });
      const silent = marker();
      const id = await alice.write(account, `please say ${silent}`);
      await answers.first(alice, silent);
      await gateway.configPatch({ channels: { whatsapp: { sendReadReceipts: true } } });
      const next = await alice.write(account, `please say ${marker()}`);
      const read = () =>
        alice.seenReceipts.filter(({ type }) => type === "read").flatMap(({ ids }) => ids);
      await expect.poll(read, { timeout: ANSWER_MS }).toContain(next);
      expect(read()).not.toContain(id);
    });

    test("are quoted when replyToMode asks for it", async () => {
      const { account, alice, answers, gateway } = stage();
      await gateway.configPatch({ channels: { whatsapp: { replyToMode: "all" } } });
      const word = marker();
      const id = await alice.write(account, `please say ${word}`);
      const answer = await answers.first(alice, word);
      expect(answer.message.extendedTextMessage?.contextInfo?.stanzaId).toBe(id);
    });

    test("typed one after the other are one question where a pause is configured, and a command does not wait", async () => {
      const { account, alice, answers, gateway } = stage();
      const pause = (milliseconds: number) =>
        gateway.configPatch({ messages: { inbound: { byChannel: { whatsapp: milliseconds } } } });
      await pause(1_500);
      const [one, two, last] = [marker(), marker(), marker()];
      await alice.write(account, `first ${one}`);
      await alice.write(account, `then ${two}`);
      await alice.write(account, `please say ${last}`);
      // The stub repeats the first word that it is told to.
      await answers.first(alice, one);
      const asked = gateway.model.requests.filter(({ newInput }) => newInput.includes(one));
      expect(asked).toHaveLength(1);
      expect(asked[0]?.newInput).toContain(`first ${one}\nthen ${two}\nplease say ${last}`);
      await pause(30_000);
      await alice.write(account, "/status");
      await alice.inbox.waitFor(({ text }) => text.includes("OpenClaw"), ANSWER_MS);
      await pause(0);
    });

    test("carry the configured prefix and WhatsApp's own markup", async () => {
      const { account, alice, answers, gateway } = stage();
      await gateway.configPatch({ channels: { whatsapp: { responsePrefix: "[shop]" } } });
      const word = marker();
      gateway.model.script({ match: word, answer: `**${word}** is _here_`, times: 1 });
      await alice.write(account, word);
      const answer = await answers.first(alice, word);
      expect(answer.text).toBe(`[shop] *${word}* is _here_`);
    });
  });

  describe("who may write", () => {
    test("a number on the allowlist is let in although the stanza carries the hidden id", async () => {
      const { account, alice, bob, answers, gateway } = stage();
      await gateway.configPatch({
        channels: { whatsapp: { dmPolicy: "allowlist", allowFrom: [`+${alice.user.pn}`] } },
      });
      const stranger = marker();
      await bob.write(account, `please say ${stranger}`, { addressing: "lid" });
      const word = marker();
      await alice.write(account, `please say ${word}`, { addressing: "lid" });
      await answers.first(alice, word);
      expect(answersIn(bob, stranger)).toEqual([]);
    });

    test("a stranger gets a pairing code once", async () => {
      const { account, alice, answers, gateway, whatsapp } = stage();
      const carol = whatsapp.world.contact("Carol");
      const socketBefore = (await statusOf(gateway)).socketId;
      await gateway.configPatch({
        channels: { whatsapp: { dmPolicy: "pairing", allowFrom: [`+${alice.user.pn}`] } },
      });
      await carol.write(account, "may I?");
      const challenge = await carol.inbox.waitFor(/pairing code/i, ANSWER_MS);
      expect(challenge.text).toContain("phone number: +");
      await carol.write(account, "and now?");
      const word = marker();
      await alice.write(account, `please say ${word}`);
      await answers.first(alice, word);
      expect(carol.inbox.messages).toHaveLength(1);
      // The policy has changed many times up to here, and no socket was closed for it.
      expect((await statusOf(gateway)).socketId).toBe(socketBefore);
    });
  });

  describe("groups", () => {
    test("are answered when mentioned, silent otherwise, and what was said before is context", async () => {
      const { account, alice, bob, answers, gateway, whatsapp } = stage();
      const team = whatsapp.world.group({ subject: "Team", members: [alice, account, bob] });
      const before = marker();
      await bob.write(team, `the code word is ${before}`);
      const word = marker();
      gateway.model.script({ match: word, answer: `Group heard ${word}.`, times: 1 });
      await alice.write(team, `@bot please say ${word}`, { mention: [account] });
      await answers.first(alice, word);
      await answers.first(bob, word);
      expect(answersIn(bob, before)).toEqual([]);
      const asked = gateway.model.requests.find(({ lastUserText }) => lastUserText.includes(word));
      expect(asked?.newInput).toContain(before);
    });

    test("take an answer to one of our messages as a mention", async () => {
      const { account, alice, answers, whatsapp } = stage();
      const team = whatsapp.world.group({ subject: "Replies", members: [alice, account] });
      const first = marker();
      await alice.write(team, `please say ${first}`, { mention: [account] });
      const answer = await answers.first(alice, first);
      const second = marker();
      await alice.write(team, `and now ${second}`, {
        quote: { id: answer.id, text: answer.text, authorJid: account.jid("lid") },
      });
      expect((await answers.first(alice, second)).text).toBe(`You said ${second}.`);
    });

    test("that are not listed are not heard", async () => {
      const { account, alice, answers, gateway, whatsapp } = stage();
      const listed = whatsapp.world.group({ subject: "Listed", members: [alice, account] });
      const other = whatsapp.world.group({ subject: "Other", members: [alice, account] });
      await gateway.configPatch({ channels: { whatsapp: { groups: { [listed.id]: {} } } } });
      const unheard = marker();
      await alice.write(other, `please say ${unheard}`, { mention: [account] });
      const heard = marker();
      await alice.write(listed, `please say ${heard}`, { mention: [account] });
      await answers.first(alice, heard);
      expect(answersIn(alice, unheard)).toEqual([]);
    });
  });
}
