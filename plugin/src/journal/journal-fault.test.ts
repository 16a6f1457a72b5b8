import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { IncomingMessage } from "../runtime/ports.ts";
import type { JournalStatus } from "./journal-status.ts";
import {
  ALICE_LID,
  ALICE_PN,
  GROUP,
  idsOf,
  incoming,
  type JournalRig,
  journalRig,
  START_MS,
} from "./journal.test-support.ts";

const send = {
  sendId: "S1",
  messageId: "ID1",
  chat: ALICE_LID,
  content: { operation: "text", text: "x", quotedRaw: null, mentions: [] },
} as const;

/** Holds the write lock as another program would. */
function lock(rig: JournalRig, mode: "IMMEDIATE" | "EXCLUSIVE" = "IMMEDIATE"): () => void {
  const other = new DatabaseSync(rig.path);
  if (mode === "EXCLUSIVE") other.exec("PRAGMA locking_mode = EXCLUSIVE");
  other.exec(`BEGIN ${mode}`);
  onTestFinished(() => {
    if (other.isOpen) other.close();
  });
  return () => other.close();
}

test("a locked journal: everything goes on in memory, and into the file when the lock is gone", () => {
  const rig = journalRig();
  const heard: JournalStatus[] = [];
  const journal = rig.open({ onChange: (status) => heard.push(status) });
  journal.receive(incoming({ messageId: "before", chatAlternate: ALICE_PN }), START_MS);
  journal.takeCustody(send);
  const unlock = lock(rig);

  const startedMs = performance.now();
  expect(journal.receive(incoming({ messageId: "during" }), START_MS + 1).duplicate).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  expect(journal.receive(incoming({ messageId: "during" }), START_MS + 2).duplicate).toBe(true);
  // What the file knows is still known, and is changed in memory.
  expect(journal.receive(incoming({ messageId: "before" }), START_MS).duplicate).toBe(true);
  expect(journal.receive(incoming({ messageId: "before", chat: ALICE_PN }), 0).duplicate).toBe(
    true,
  );
  expect(journal.takeCustody({ ...send, messageId: "ID2" }).messageId).toBe("ID1");
  journal.updateCustody("S1", "acked", null);
  expect(journal.openCustody(10)).toEqual([]);
  expect(journal.takeCustody({ ...send, sendId: "S2" }).state).toBe("queued");
  expect(idsOf(journal.unsettled(10))).toEqual(["before", "during"]);
  expect(journal.depth()).toMatchObject({ unsettled: 2, spilled: 2 });
  journal.advance("before", ALICE_PN, "settled", "answered while locked");
  expect(journal.depth()).toMatchObject({ unsettled: 1, spilled: 2 });
  expect(journal.messages({ chat: ALICE_PN, sinceMs: 0, limit: 9 }).map((m) => m.state)).toEqual([
    "settled",
    "received",
  ]);
  expect(journal.status()).toMatchObject({ state: "spilling", fault: { id: "locked" } });

  rig.clock.advance(5_000);
  expect(journal.status().state).toBe("spilling");
  unlock();
  rig.clock.advance(60_000);
  expect(journal.status()).toMatchObject({ state: "ok", fault: null, spilled: 0, dropped: 0 });
  expect(heard.map((status) => status.state)).toEqual(["spilling", "ok"]);
  journal.close();

  const again = rig.open();
  expect(idsOf(again.unsettled(10))).toEqual(["during"]);
  expect(again.custody("S1")).toMatchObject({ state: "acked" });
  expect(again.custody("S2")).toMatchObject({ state: "queued" });
});

test("locked already at the start, even for reading: later changes reach what the file had", () => {
  const rig = journalRig();
  const first = rig.open();
  first.receive(incoming({ messageId: "old" }), START_MS);
  first.takeCustody(send);
  first.close();
  const unlock = lock(rig, "EXCLUSIVE");
  const journal = rig.open();
  expect(journal.status()).toMatchObject({ state: "spilling", fault: { id: "locked" } });
  journal.receive(incoming({ messageId: "new" }), START_MS);
  journal.receive(incoming({ messageId: "old", via: "offline" }), START_MS);
  journal.updateCustody("S1", "acked", null);
  journal.advance("old", ALICE_LID, "settled", "answered");
  unlock();
  rig.clock.advance(2_000);
  expect(journal.status().state).toBe("ok");
  expect(idsOf(journal.unsettled(10))).toEqual(["new"]);
  expect(journal.messages({ sinceMs: 0, limit: 9 })).toHaveLength(2);
  expect(journal.custody("S1")?.state).toBe("acked");
});

test("what does not fit into memory is counted and handled all the same", () => {
  const rig = journalRig();
  const journal = rig.open({ spillLimits: { maxEntries: 10, maxBytes: 4 * 1024 * 1024 } });
  const unlock = lock(rig);
  for (let index = 0; index < 25; index += 1) {
    const entry = journal.receive(incoming({ messageId: `M${index}` }), START_MS);
    expect(entry.duplicate).toBe(false);
  }
  expect(journal.takeCustody(send)).toMatchObject({ messageId: "ID1", state: "queued" });
  expect(journal.status()).toMatchObject({ spilled: 10, dropped: 16 });
  unlock();
  rig.clock.advance(2_000);
  expect(journal.status()).toMatchObject({ state: "ok", spilled: 0, dropped: 16, unsettled: 10 });
});

test("the memory that stands in is bounded in bytes too", () => {
  const rig = journalRig();
  const journal = rig.open({ spillLimits: { maxEntries: 10_000, maxBytes: 1024 * 1024 } });
  lock(rig);
  for (let index = 0; index < 60; index += 1) {
    const content = { type: "text", text: "x".repeat(100_000) } as const;
    journal.receive(incoming({ messageId: `M${index}`, content }), START_MS);
  }
  const { spilled, dropped } = journal.status();
  expect(spilled + dropped).toBe(60);
  expect(spilled).toBeGreaterThan(2);
  expect(spilled).toBeLessThan(11);
});

test("a journal full of unsettled messages keeps the rest in memory and says what to do", () => {
  const rig = journalRig();
  const journal = rig.open({ settings: { retentionDays: 14, maxMegabytes: 1 } });
  for (let index = 0; index < 500; index += 1) {
    const content = { type: "text", text: "x".repeat(4_000) } as const;
    journal.receive(incoming({ messageId: `M${index}`, content }), START_MS + index);
  }
  const status = journal.status();
  expect(status).toMatchObject({
    state: "spilling",
    unsettled: 500,
    dropped: 0,
    fault: { id: "full" },
  });
  expect(status.fault?.action).toContain("journal.maxMegabytes");
  expect(status.spilled).toBeGreaterThan(100);
  for (const { message } of journal.unsettled(500)) {
    journal.advance(message.messageId, ALICE_LID, "settled", "answered");
  }
  rig.clock.advance(40_000);
  expect(journal.status()).toMatchObject({ state: "ok", unsettled: 0, spilled: 0, dropped: 0 });
  expect(journal.receive(incoming({ messageId: "M499" }), START_MS).duplicate).toBe(true);
});

test("a raised size limit lets a full journal go on", () => {
  const rig = journalRig();
  const journal = rig.open({ settings: { retentionDays: 14, maxMegabytes: 1 } });
  const content = { type: "text", text: "x".repeat(4_000) } as const;
  for (let index = 0; index < 500; index += 1) {
    journal.receive(incoming({ messageId: `M${index}`, content }), START_MS + index);
  }
  rig.clock.advance(40_000);
  expect(journal.status()).toMatchObject({ state: "spilling", fault: { id: "full" } });
  journal.configure({ retentionDays: 14, maxMegabytes: 64 });
  rig.clock.advance(1_000);
  expect(journal.status()).toMatchObject({ state: "ok", unsettled: 500, spilled: 0 });
});

test("a file that is no database is set aside and a new one begun", () => {
  const rig = journalRig();
  mkdirSync(dirname(rig.path), { recursive: true });
  writeFileSync(rig.path, "this is not a database ".repeat(400));
  const journal = rig.open();
  journal.receive(incoming(), START_MS);
  expect(journal.status()).toMatchObject({
    state: "ok",
    quarantine: { files: 1, lastReason: "corrupt", salvaged: 0 },
  });
});

test("damage in the middle is noticed while running: what is readable is taken over", () => {
  const rig = journalRig();
  const first = rig.open();
  first.bindOwner({ pn: ALICE_PN, lid: ALICE_LID });
  first.takeCustody(send);
  fill(first, 2_000);
  first.close();
  overwrite(rig.path, 0.45, 0.5);

  const heard: JournalStatus[] = [];
  const journal = rig.open({ onChange: (status) => heard.push(status) });
  let readable = 0;
  for (let index = 0; index < 2_000; index += 1) {
    if (journal.receive(filler(index), START_MS).duplicate) readable += 1;
  }
  const status = journal.status();
  expect(status).toMatchObject({ state: "ok", quarantine: { files: 1, lastReason: "corrupt" } });
  expect(heard.map((change) => change.quarantine.lastReason)).toEqual(["corrupt"]);
  expect(status.quarantine.salvaged).toBeGreaterThan(1_000);
  expect(readable).toBeGreaterThan(1_000);
  expect(journal.custody("S1")?.messageId).toBe("ID1");
  expect(journal.bindOwner({ pn: ALICE_PN, lid: null })).toBe("same");
});

test("after an unclean end the file is checked before anything relies on it", () => {
  const [writing, crashed] = [journalRig(), journalRig()];
  const text = "x".repeat(200_000);
  writing.open().receive(incoming({ content: { type: "text", text } }), START_MS);
  const other = new DatabaseSync(writing.path);
  other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  other.close();
  mkdirSync(dirname(crashed.path), { recursive: true });
  copyFileSync(writing.path, crashed.path);
  // In the middle of a long text, where neither opening nor counting would stumble over it.
  overwrite(crashed.path, 0.5, 0.6);
  expect(crashed.open().status()).toMatchObject({
    state: "ok",
    quarantine: { files: 1, lastReason: "corrupt" },
  });
});

test.each([0.2, 0.5, 0.9])("a write-ahead log torn at %d loses its end only", (fraction) => {
  const rig = journalRig();
  const writer = spawnWriter(rig, "60");
  expect(writer.stdout).toContain("end ok");
  const wal = `${rig.path}-wal`;
  truncateSync(wal, Math.floor(statSync(wal).size * fraction));
  const journal = rig.open();
  const kept = journal.messages({ sinceMs: 0, limit: 500 }).map((message) => message.messageId);
  expect(journal.status()).toMatchObject({ state: "ok", quarantine: { files: 0 } });
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(60);
  expect(kept).toEqual(kept.map((_id, index) => `R0-${index}`));
});

test("a file deleted under the running gateway is brought back with everything in it", () => {
  const rig = journalRig();
  const journal = rig.open();
  fill(journal, 50);
  rmSync(dirname(rig.path), { recursive: true });
  journal.receive(incoming({ messageId: "after" }), START_MS);
  rig.clock.advance(61_000);
  mkdirSync(dirname(rig.path), { recursive: true });
  rig.clock.advance(120_000);
  expect(journal.status()).toMatchObject({ state: "ok", unsettled: 51 });
  journal.close();
  expect(rig.open().status()).toMatchObject({ state: "ok", unsettled: 51 });
  expect(readdirSync(dirname(rig.path)).toSorted()).toEqual([
    "journal.sqlite",
    "journal.sqlite-shm",
    "journal.sqlite-wal",
  ]);
});

test("set-aside files are bounded in number", () => {
  const rig = journalRig();
  mkdirSync(dirname(rig.path), { recursive: true });
  for (let round = 0; round < 8; round += 1) {
    writeFileSync(rig.path, "damaged ".repeat(1_000));
    rig.open().close();
  }
  const names = readdirSync(dirname(rig.path)).filter((name) => name.includes("quarantined"));
  expect(names.toSorted()).toEqual([4, 5, 6, 7, 8].map((n) => `journal.sqlite.quarantined-${n}`));
});

test("a folder that cannot be made is said, and the account works in memory", () => {
  const rig = journalRig();
  const blocked = join(rig.stateDir, "whatsapp-continuity");
  writeFileSync(blocked, "a file where the folder should be");
  const journal = rig.open();
  expect(journal.receive(incoming(), START_MS).duplicate).toBe(false);
  expect(journal.status()).toMatchObject({ state: "spilling", fault: { id: "cannot-open" } });
  rmSync(blocked);
  rig.clock.advance(2_000);
  expect(journal.status()).toMatchObject({ state: "ok", unsettled: 1 });
});

test("a state directory that may not be written is said, and the process goes on", () => {
  const rig = journalRig();
  rig.open().close();
  for (const [path, mode] of [
    [rig.path, 0o444],
    [dirname(rig.path), 0o555],
    [rig.stateDir, 0o755],
  ] as const) {
    chmodSync(path, mode);
  }
  // Root may write anywhere, so the writer runs as nobody then.
  const { stdout } = spawnWriter(rig, "3", NOBODY);
  chmodSync(dirname(rig.path), 0o700);
  expect(stdout).toMatch(/^status spilling (read-only|cannot-open)\n/);
  expect(stdout).toMatch(/\nend spilling (read-only|cannot-open) 4\n$/);
});

test("a call that comes after the end still reaches the file", () => {
  const rig = journalRig();
  const journal = rig.open();
  journal.receive(incoming(), START_MS);
  journal.close();
  journal.advance("M1", ALICE_LID, "settled", "answered during the shutdown");
  expect(existsSync(`${rig.path}-wal`)).toBe(false);
  expect(rig.open().unsettled(10)).toEqual([]);
});

const NOBODY = 65_534;

function spawnWriter(rig: JournalRig, count: string, uid?: number): { stdout: string } {
  const script = join(import.meta.dirname, "journal-writer.test-support.ts");
  const asUser = process.getuid?.() === 0 && uid !== undefined ? { uid, gid: uid } : {};
  if (asUser.uid !== undefined) {
    for (const path of [rig.stateDir, dirname(dirname(rig.path)), dirname(rig.path), rig.path]) {
      chownSync(path, asUser.uid, asUser.uid);
    }
  }
  const { stdout, stderr } = spawnSync(process.execPath, [script, rig.stateDir, "0", count], {
    encoding: "utf8",
    ...asUser,
  });
  expect(stderr.replaceAll(/.*(ExperimentalWarning|node --trace-warnings).*\n/g, "")).toBe("");
  return { stdout };
}

function fill(journal: ReturnType<JournalRig["open"]>, count: number): void {
  for (let index = 0; index < count; index += 1) {
    journal.receive(filler(index), START_MS + index);
  }
}

function filler(index: number): IncomingMessage {
  const chat = index % 2 === 0 ? ALICE_LID : GROUP;
  return incoming({ messageId: `M${index}`, chat, sender: ALICE_LID });
}

/** Damages the pages between two fractions of the file. */
function overwrite(path: string, from: number, to: number): void {
  const { size } = statSync(path);
  const start = Math.floor((size * from) / 4_096) * 4_096;
  const descriptor = openSync(path, "r+");
  const garbage = Buffer.alloc(Math.floor(size * to) - start, 0x5a);
  writeSync(descriptor, garbage, 0, garbage.length, start);
  closeSync(descriptor);
}
