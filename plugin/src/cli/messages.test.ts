/** Goal: who summarised groups from a log reads them from the journal, and nothing else gets at the texts. */
import { expect, test } from "vitest";
import {
  ALICE_LID,
  ALICE_PN,
  GROUP,
  incoming,
  journalRig,
} from "../journal/journal.test-support.ts";
import { messagesCommand } from "./messages.ts";

async function run(...args: string[]) {
  const written = { out: "", err: "" };
  const status = await messagesCommand(args, {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
  });
  return { status, ...written };
}

test("prints what arrived in a chat since, under each of its addresses, while the journal is open elsewhere", async () => {
  const rig = journalRig();
  const journal = rig.open();
  const now = Date.now();
  journal.learnAddress(ALICE_PN, ALICE_LID);
  journal.receive(incoming({ messageId: "OLD", chat: ALICE_LID }), now - 3 * 3_600_000);
  journal.receive(incoming({ messageId: "LID", chat: ALICE_LID }), now - 60_000);
  journal.receive(incoming({ messageId: "PN", chat: ALICE_PN }), now - 30_000);
  journal.receive(incoming({ messageId: "G", chat: GROUP, chatKind: "group" }), now);
  const where = ["--state-dir", rig.stateDir, "--since", "2h"];

  const byNumber = await run(...where, "--chat", "+1 555 010-0001", "--json");
  expect(byNumber.status).toBe(0);
  const { accountId, messages } = JSON.parse(byNumber.out) as {
    accountId: string;
    messages: { messageId: string; content: unknown }[];
  };
  expect(accountId).toBe("default");
  expect(messages.map(({ messageId }) => messageId)).toEqual(["LID", "PN"]);
  expect(messages[0]?.content).toEqual({ type: "text", text: "hello LID" });

  const all = await run(...where);
  expect(all.out.split("\n").filter((line) => line !== "")).toHaveLength(3);
  expect(all.out).toContain("Alice: hello PN");
  journal.close();
  expect((await run(...where, "--chat", GROUP)).out).toContain("hello G");
});

test.each([
  [["--since", "yesterday"], /not a time span/],
  [["--chat", "Alice"], /neither a phone number nor an address/],
  [["--limit", "0"], /whole number from 1/],
  [["--state-dir", "/nowhere"], /no journal of account default below \/nowhere.*--state-dir/],
  [["--loud"], /Usage:/],
])("%j is refused with what to write instead", async (args, sentence) => {
  const { status, out, err } = await run(...args);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toMatch(sentence);
});

test("a journal of a newer version is left alone, with advice", async () => {
  const rig = journalRig();
  rig.open().close();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(rig.path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  const { status, err } = await run("--state-dir", rig.stateDir);
  expect(status).toBe(2);
  expect(err).toMatch(/newer version.*Update the plugin/);
});
