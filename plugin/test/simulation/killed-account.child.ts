/** An account at work in a process of its own that answers every message, until it is killed. Arguments: folder, address of the server. */
import { writeSync } from "node:fs";
import { quietLibsignal } from "../../src/baileys/quiet-libsignal.ts";
import { systemClock } from "../../src/runtime/system-ports.ts";

quietLibsignal();
const { OfflineAccount } = await import("./offline-account.ts");

const [folder = "", url = ""] = process.argv.slice(2);
const account = new OfflineAccount({
  folder,
  url,
  clock: systemClock,
  seed: "killed",
  without: new Set(),
  onDecrypted: () => undefined,
  onHandOver: () => undefined,
  onAdmit: async ({ message }) => {
    const { content, messageId, chat } = message;
    const text = content.type === "text" ? content.text : content.type;
    const outcome = await account.runtime?.send({
      // As the channel does: one answer per message, whichever process gives it.
      sendId: `answer-${messageId}`,
      chat,
      content: { operation: "text", text: `Re: ${text}`, quotedRaw: null, mentions: [] },
    });
    if (outcome?.outcome !== "acked") throw new Error(`not answered: ${outcome?.outcome}`);
    return { state: "answered", reason: "acked" };
  },
});
account.start();
writeSync(1, "started\n");
setInterval(() => undefined, 60_000);
