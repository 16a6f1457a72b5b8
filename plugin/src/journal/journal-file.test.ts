import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { accountFolder } from "./account-folder.ts";
import {
  ALICE_LID,
  ALICE_PN,
  BOB_LID,
  BOB_PN,
  incoming,
  journalRig,
  START_MS,
} from "./journal.test-support.ts";
import { JournalFile } from "./journal-file.ts";
import { migrate, MIGRATIONS } from "./schema.ts";
import { Sql } from "./sql.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the account's folder", () => {
  test("is private, with all files in it, also when an older one was not", () => {
    const rig = journalRig();
    mkdirSync(dirname(rig.path), { recursive: true, mode: 0o755 });
    writeFileSync(rig.path, "");
    chmodSync(rig.path, 0o644);
    const journal = rig.open();
    journal.receive(incoming(), START_MS);
    expect(modeOf(dirname(rig.path))).toBe("700");
    expect(readdirSync(dirname(rig.path)).toSorted()).toEqual([
      "journal.sqlite",
      "journal.sqlite-shm",
      "journal.sqlite-wal",
    ]);
    for (const suffix of ["", "-shm", "-wal"]) expect(modeOf(rig.path + suffix)).toBe("600");
  });

  test("has a safe name for every account id, and never one for two", () => {
    const ids = [
      "default",
      "work_2",
      "Work",
      "work",
      "../../etc",
      "",
      ".",
      "a/b",
      "a:b",
      "con",
      "büro",
      "x".repeat(99),
      "work~1",
    ];
    const folders = ids.map(accountFolder);
    for (const folder of folders) expect(folder).toMatch(/^[a-z0-9][a-z0-9_~-]{0,63}$/);
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(ids.length);
    expect(folders.slice(0, 2)).toEqual(["default", "work_2"]);
    expect(folders[9]).not.toBe("con");
  });
});

test.each([
  ["process-crash", 1],
  ["power-cut", 2],
] as const)(
  "%s is SQLite's synchronous=%d, in WAL mode, with purged bytes overwritten",
  (durability, expected) => {
    const { path } = journalRig();
    const file = JournalFile.open({ path, busyTimeoutMs: 0, maxBytes: 1 << 24, durability });
    const { sql } = file.store;
    expect(sql.number("PRAGMA synchronous")).toBe(expected);
    expect(sql.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
    expect(sql.number("PRAGMA secure_delete")).toBe(1);
    expect(sql.number("PRAGMA auto_vacuum")).toBe(2);
    file.close();
  },
);

test("what an entry survives follows the setting, at once and over a restart, and is nothing in memory", () => {
  const rig = journalRig();
  const settings = { retentionDays: 14, maxMegabytes: 16 };
  const journal = rig.open({ settings });
  expect(journal.status().survives).toBe("process-crash");
  journal.configure({ ...settings, survives: "power-cut" });
  expect(journal.status().survives).toBe("power-cut");
  journal.close();
  const next = rig.open({ settings: { ...settings, survives: "power-cut" } });
  expect(next.status().survives).toBe("power-cut");
  const other = new DatabaseSync(rig.path);
  other.exec("BEGIN IMMEDIATE");
  next.receive(incoming(), START_MS);
  expect(next.status()).toMatchObject({ state: "spilling", survives: "nothing" });
  other.close();
});

describe("the schema", () => {
  test("migrates step by step and keeps what is there", () => {
    const rig = journalRig();
    mkdirSync(dirname(rig.path), { recursive: true });
    const sql = new Sql(new DatabaseSync(rig.path));
    migrate(sql, MIGRATIONS);
    sql.run("INSERT INTO address (pn, lid, seen_at_ms) VALUES ('p', 'l', 1)");
    const next = [
      ...MIGRATIONS,
      "ALTER TABLE address ADD COLUMN note TEXT; CREATE TABLE extra (a) STRICT",
    ];
    expect(() => migrate(sql, next)).toThrow(/type/);
    expect(sql.number("PRAGMA user_version")).toBe(MIGRATIONS.length);
    expect(sql.all("SELECT name FROM pragma_table_info('address') WHERE name = 'note'")).toEqual(
      [],
    );

    migrate(sql, [...MIGRATIONS, "ALTER TABLE address ADD COLUMN note TEXT"]);
    expect(sql.number("PRAGMA user_version")).toBe(MIGRATIONS.length + 1);
    expect(sql.get("SELECT pn, note FROM address")).toEqual({ pn: "p", note: null });
    sql.close();
  });

  test("of a newer version is left untouched, with advice, and the account works in memory", () => {
    const rig = journalRig();
    rig.open().close();
    const foreign = new DatabaseSync(rig.path);
    foreign.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99");
    foreign.close();
    const before = readFileSync(rig.path);

    const journal = rig.open();
    expect(journal.receive(incoming(), START_MS).duplicate).toBe(false);
    expect(journal.receive(incoming(), START_MS).duplicate).toBe(true);
    rig.clock.advance(120_000);
    expect(journal.status()).toMatchObject({
      state: "spilling",
      spilled: 1,
      fault: {
        id: "newer-schema",
        sentence: expect.stringContaining("schema 99"),
        action: expect.stringContaining("openclaw plugins update whatsapp-continuity"),
      },
    });
    journal.close();
    expect(readFileSync(rig.path).equals(before)).toBe(true);
  });

  test("a database of another program is set aside and never written to", () => {
    const rig = journalRig();
    mkdirSync(dirname(rig.path), { recursive: true });
    const foreign = new DatabaseSync(rig.path);
    foreign.exec("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
    foreign.close();
    const bytes = readFileSync(rig.path);
    const journal = rig.open();
    journal.receive(incoming(), START_MS);
    expect(journal.status()).toMatchObject({
      state: "ok",
      quarantine: { files: 1, lastReason: "corrupt", salvaged: 0 },
    });
    expect(readFileSync(`${rig.path}.quarantined-1`).equals(bytes)).toBe(true);
  });
});

describe("the owner", () => {
  const alice = { pn: "15550100001:5@s.whatsapp.net", lid: ALICE_LID };

  test("is recognised by either address, and a changed number is no other person", () => {
    const rig = journalRig();
    const first = rig.open();
    expect(first.bindOwner(alice)).toBe("same");
    first.receive(incoming(), START_MS);
    first.close();
    const second = rig.open();
    expect(second.bindOwner({ pn: ALICE_PN, lid: null })).toBe("same");
    expect(second.bindOwner({ pn: "15550100009@s.whatsapp.net", lid: ALICE_LID })).toBe("same");
    expect(second.depth().unsettled).toBe(1);
  });

  test("another number gets a journal of its own; the old one is set aside with all its texts", () => {
    const rig = journalRig();
    const journal = rig.open();
    journal.bindOwner(alice);
    journal.receive(incoming(), START_MS);
    expect(journal.bindOwner({ pn: BOB_PN, lid: BOB_LID })).toBe("another");
    expect(journal.unsettled(10)).toEqual([]);
    expect(journal.status()).toMatchObject({
      state: "ok",
      quarantine: { files: 1, lastReason: "another-number", salvaged: 0 },
    });
    expect(journal.bindOwner({ pn: BOB_PN, lid: null })).toBe("same");
    expect(modeOf(`${rig.path}.quarantined-1`)).toBe("600");
  });

  test("a logout removes every text, also of what was set aside, and the journal goes on", () => {
    const rig = journalRig();
    const journal = rig.open();
    journal.bindOwner(alice);
    journal.receive(incoming({ content: { type: "text", text: "SECRET-ONE" } }), START_MS);
    journal.bindOwner({ pn: BOB_PN, lid: BOB_LID });
    journal.receive(incoming({ content: { type: "text", text: "SECRET-TWO" } }), START_MS);
    expect(bytesBelow(rig.path)).toContain("SECRET-TWO");
    journal.purge();
    expect(bytesBelow(rig.path)).not.toContain("SECRET");
    expect(journal.unsettled(10)).toEqual([]);
    expect(journal.receive(incoming(), START_MS).duplicate).toBe(false);
    expect(journal.bindOwner(alice)).toBe("same");
    expect(journal.status()).toMatchObject({
      state: "ok",
      quarantine: { files: 0, lastReason: null },
    });
  });
});

describe("retention", () => {
  const DAY_MS = 86_400_000;

  test("purges the text of settled messages, remembers their ids, then forgets those too", () => {
    const rig = journalRig();
    const journal = rig.open({ settings: { retentionDays: 2, maxMegabytes: 64 } });
    journal.receive(incoming({ content: { type: "text", text: "SECRET-TEXT" } }), START_MS);
    journal.advance("M1", ALICE_LID, "settled", "answered");
    rig.clock.advance(1.9 * DAY_MS);
    expect(journal.findRaw("M1", ALICE_LID)).not.toBeNull();
    rig.clock.advance(0.2 * DAY_MS);
    expect(journal.findRaw("M1", ALICE_LID)).toBeNull();
    expect(bytesBelow(rig.path)).not.toContain("SECRET-TEXT");
    expect(journal.receive(incoming({ via: "offline" }), rig.clock.wallMs()).duplicate).toBe(true);
    rig.clock.advance(20 * DAY_MS);
    expect(journal.receive(incoming(), rig.clock.wallMs()).duplicate).toBe(false);
  });

  test("settles with a reason what nobody settled, and gives up sends that never left", () => {
    const rig = journalRig();
    const journal = rig.open({ settings: { retentionDays: 1, maxMegabytes: 64 } });
    journal.receive(incoming(), START_MS);
    journal.takeCustody({
      sendId: "S1",
      messageId: "ID",
      chat: ALICE_LID,
      content: { operation: "typing", state: "paused" },
    });
    rig.clock.advance(1.1 * DAY_MS);
    expect(journal.messages({ sinceMs: 0, limit: 1 })[0]).toMatchObject({
      state: "settled",
      reason: "nobody settled it within the journal's retention",
    });
    expect(journal.custody("S1")).toMatchObject({ state: "failed" });
    rig.clock.advance(1.1 * DAY_MS);
    expect(journal.custody("S1")).toBeNull();
  });

  test("above the size limit the oldest settled texts go first, and what is unsettled stays", () => {
    const rig = journalRig();
    const journal = rig.open({ settings: { retentionDays: 14, maxMegabytes: 8 } });
    const text = "x".repeat(3_000);
    const messages = 3_000;
    for (let index = 0; index < messages; index += 1) {
      const messageId = `M${index}`;
      journal.receive(incoming({ messageId, content: { type: "text", text } }), START_MS + index);
      if (index % 10 !== 0) journal.advance(messageId, ALICE_LID, "settled", "answered");
      rig.clock.advance(60);
    }
    const status = journal.status();
    expect(status).toMatchObject({ state: "ok", spilled: 0, dropped: 0, unsettled: messages / 10 });
    expect(status.sizeBytes).toBeLessThan(17 * 1024 * 1024);
    expect(journal.findRaw("M1", ALICE_LID)).toBeNull();
    expect(journal.findRaw("M0", ALICE_LID)).not.toBeNull();
    expect(journal.findRaw(`M${messages - 1}`, ALICE_LID)).not.toBeNull();
    expect(journal.receive(incoming({ messageId: "M1" }), START_MS).duplicate).toBe(true);
  });

  test("a changed setting takes effect without a restart", () => {
    const rig = journalRig();
    const journal = rig.open({ settings: { retentionDays: 14, maxMegabytes: 64 } });
    journal.receive(incoming(), START_MS);
    journal.advance("M1", ALICE_LID, "settled", "answered");
    rig.clock.advance(2 * DAY_MS);
    expect(journal.findRaw("M1", ALICE_LID)).not.toBeNull();
    journal.configure({ retentionDays: 1, maxMegabytes: 64 });
    rig.clock.advance(1_000);
    expect(journal.findRaw("M1", ALICE_LID)).toBeNull();
  });

  test("what was set aside goes with its age", () => {
    const rig = journalRig();
    mkdirSync(dirname(rig.path), { recursive: true });
    writeFileSync(rig.path, "not a database ".repeat(500));
    const journal = rig.open({ settings: { retentionDays: 1, maxMegabytes: 64 } });
    expect(journal.status().quarantine.files).toBe(1);
    utimesSync(`${rig.path}.quarantined-1`, START_MS / 1_000, START_MS / 1_000);
    rig.clock.advance(0.9 * DAY_MS);
    expect(journal.status().quarantine.files).toBe(1);
    rig.clock.advance(0.2 * DAY_MS);
    expect(journal.status().quarantine.files).toBe(0);
  });
});

function bytesBelow(path: string): string {
  return readdirSync(dirname(path))
    .map((name) => readFileSync(join(dirname(path), name), "latin1"))
    .join("\n");
}
