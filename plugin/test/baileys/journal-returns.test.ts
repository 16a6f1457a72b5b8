/** Goal: what waits in a journal that nobody can read at the start is not forgotten when it can be read again. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournal } from "../../src/journal/index.ts";
import { ALICE_LID, incoming } from "../../src/journal/message.test-support.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { systemClock, systemTimers } from "../../src/runtime/system-ports.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
});

it("messages of a journal that was locked at the start are admitted when the lock is gone", async () => {
  leaveUnsettled("from before");
  const lock = new DatabaseSync(journalFile());
  lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  bench.onJournalChange = ({ state }) => {
    if (state === "ok") runtime.resumeFromJournal();
  };
  runtime = await bench.opened();
  expect(bench.journal.status().state).toBe("spilling");
  await bench.server.world.contact("Alice").write(bench.account, "meanwhile");
  await bench.message("meanwhile");
  expect(bench.admitted).toHaveLength(1);

  lock.exec("ROLLBACK");
  lock.close();
  await bench.message("from before");
  expect(bench.admitted.map(({ text }) => text)).toEqual(["meanwhile", "from before"]);
  await expect.poll(() => bench.journal.depth().unsettled).toBe(0);
});

/** A process that ended before its messages were answered. */
function leaveUnsettled(text: string): void {
  const journal = openJournal({
    stateDir: bench.stateDir,
    accountId: "bot",
    clock: systemClock,
    timers: systemTimers,
    settings: { retentionDays: 14, maxMegabytes: 64 },
  });
  const content = { type: "text", text } as const;
  journal.receive(incoming({ messageId: "OLD", chat: ALICE_LID, content }), Date.now());
  journal.close();
}

function journalFile(): string {
  const name = readdirSync(bench.stateDir, { recursive: true, encoding: "utf8" }).find((each) =>
    each.endsWith(".sqlite"),
  );
  return join(bench.stateDir, name ?? "");
}
