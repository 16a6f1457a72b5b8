/**
 * An account in a process of its own that sends one message and stands still at one moment of its custody, so that it can be killed exactly there.
 * Arguments: folder, address of the server, chat, moment, send id, text. The moment `none` goes on to the end.
 */
import { writeSync } from "node:fs";
import type { OutboundCustody } from "../../src/runtime/ports.ts";
import { quietLibsignal } from "../../src/baileys/quiet-libsignal.ts";
import { systemClock } from "../../src/runtime/system-ports.ts";

quietLibsignal();
const { OfflineAccount } = await import("./offline-account.ts");

const [folder = "", url = "", chat = "", moment = "", own = "", text = ""] = process.argv.slice(2);
const account = new OfflineAccount({
  folder,
  url,
  clock: systemClock,
  seed: "killed",
  without: new Set(),
  onDecrypted: () => undefined,
  onHandOver: () => undefined,
});

/** Nothing of this process runs any more; whoever started it kills it now. */
function standStillAt(here: string, sendId: string): void {
  if (here !== moment || sendId !== own) return;
  writeSync(1, `at ${here}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const { journal } = account;
const takeCustody = journal.takeCustody.bind(journal);
journal.takeCustody = (entry) => {
  const custody = takeCustody(entry);
  standStillAt("queued", entry.sendId);
  return custody;
};
const beginAttempt = journal.beginAttempt.bind(journal);
journal.beginAttempt = (sendId) => {
  beginAttempt(sendId);
  standStillAt("begun", sendId);
};
const updateCustody = journal.updateCustody.bind(journal);
journal.updateCustody = (sendId: string, state: OutboundCustody["state"], error) => {
  standStillAt(`before ${state}`, sendId);
  updateCustody(sendId, state, error);
  standStillAt(state, sendId);
};

account.start();
if (own !== "") {
  void account.runtime?.send({
    sendId: own,
    chat,
    content: { operation: "text", text, quotedRaw: null, mentions: [] },
  });
}
writeSync(1, "started\n");
setInterval(() => undefined, 60_000);
