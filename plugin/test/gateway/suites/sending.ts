import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Gateway } from "fixtures/gateway";
import type { ReceivedMessage, SimulatedContact } from "fixtures/whatsapp-server";
import { describe, expect, onTestFinished, test } from "vitest";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";
import { statusOf, untilPhase } from "../status.ts";

/** A picture of one pixel, and the smallest thing that counts as Ogg. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const PDF = Buffer.from("%PDF-1.4\n%%EOF\n");
/** A start of the gateway on a busy machine. */
const RESTART_MS = 240_000;
const RPC = { timeoutMs: ANSWER_MS } as const;

interface Sent {
  readonly messageId?: string;
}

/** @returns what is to be checked when a minute or more has passed */
export function sendingSuite(stage: TheStage): () => void {
  const killed: string[] = [];
  const refused: string[] = [];
  const to = (person: SimulatedContact) => ({ channel: "whatsapp", to: `+${person.user.pn}` });
  const arrived = (person: SimulatedContact, word: string) =>
    person.inbox.waitFor(({ text }) => text.includes(word), ANSWER_MS);
  const act = (action: string, params: Record<string, unknown>) =>
    stage().gateway.rpc(
      "message.action",
      {
        channel: "whatsapp",
        action,
        params,
        // As the command line says it of a person at the keyboard.
        conversationReadOrigin: "direct-operator",
        idempotencyKey: marker(),
      },
      RPC,
    );

  describe("what is not text", () => {
    test("an answer with a picture arrives as a picture with its caption", async () => {
      const { account, alice, answers, gateway } = stage();
      const picture = workspaceFile(gateway, "answer.png", PNG);
      const word = marker();
      gateway.model.script({
        match: word,
        answer: `Here: **${word}**\nMEDIA:${picture}`,
        times: 1,
      });
      await alice.write(account, word);
      expect(await answers.first(alice, word)).toMatchObject({ kind: "image", copies: 1 });
      expect((await arrived(alice, word)).text).toBe(`Here: *${word}*`);
      expect((await arrived(alice, word)).media).toBeDefined();
    });

    test("files are sent on request, by path and as bytes, and one the operator may not read is refused", async () => {
      const { bob, gateway } = stage();
      const [word, name] = [marker(), `${marker()}.pdf`];
      const path = workspaceFile(gateway, "request.png", PNG);
      const picture = await gateway.rpc<Sent>(
        "send",
        { ...to(bob), message: word, mediaUrl: path, idempotencyKey: word },
        RPC,
      );
      expect(await arrived(bob, word)).toMatchObject({ id: picture.messageId, kind: "image" });
      await act("upload-file", {
        ...to(bob),
        buffer: PDF.toString("base64"),
        filename: name,
        contentType: "application/pdf",
      });
      const document = await arrived(bob, name);
      expect(document).toMatchObject({ kind: "document", copies: 1 });
      expect(document.media?.equals(PDF)).toBe(true);
      const forbidden = gateway.rpc(
        "send",
        { ...to(bob), message: "x", mediaUrl: "/etc/hostname", idempotencyKey: marker() },
        RPC,
      );
      await expect(forbidden).rejects.toThrow(/not under an allowed directory|plain-text/);
    });

    test("a poll arrives with its options, and one with too many is refused", async () => {
      const { bob, gateway } = stage();
      const word = marker();
      const poll = (options: readonly string[]) =>
        gateway.rpc<Sent>(
          "poll",
          { ...to(bob), question: word, options, idempotencyKey: marker() },
          RPC,
        );
      const sent = await poll(["yes", "no", "later"]);
      const received = await arrived(bob, word);
      expect(received).toMatchObject({ id: sent.messageId, kind: "poll", copies: 1 });
      const options =
        received.message.pollCreationMessage ?? received.message.pollCreationMessageV3;
      expect(options?.options?.map(({ optionName }) => optionName)).toEqual(["yes", "no", "later"]);
      const many = Array.from({ length: 13 }, (_, index) => `option ${index}`);
      await expect(poll(many)).rejects.toThrow(/12/);
    });

    test("reactions, edits and removals reach the message they are about", async () => {
      const { account, bob, answers } = stage();
      const word = marker();
      const question = await bob.write(account, `please say ${word}`);
      const answer = await answers.first(bob, word);
      const seen = (kind: ReceivedMessage["kind"], refersTo: string) =>
        bob.inbox.waitFor((each) => each.kind === kind && each.refersTo === refersTo, ANSWER_MS);
      await act("react", { ...to(bob), messageId: question, emoji: "👍" });
      expect((await seen("reaction", question)).text).toBe("👍");
      const changed = marker();
      await act("edit", { ...to(bob), messageId: answer.id, message: `**${changed}**` });
      expect((await seen("edit", answer.id)).text).toBe(`*${changed}*`);
      await act("unsend", { ...to(bob), messageId: answer.id });
      await seen("delete", answer.id);
      const foreign = act("edit", { ...to(bob), messageId: question, message: "mine now" });
      await expect(foreign).rejects.toThrow(/written by somebody else/);
    });

    test("a question is acknowledged with the owner's emoji, and a member of a group is mentioned", async () => {
      const { account, alice, bob, answers, gateway, whatsapp } = stage();
      const ack = { ackReaction: "👀", ackReactionScope: "all" };
      await gateway.configPatch({ messages: ack });
      const word = marker();
      const question = await alice.write(account, `please say ${word}`);
      await answers.first(alice, word);
      await gateway.configPatch({ messages: { ackReaction: null, ackReactionScope: null } });
      const reactions = alice.inbox.messages.filter(({ refersTo }) => refersTo === question);
      expect(reactions.map(({ kind, text }) => [kind, text])).toEqual([["reaction", "👀"]]);

      const team = whatsapp.world.group({ subject: "Mentions", members: [alice, account, bob] });
      const called = marker();
      await gateway.rpc(
        "send",
        {
          channel: "whatsapp",
          to: team.id,
          message: `${called} @+${bob.user.pn}`,
          idempotencyKey: called,
        },
        RPC,
      );
      const message = await arrived(bob, called);
      expect(message.mentions).toEqual([expect.stringContaining(bob.user.lid) as string]);
      expect(message.text).toBe(`${called} @${bob.user.lid.split("@")[0]}`);
    });
  });

  describe("what is sent while the connection is away", () => {
    test("files, of an answer and of an operator, go out once and under one id when it is back", async () => {
      const { account, alice, bob, answers, gateway, whatsapp } = stage();
      const [word, reply] = [marker(), marker()];
      const path = workspaceFile(gateway, "away.png", PNG);
      const answer = `Here ${reply}\nMEDIA:${path}`;
      const rule = gateway.model.script({ match: reply, answer, holdAfterChunks: 0, times: 1 });
      // A model that holds on would hold up everything behind it when this test fails.
      onTestFinished(() => void gateway.model.release(rule));
      await alice.write(account, reply);
      await gateway.model.waitForRequest(
        ({ lastUserText }) => lastUserText.includes(reply),
        ANSWER_MS,
      );
      whatsapp.faults.set("away", { stage: "tcp", kind: "refused" });
      onTestFinished(() => void whatsapp.faults.clear("away"));
      await whatsapp.faultsSettled();
      whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await expect.poll(async () => (await statusOf(gateway)).phase).not.toBe("open");
      gateway.model.release(rule);
      const request = { ...to(bob), message: word, mediaUrl: path, idempotencyKey: word };
      const sending = gateway.rpc<Sent>("send", request, { timeoutMs: 2 * ANSWER_MS });
      // The gateway knows of no attempt as long as nothing can be written. Files of an answer it hands over beside its queue.
      await expect
        .poll(() => queuedDeliveries(gateway), { timeout: ANSWER_MS })
        .toEqual(["producer_claimed"]);
      whatsapp.faults.clear("away");
      const { messageId } = await sending;
      expect(await arrived(bob, word)).toMatchObject({ id: messageId, kind: "image", copies: 1 });
      expect(await answers.first(alice, reply)).toMatchObject({ kind: "image", copies: 1 });
      expect([...copiesOf(bob, word), ...copiesOf(alice, reply)]).toHaveLength(2);
    });

    test(
      "what a killed gateway had written arrives under its id",
      async () => {
        const { bob, gateway, whatsapp } = stage();
        const [text, file] = [marker(), marker()];
        bob.receipts = "none";
        whatsapp.faults.set("no-ack", { stage: "ack", kind: "lost" });
        const path = workspaceFile(gateway, "killed.png", PNG);
        const requests = [
          { ...to(bob), message: text, idempotencyKey: text },
          { ...to(bob), message: file, mediaUrl: path, idempotencyKey: file },
        ];
        const lost = requests.map((request) => gateway.rpc("send", request, RPC).catch(() => null));
        const { id } = await arrived(bob, text);
        // The gateway was told of the first before it was written; the file stands in line behind it.
        await expect
          .poll(() => queuedDeliveries(gateway), { timeout: ANSWER_MS })
          .toEqual(["send_attempt_started", "producer_claimed"]);
        await gateway.kill9();
        await Promise.all(lost);
        bob.receipts = "delivery";
        whatsapp.faults.clear("no-ack");
        await gateway.restart();
        await untilPhase(gateway, "open");
        await arrived(bob, file);
        expect(copiesOf(bob, text).map((copy) => copy.id)).toEqual([id]);
        killed.push(text, file);
      },
      RESTART_MS,
    );

    test("what WhatsApp refuses is told with the reason", async () => {
      const { bob, gateway, whatsapp } = stage();
      const word = marker();
      whatsapp.faults.set("no", { stage: "ack", kind: "error", code: "463" }, { times: 1 });
      const sent = gateway.rpc("send", { ...to(bob), message: word, idempotencyKey: word }, RPC);
      await expect(sent).rejects.toThrow(/463/);
      refused.push(word);
    });
  });
  return () => {
    // The gateway takes up the deliveries of a killed process after a minute; other suites play meanwhile.
    test(
      "the gateway's questions were answered from custody: its queue is empty, nothing came twice and nothing refused came at all",
      async () => {
        const { bob, gateway } = stage();
        await expect.poll(() => queuedDeliveries(gateway), { timeout: 2 * ANSWER_MS }).toEqual([]);
        expect(killed).toHaveLength(2);
        for (const word of killed) expect(copiesOf(bob, word), word).toHaveLength(1);
        expect(refused).toHaveLength(1);
        for (const word of refused) expect(copiesOf(bob, word), word).toEqual([]);
      },
      RESTART_MS,
    );
  };
}

function copiesOf(person: SimulatedContact, word: string): ReceivedMessage[] {
  return person.inbox.messages.filter(({ text }) => text.includes(word));
}

function workspaceOf(gateway: Gateway): string {
  const { agents } = gateway.config() as { agents?: { defaults?: { workspace?: string } } };
  const workspace = agents?.defaults?.workspace;
  if (workspace === undefined) throw new Error("The gateway's agent has no workspace.");
  return workspace;
}

/** A file that the agent may send from. */
function workspaceFile(gateway: Gateway, name: string, content: Uint8Array): string {
  const path = join(workspaceOf(gateway), name);
  mkdirSync(workspaceOf(gateway), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** How far the gateway says that the deliveries are which it still has to settle, oldest first. */
function queuedDeliveries(gateway: Gateway): string[] {
  const file = join(gateway.stateDir, "state", "openclaw.sqlite");
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(
        `SELECT entry_json FROM delivery_queue_entries
         WHERE status = 'pending' AND queue_name = 'outbound-prepared-v1' ORDER BY enqueued_at`,
      )
      .all()
      .map((row) => JSON.parse(String(row["entry_json"])) as { readonly recoveryState?: string })
      .map(({ recoveryState }) => recoveryState ?? "none");
  } finally {
    database.close();
  }
}
