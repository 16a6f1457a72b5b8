import { writeSync } from "node:fs";
import { openJournal } from "./account-journal.ts";
import { ALICE_LID, GROUP, incoming } from "./message.test-support.ts";

/*
 * A process that does nothing but write a journal and say after each call what has returned, until it is killed or kills itself. Arguments: state
 * directory, number of the round, what it does at the end: `forever`, or a count.
 */
const [stateDir = "", round = "0", count = "forever"] = process.argv.slice(2);
const journal = openJournal({
  stateDir,
  accountId: "default",
  clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
  timers: { start: () => () => undefined },
  settings: { retentionDays: 14, maxMegabytes: 256 },
});
const say = (line: string): void => void writeSync(1, `${line}\n`);
say(`status ${journal.status().state} ${journal.status().fault?.id ?? "none"}`);

const end = count === "forever" ? Number.POSITIVE_INFINITY : Number(count);
for (let index = 0; index < end; index += 1) {
  const messageId = `R${round}-${index}`;
  const chat = index % 2 === 0 ? ALICE_LID : GROUP;
  const chatKind = index % 2 === 0 ? "direct" : "group";
  journal.receive(incoming({ messageId, chat, chatKind, sender: ALICE_LID }), Date.now());
  say(`received ${messageId}`);
  if (index % 3 === 0) {
    journal.advance(messageId, chat, "settled", "answered");
    say(`settled ${messageId}`);
  }
  if (index % 5 === 0) {
    journal.takeCustody({
      sendId: `S${messageId}`,
      messageId: `ID${messageId}`,
      chat,
      content: { operation: "text", text: "x", quotedRaw: null, mentions: [] },
    });
    say(`taken S${messageId}`);
  }
}
const { state, fault, spilled } = journal.status();
say(`end ${state} ${fault?.id ?? "none"} ${spilled}`);
// An exit in order would let SQLite tidy up.
process.kill(process.pid, "SIGKILL");
