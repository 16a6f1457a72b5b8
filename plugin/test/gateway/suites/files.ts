import { readFile } from "node:fs/promises";
import { imageMessage } from "fixtures/whatsapp-server";
import { describe, expect, test } from "vitest";
import { ANSWER_MS, marker, type TheStage } from "../stage.ts";

/** A picture of one pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export function fileSuite(stage: TheStage): void {
  /** What the agent was asked that has the word in it. */
  const asked = async (word: string): Promise<string> => {
    const request = () =>
      stage().gateway.model.requests.find(({ newInput }) => newInput.includes(word));
    await expect.poll(request, { timeout: ANSWER_MS }).toBeDefined();
    return request()?.newInput ?? "";
  };
  const fileIn = async (input: string): Promise<Buffer> => {
    const path = /(?<path>\/[^\s\])"]*\/media\/inbound\/[^\s\])"]+)/.exec(input)?.groups?.["path"];
    if (path === undefined) throw new Error(`The agent was told of no file: ${input}`);
    return readFile(path);
  };

  describe("a picture that somebody sends", () => {
    test("reaches the agent with its caption", async () => {
      const { account, alice, answers, whatsapp } = stage();
      const word = marker();
      await alice.send(
        account,
        imageMessage(await whatsapp.media.store(PNG, "image"), `please say ${word}`),
      );
      await answers.first(alice, word);
      expect(await fileIn(await asked(word))).toEqual(PNG);
    });

    test("and cannot be had is named with the reason, and the rest is answered", async () => {
      const { account, alice, answers, whatsapp } = stage();
      const word = marker();
      const stored = await whatsapp.media.store(PNG, "image");
      const gone = { ...stored, directPath: "/v/t62.7118-24/gone.enc", url: "" };
      await alice.send(account, imageMessage(gone, `please say ${word}`));
      await answers.first(alice, word);
      expect(await asked(word)).toContain("not received: its link has expired");
    });

    test("is seen again when a later message answers to it", async () => {
      const { account, alice, answers, whatsapp } = stage();
      const [first, word] = [marker(), marker()];
      const content = imageMessage(await whatsapp.media.store(PNG, "image"), `please say ${first}`);
      const id = await alice.send(account, content);
      await answers.first(alice, first);
      await alice.write(account, `please say ${word}`, {
        quote: { id, text: first, authorJid: alice.jid("lid") },
      });
      await answers.first(alice, word);
      expect(await fileIn(await asked(word))).toEqual(PNG);
    });
  });
}
