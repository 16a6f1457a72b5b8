import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { journalRig } from "./journal.test-support.ts";

const ROUNDS = 8;
const WRITER = join(import.meta.dirname, "journal-writer.test-support.ts");

test(`${ROUNDS} times kill -9 while writing: whatever was confirmed is there, once`, async () => {
  const rig = journalRig();
  const confirmed = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = spawn(process.execPath, [WRITER, rig.stateDir, String(round), "forever"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    writer.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    await once(writer.stdout, "data");
    // From the first write on, at a moment that differs per round.
    await new Promise((resolve) => setTimeout(resolve, 5 + round * 17));
    writer.kill("SIGKILL");
    await once(writer, "close");
    for (const line of output.split("\n").slice(0, -1)) confirmed.add(line);

    const journal = rig.open();
    expect(journal.status()).toMatchObject({ state: "ok", quarantine: { files: 0 } });
    const messages = journal.messages({ sinceMs: 0, limit: 100_000 });
    const states = new Map(messages.map((message) => [message.messageId, message.state]));
    expect(states.size).toBe(messages.length);
    for (const line of confirmed) {
      const [what, id = ""] = line.split(" ");
      if (what === "received") expect(states.has(id), line).toBe(true);
      if (what === "settled") expect(states.get(id), line).toBe("settled");
      if (what === "taken") expect(journal.custody(id)?.messageId, line).toBe(`ID${id.slice(1)}`);
    }
    journal.close();
  }
  expect(confirmed.size).toBeGreaterThan(ROUNDS * 20);
}, 60_000);
