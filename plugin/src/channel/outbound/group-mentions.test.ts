import { expect, test } from "vitest";
import { mentioning, withMentions } from "./group-mentions.ts";

const ALICE = { jid: "900001@lid", alternate: "15550100001@s.whatsapp.net", admin: false };
const BOB = { jid: "15550100002@s.whatsapp.net", alternate: null, admin: false };
const group = { participants: [ALICE, BOB] };

test.each([
  ["@+15550100001 please", "@900001 please", [ALICE.jid]],
  ["@900001, @15550100002!", "@900001, @15550100002!", [ALICE.jid, BOB.jid]],
  ["@15550100001 and @15550100001", "@900001 and @900001", [ALICE.jid]],
])("members of the group are mentioned by the address it uses: %s", (written, text, mentions) => {
  expect(withMentions(written, group)).toEqual({ text, mentions });
});

test.each([
  "write to me@15550100001",
  "@15550100009 is no member",
  "`@15550100001` is code",
  "```\n@15550100001\n```",
  "@155501000010000 is longer",
])("everything else stays text: %s", (written) => {
  expect(withMentions(written, group)).toEqual({ text: written, mentions: [] });
});

const text = (said: string) =>
  ({ operation: "text", text: said, quotedRaw: null, mentions: [] }) as const;

test("the members are asked for only in a group and only when a number is named", async () => {
  const asked: string[] = [];
  const runtime = {
    groupInfo: (chat: string) => {
      asked.push(chat);
      return Promise.reject(new Error("no connection"));
    },
  };
  await mentioning(text("hello"), "1@g.us", runtime);
  await mentioning(text("@15550100001"), "15550100002@s.whatsapp.net", runtime);
  expect(asked).toEqual([]);
  // Without them the message goes out as it is.
  expect(await mentioning(text("@15550100001"), "1@g.us", runtime)).toEqual(text("@15550100001"));
  expect(asked).toEqual(["1@g.us"]);
});
