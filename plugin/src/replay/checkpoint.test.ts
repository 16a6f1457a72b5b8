import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { restoreCheckpoint, serialiseCheckpoint } from "../core/index.ts";
import { type HeaderRecord, type LogRecord, parseLog, serialiseLog } from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { beginFold, foldAll, foldRecord, type FoldState } from "./fold.ts";

const INCIDENTS = new URL("../../../fixtures/incidents/", import.meta.url);
const SLUGS = readdirSync(INCIDENTS)
  .filter((name) => name.endsWith(".jsonl") && !name.endsWith(".expected.jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));
/** Cuts per incident; a cut costs a replay of the rest. */
const CUTS = 4;
/** The longest stories are cut in their first part. */
const MAX_RECORDS = 1_200;

type Fold = FoldState<ReturnType<typeof currentCore.initialState>>;

describe("a log that was cut out of the middle of a run", () => {
  test.each(SLUGS)("%s decides the same from there on", (slug) => {
    const text = readFileSync(new URL(`${slug}.jsonl`, INCIDENTS), "utf8");
    const records = parseLog(text).records.slice(0, MAX_RECORDS);
    const whole = foldAll(currentCore, records);
    const inputs = inputsOf(records);
    for (let cut = 0; cut < CUTS; cut += 1) {
      const index = inputs[Math.floor((inputs.length * cut) / CUTS)] ?? 0;
      const tail = cutAt(records, index);
      const decided = foldAll(currentCore, parseLog(serialiseLog(tail)).records);
      expect(decided.length).toBeGreaterThan(0);
      expect(decided).toEqual(whole.slice(-decided.length));
    }
  });

  test("a state that was replaced in between goes on from what it was replaced with", () => {
    const text = readFileSync(new URL(`${SLUGS[0] ?? ""}.jsonl`, INCIDENTS), "utf8");
    const records = parseLog(text).records;
    const inputs = inputsOf(records);
    const index = inputs[Math.floor(inputs.length / 2)] ?? 0;
    const [header, ...tail] = cutAt(records, index);
    const twice = [...records.slice(0, index), header, ...tail, header];
    const fold = twice.reduce<Fold>(
      (state, record) =>
        record === undefined ? state : foldRecord(currentCore, state, record).fold,
      beginFold(),
    );
    expect(Object.values(fold.accounts)[0]?.state).toEqual(
      Object.values(foldOf(records.slice(0, index)).accounts)[0]?.state,
    );
  });
});

describe("a checkpoint", () => {
  test.each([
    null,
    7,
    "x",
    [],
    {},
    { state: { connection: { phase: "lost" }, rng: "x", timers: 3 } },
  ])("that is %j is a fresh account", (value) => {
    const { state } = restoreCheckpoint("a", "seed", value);
    expect(state).toEqual(currentCore.initialState("a", "seed"));
  });

  test("of an older version lacks what it did not have", () => {
    const fresh = currentCore.initialState("a", "seed");
    const { policy } = restoreCheckpoint("a", "seed", {});
    const written = JSON.parse(JSON.stringify(serialiseCheckpoint({ state: fresh, policy }))) as {
      state: Record<string, unknown>;
    };
    delete written.state["keepalive"];
    written.state["gone"] = 1;
    expect(restoreCheckpoint("a", "seed", written).state).toEqual(fresh);
  });
});

/** Where a log may be cut: between an input and what was decided about it there is no state to begin with. */
function inputsOf(records: readonly LogRecord[]): readonly number[] {
  return records.flatMap(({ dir, kind }, index) =>
    dir === "in" && kind !== "log.header" ? [index] : [],
  );
}

function foldOf(records: readonly LogRecord[]): Fold {
  return records.reduce<Fold>(
    (fold, record) => foldRecord(currentCore, fold, record).fold,
    beginFold(),
  );
}

/** What is left of a log from a record on, as a capture writes it. */
function cutAt(records: readonly LogRecord[], index: number): readonly LogRecord[] {
  const fold = foldOf(records.slice(0, index));
  const first = records[index];
  const header = records
    .slice(0, index)
    .findLast((record): record is HeaderRecord => record.kind === "log.header");
  if (header === undefined || first === undefined) throw new Error("nothing is left");
  const checkpoint = JSON.stringify(
    Object.fromEntries(
      Object.entries(fold.accounts).map(([account, stood]) => [
        account,
        serialiseCheckpoint(stood),
      ]),
    ),
  );
  const top: HeaderRecord = { ...header, seq: first.seq - 1, at: first.at, checkpoint };
  return [top, ...records.slice(index)];
}
