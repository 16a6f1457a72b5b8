import { expect, test } from "vitest";
import type { IncomingMessage } from "../../runtime/ports.ts";
import { identifyParties, idOf, personOf, samePerson } from "./parties.ts";

const PN = "15550100001@s.whatsapp.net";
const LID = "900000000000001@lid";
const SELF = { pn: "15550100999:4@s.whatsapp.net", lid: "900000000000999:4@lid" };

function message(over: Partial<IncomingMessage>): IncomingMessage {
  return {
    socketId: 1,
    messageId: "A",
    chat: PN,
    chatAlternate: null,
    chatKind: "direct",
    sender: PN,
    senderAlternate: null,
    fromMe: false,
    pushName: null,
    sentAtMs: null,
    via: "live",
    content: { type: "text", text: "hi" },
    mentions: [],
    quoted: null,
    raw: "",
    ...over,
  };
}

const stored = (jid: string) =>
  Promise.resolve([PN, LID].includes(jid) ? { pn: PN, lid: LID } : { pn: null, lid: null });

test.each([
  ["the number", { chat: PN, sender: PN }],
  ["the hidden id", { chat: LID, sender: LID }],
  [
    "the hidden id with the number beside it",
    { chat: LID, chatAlternate: PN, sender: LID, senderAlternate: PN },
  ],
])("a person is the same whether the stanza carries %s", async (_form, over) => {
  const parties = await identifyParties(message(over), SELF, stored);
  expect(parties).toMatchObject({
    kind: "direct",
    conversation: "+15550100001",
    sender: { phone: "+15550100001", lid: LID },
    self: { phone: "+15550100999", lid: "900000000000999@lid" },
  });
});

test("somebody without a known number is the hidden id, and not dropped", async () => {
  const unknown = "900000000000777@lid";
  const parties = await identifyParties(message({ chat: unknown, sender: unknown }), SELF, stored);
  expect(parties).toMatchObject({ conversation: unknown, sender: { phone: null, lid: unknown } });
});

test("both forms in the stanza spare the look-up", async () => {
  let asked = 0;
  const counting = (jid: string) => {
    asked += 1;
    return stored(jid);
  };
  await identifyParties(
    message({ chat: LID, chatAlternate: PN, sender: LID, senderAlternate: PN }),
    SELF,
    counting,
  );
  expect(asked).toBe(0);
});

test("in a group the conversation is the group and the sender the person", async () => {
  const parties = await identifyParties(
    message({ chat: "1@g.us", chatKind: "group", sender: LID, senderAlternate: PN }),
    SELF,
    stored,
  );
  expect(parties).toMatchObject({
    kind: "group",
    conversation: "1@g.us",
    sender: { phone: "+15550100001" },
  });
});

test("what we wrote ourselves is from us", async () => {
  const parties = await identifyParties(message({ fromMe: true, sender: SELF.pn }), SELF, stored);
  expect(parties).toMatchObject({ fromMe: true, sender: { phone: "+15550100999" } });
});

test.each(["status", "other"] as const)("a chat of kind %s has no parties", async (chatKind) => {
  expect(await identifyParties(message({ chatKind }), SELF, stored)).toBeNull();
});

test("unknown forms match nobody", () => {
  expect(samePerson({ phone: null, lid: null }, { phone: null, lid: null })).toBe(false);
  expect(samePerson(personOf(PN), personOf(LID))).toBe(false);
  expect(samePerson({ phone: "+15550100001", lid: LID }, personOf(LID))).toBe(true);
  expect(idOf({ phone: null, lid: null })).toBeNull();
});
