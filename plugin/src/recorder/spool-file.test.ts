import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LogRecord, parseLog } from "../events/index.ts";
import { ordinaryRecords } from "./every-kind.test-support.ts";
import { BOOT, closedByDns, HandClock, recorderRig, START_MS } from "./recorder.test-support.ts";
import { SpoolFile } from "./spool-file.ts";

const MINUTE_MS = 60_000;
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("every file is a whole incident of its own: header first, records in order, none twice", () => {
  const rig = recorderRig();
  const spool = smallSpool(rig.folder, 100_000);
  const records = ordinaryRecords(BOOT, 3_000);
  for (const record of records) spool.append(record);
  spool.close();
  const files = readdirSync(join(rig.folder, "spool"));
  expect(files.length).toBeGreaterThan(2);
  const seen: number[] = [];
  for (const age of [...files.keys()].toReversed()) {
    const name = age === 0 ? "records.incident.jsonl" : `records.${age}.incident.jsonl`;
    const path = join(rig.folder, "spool", name);
    expect(modeOf(path)).toBe("600");
    expect(statSync(path).size).toBeLessThan(100_000 + 2 * 65_536);
    const parsed = parseLog(readFileSync(path, "utf8")).records;
    expect(parsed[0]).toMatchObject({ kind: "log.header", boot: BOOT, seed: "seed" });
    for (const record of parsed) if (record.kind !== "log.header") seen.push(record.seq);
  }
  expect(modeOf(join(rig.folder, "spool"))).toBe("700");
  expect(seen).toEqual(records.slice(-seen.length).map((record) => record.seq));
});

test("the files together are bounded, the oldest records go", () => {
  const rig = recorderRig();
  const spool = smallSpool(rig.folder, 60_000);
  for (const record of ordinaryRecords(BOOT, 20_000)) spool.append(record);
  spool.close();
  const folder = join(rig.folder, "spool");
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  expect(sizes).toHaveLength(5);
  expect(Math.max(...sizes)).toBeLessThan(60_000 + 2 * 65_536);
});

test("the header comes again every ten minutes with the wall clock of that moment", () => {
  const rig = recorderRig();
  for (let minute = 0; minute <= 35; minute += 1) {
    rig.input({ kind: "ping.answered", socketId: 1, pingId: minute, rttMs: 40 });
    rig.clock.advance(MINUTE_MS);
  }
  const headers = parseLog(rig.spooled()).records.filter((record) => record.kind === "log.header");
  expect(headers.map((header) => header.at / MINUTE_MS)).toEqual([0, 10, 20, 30]);
  expect(headers.map((header) => Date.parse(header.startedAt) - START_MS)).toEqual(
    headers.map((header) => header.at),
  );
  expect(headers[2]).toMatchObject({ seq: 21, plugin: "0.1.0", baileys: "7.0.0-rc14" });
});

test("a next run goes on in the same file behind its own header", () => {
  const first = recorderRig();
  first.input(closedByDns(1));
  first.recorder.close();
  const second = first.again("second-boot");
  second.input(closedByDns(1));
  const { records } = parseLog(second.spooled());
  expect(records.map((record) => [record.kind, record.boot])).toEqual([
    ["log.header", BOOT],
    ["socket.closed", BOOT],
    ["log.header", "second-boot"],
    ["socket.closed", "second-boot"],
  ]);
});

test("a line cut by a crash stays the last of its file", () => {
  const first = recorderRig();
  first.input(closedByDns(1));
  first.recorder.close();
  const folder = join(first.folder, "records");
  appendFileSync(join(folder, "records.incident.jsonl"), '{"boot":"x","seq":9,"at');
  const second = first.again("second-boot");
  second.input(closedByDns(1));
  second.recorder.close();
  const old = readFileSync(join(folder, "records.1.incident.jsonl"), "utf8");
  expect(parseLog(old, { allowTornTail: true })).toMatchObject({ tornTail: true });
  const current = readFileSync(join(folder, "records.incident.jsonl"), "utf8");
  expect(parseLog(current).records.map((record) => record.boot)).toEqual([
    "second-boot",
    "second-boot",
  ]);
});

test("a warning is on disk at once, routine within a moment", () => {
  const rig = recorderRig();
  const path = join(rig.folder, "records", "records.incident.jsonl");
  const kinds = (): string[] =>
    parseLog(readFileSync(path, "utf8")).records.map((record: LogRecord) => record.kind);
  rig.input(closedByDns(1));
  expect(kinds()).toEqual(["log.header", "socket.closed"]);
  rig.input({ kind: "ping.answered", socketId: 1, pingId: 1, rttMs: 40 });
  expect(kinds()).toHaveLength(2);
  rig.clock.advance(200);
  expect(kinds()).toHaveLength(3);
});

test("a disk that fails costs records and says so; it goes on when the disk does", () => {
  const rig = recorderRig();
  const blocked = join(rig.folder, "records");
  writeFileSync(blocked, "a file where the folder should be");
  for (const record of ordinaryRecords(BOOT, 20_000)) rig.recorder.append(record);
  const failing = rig.recorder.status().spool;
  expect(failing).toMatchObject({ state: "failing", errorCode: "EEXIST" });
  expect(failing.dropped).toBeGreaterThan(1_000);
  expect(rig.recorder.read({ limit: 5 }).records).toHaveLength(5);

  rmSync(blocked);
  mkdirSync(blocked);
  chmodSync(blocked, 0o700);
  rig.clock.advance(31_000);
  rig.recorder.append({ ...ordinaryRecords(BOOT, 1)[0]!, seq: 20_001, at: 200_000 });
  rig.clock.advance(1_000);
  expect(rig.recorder.status().spool).toMatchObject({
    state: "ok",
    errorCode: null,
    dropped: failing.dropped,
  });
  const seqs = parseLog(rig.spooled()).records.map((record) => record.seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
});

function smallSpool(folder: string, maxFileBytes: number): SpoolFile {
  const clock = new HandClock();
  let headers = 0;
  return new SpoolFile({
    folder: join(folder, "spool"),
    clock,
    timers: clock,
    maxFileBytes,
    header: () => {
      headers += 1;
      return { ...recorderRig().recorder.header(), seq: headers };
    },
  });
}
