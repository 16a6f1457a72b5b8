import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isPseudonym, parseLog } from "../events/index.ts";
import { ordinaryRecords } from "./every-kind.test-support.ts";
import { createInstallPseudonyms } from "./install-pseudonyms.ts";
import {
  BOOT,
  closedByDns,
  opened,
  recorderRig,
  START_MS,
  status,
} from "./recorder.test-support.ts";

const MINUTE_MS = 60_000;

describe("the records answer", () => {
  test("gives the last records, or those from a sequence number on, of one account or all", () => {
    const rig = recorderRig();
    for (let index = 0; index < 10; index += 1) {
      rig.input(
        { kind: "ping.answered", socketId: 1, pingId: index, rttMs: 1 },
        index % 2 === 0 ? "a" : "b",
      );
    }
    const seqs = (filter: Parameters<typeof rig.recorder.read>[0]): number[] =>
      rig.recorder.read(filter).records.map((record) => record.seq);
    expect(seqs({ limit: 3 })).toEqual([8, 9, 10]);
    expect(seqs({ fromSeq: 3, limit: 2 })).toEqual([3, 4]);
    expect(seqs({ accountId: "b", fromSeq: 5, limit: 9 })).toEqual([6, 8, 10]);
    expect(seqs({ accountId: "nobody", limit: 9 })).toEqual([]);
    expect(rig.recorder.read({ fromSeq: 11, limit: 9 })).toEqual({
      boot: BOOT,
      fromSeq: 11,
      records: [],
      dropped: 0,
    });
  });

  test("says how many of the wanted records the ring no longer has", () => {
    const rig = recorderRig({ ringCapacity: 100 });
    for (const record of ordinaryRecords(BOOT, 250)) rig.recorder.append(record);
    expect(rig.recorder.read({ fromSeq: 1, limit: 5 })).toMatchObject({
      fromSeq: 151,
      dropped: 150,
    });
    expect(rig.recorder.status().ring).toEqual({ records: 100, evicted: 150 });
  });
});

describe("the live event", () => {
  test("carries records in small batches after a moment, without a gap", () => {
    const rig = recorderRig();
    for (const record of ordinaryRecords(BOOT, 450)) rig.recorder.append(record);
    expect(rig.batches).toEqual([]);
    rig.clock.advance(100);
    expect(
      rig.batches.map(({ boot, fromSeq, records, dropped }) => [
        boot,
        fromSeq,
        records.length,
        dropped,
      ]),
    ).toEqual([
      [BOOT, 1, 200, 0],
      [BOOT, 201, 200, 0],
      [BOOT, 401, 50, 0],
    ]);
    rig.clock.advance(10_000);
    expect(rig.batches).toHaveLength(3);
  });

  test("drops the oldest of a burst that it cannot carry, and says how many", () => {
    const rig = recorderRig();
    for (const record of ordinaryRecords(BOOT, 9_000)) rig.recorder.append(record);
    rig.clock.advance(5_000);
    const dropped = rig.batches.reduce((sum, batch) => sum + batch.dropped, 0);
    const carried = rig.batches.reduce((sum, batch) => sum + batch.records.length, 0);
    expect(dropped).toBeGreaterThan(4_000);
    expect(dropped + carried).toBe(9_000);
    expect(rig.batches.at(-1)?.records.at(-1)?.seq).toBe(9_000);
  });
});

describe("a capture", () => {
  const state = { self: { pn: "user-0a1b2c3d", lid: null } };
  const stands = (
    rig: ReturnType<typeof recorderRig>,
    accountId: string,
    beforeSeq: number,
  ): void =>
    rig.recorder.checkpoint({
      accountId,
      beforeSeq,
      isReplaced: false,
      read: () => ({ policy: "{}", state }),
    });

  test("is an incident file: last minutes, where the account stood, numbered people and accounts", () => {
    const rig = recorderRig();
    rig.input(opened(1), "carol");
    stands(rig, "carol", 1);
    rig.clock.advance(60 * MINUTE_MS);
    rig.input(closedByDns(1), "carol");
    stands(rig, "carol", 2);
    rig.effect(status("recovering", "dns-not-found"), "close/dns", "carol");
    rig.input({ kind: "gap.suspected", chat: "user-4e5f6071", evidence: "quote-unknown" }, "carol");

    const capture = rig.recorder.capture({ since: 5, title: "Test" });
    expect(capture).toMatchObject({
      records: 3,
      accounts: ["account-1"],
      replayable: true,
      fromSeq: 2,
      toSeq: 4,
      removed: { people: 2, groups: 0, others: 0, accounts: 1 },
    });
    expect(capture.fileName).toMatch(/^2026-01-01T\d{6}-boot-of-\.incident\.jsonl$/);
    const { records } = parseLog(capture.text);
    expect(records[0]).toMatchObject({
      kind: "log.header",
      title: "Test",
      boot: BOOT,
      checkpoint: '{"account-1":{"policy":"{}","state":{"self":{"pn":"user-1","lid":null}}}}',
    });
    expect(records[3]).toMatchObject({ account: "account-1", chat: "user-2" });
    expect(capture.text).not.toMatch(/carol|0a1b2c3d|4e5f6071/);
  });

  test("of an account whose state is not known where it begins says that it cannot be replayed", () => {
    const rig = recorderRig();
    rig.input(opened(1), "a");
    rig.clock.advance(10 * MINUTE_MS);
    rig.input(closedByDns(1), "a");
    rig.input(closedByDns(1), "b");
    const capture = rig.recorder.capture({ since: 5, accountId: "a" });
    expect(capture).toMatchObject({ records: 1, accounts: ["account-1"], replayable: false });
    expect(rig.recorder.capture({ since: 5, accountId: "c" })).toMatchObject({
      records: 0,
      fromSeq: null,
    });
  });

  test("begins at the newest place that covers the wanted time, each account at its own", () => {
    const rig = recorderRig();
    for (const seq of [1, 3, 5]) {
      rig.input(opened(seq), "a");
      stands(rig, "a", seq);
      rig.input(opened(seq), "b");
      if (seq === 1) stands(rig, "b", 2);
      rig.clock.advance(30 * MINUTE_MS);
    }
    expect(rig.recorder.capture({ since: 40, accountId: "a" })).toMatchObject({ fromSeq: 5 });
    expect(rig.recorder.capture({ since: 70, accountId: "a" })).toMatchObject({ fromSeq: 3 });
    expect(rig.recorder.capture({ since: 40 })).toMatchObject({ fromSeq: 2, records: 4 });
  });

  test("since the last loss of the connection begins a minute before it", () => {
    const rig = recorderRig();
    const beat = (): void => {
      rig.input({ kind: "liveness.sampled", socketId: 1, frameAgeMs: 0, bufferedBytes: 0 }, "a");
      stands(rig, "a", rig.recorder.status().lastSeq);
      rig.clock.advance(MINUTE_MS);
    };
    rig.effect(status("ready", null), "open", "a");
    for (let minute = 0; minute < 10; minute += 1) beat();
    rig.effect(status("recovering", "dns-not-found"), "close/dns", "a");
    rig.effect(status("ready", null), "open", "a");
    for (let minute = 0; minute < 3; minute += 1) beat();
    expect(rig.recorder.capture({ since: "healthy" })).toMatchObject({ fromSeq: 11 });
  });

  test("has a header where the state was replaced", () => {
    const rig = recorderRig();
    rig.input(opened(1), "default");
    stands(rig, "default", 1);
    rig.input(opened(2), "default");
    rig.recorder.checkpoint({
      accountId: "default",
      beforeSeq: 2,
      isReplaced: true,
      read: () => ({ policy: "{}", state: {} }),
    });
    const { records } = parseLog(rig.recorder.capture({ since: 5 }).text);
    expect(records.map(({ kind }) => kind)).toEqual([
      "log.header",
      "socket.opened",
      "log.header",
      "socket.opened",
    ]);
  });
});

describe("the key of the pseudonyms", () => {
  test("gives a person one pseudonym under both addresses where the pair is known", () => {
    const { folder } = recorderRig();
    const pair: Record<string, string> = { "15550100001@s.whatsapp.net": "200000000000001@lid" };
    const pseudonyms = createInstallPseudonyms({ folder, canonical: (jid) => pair[jid] ?? jid });
    const byPn = pseudonyms.address("15550100001:3@s.whatsapp.net");
    expect(isPseudonym(byPn)).toBe(true);
    expect(byPn).toBe(pseudonyms.address("200000000000001@lid"));
  });

  test("is made once, also by several processes at the same time", async () => {
    const { folder } = recorderRig();
    writeFileSync(join(folder, "pseudonym-key"), "too short");
    const script = `
      import { createInstallPseudonyms } from ${JSON.stringify(join(import.meta.dirname, "install-pseudonyms.ts"))};
      process.stdin.once("data", () => {
        console.log(createInstallPseudonyms({ folder: ${JSON.stringify(folder)} }).address("15550100001@s.whatsapp.net"));
        process.exit();
      });
      console.log("ready");`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    const outputs = children.map(() => "");
    for (const [index, child] of children.entries()) {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (outputs[index] += chunk));
    }
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    const closed = children.map((child) => once(child, "close"));
    for (const child of children) child.stdin.end("go\n");
    await Promise.all(closed);
    const pseudonyms = outputs.map((output) => output.trim().split("\n").at(-1));
    expect(pseudonyms[0]).toMatch(/^user-[0-9a-f]{8}$/);
    expect(new Set(pseudonyms).size).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("pseudonym-key"))).toEqual([
      "pseudonym-key",
      "pseudonym-key.1",
    ]);
    expect(readFileSync(join(folder, "pseudonym-key.1"))).toHaveLength(32);
  });

  test("that cannot be kept is said once, and pseudonyms still work", () => {
    const { folder } = recorderRig();
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const said: string[] = [];
    const pseudonyms = createInstallPseudonyms({
      folder: join(file, "below"),
      onProblem: (sentence) => said.push(sentence),
    });
    expect(isPseudonym(pseudonyms.address("15550100001@s.whatsapp.net"))).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(/^The key for pseudonyms cannot be kept \(ENOTDIR\)/),
    ]);
  });
});

test("the header names the run and the wall clock", () => {
  const rig = recorderRig();
  rig.clock.advance(1_500);
  expect(rig.recorder.header()).toMatchObject({
    boot: BOOT,
    at: 1_500,
    startedAt: new Date(START_MS + 1_500).toISOString(),
    openclaw: "2026.9.6",
    origin: "whatsapp-continuity",
  });
});

test("10,000 records are taken in far less time than they take to happen", () => {
  const rig = recorderRig();
  const records = ordinaryRecords(BOOT, 10_000);
  const startedMs = performance.now();
  for (const record of records) rig.recorder.append(record);
  const perRecordMs = (performance.now() - startedMs) / records.length;
  // A drain of 700 messages makes some 3,500 records; this bound is ten times what it takes here.
  expect(perRecordMs).toBeLessThan(0.2);
});
