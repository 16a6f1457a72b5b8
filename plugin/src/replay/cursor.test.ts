import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type AccountState, DEFAULT_POLICY } from "../core/index.ts";
import { type LogRecord, parseLog } from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { createCursor, ReplayCursor } from "./cursor.ts";
import { beginFold, foldedAccount, foldRecord, type FoldState } from "./fold.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");

function incident(slug: string): readonly LogRecord[] {
  return parseLog(readFileSync(join(INCIDENTS, `${slug}.jsonl`), "utf8")).records;
}

/** The fold after each record, by the plain definition. */
function foldsOf(records: readonly LogRecord[]): readonly FoldState<AccountState>[] {
  const folds = [beginFold<AccountState>()];
  for (const record of records) {
    folds.push(foldRecord(currentCore, folds.at(-1) ?? beginFold(), record).fold);
  }
  return folds;
}

describe("cursor", () => {
  const records = incident("supplier-message-lost");
  const folds = foldsOf(records);

  function expectAt(cursor: ReplayCursor<AccountState>, index: number): void {
    expect(cursor.index).toBe(index);
    expect(cursor.record).toBe(records[index] ?? null);
    const expected = folds[index + 1] ?? beginFold();
    expect(cursor.stateOf("default")).toEqual(foldedAccount(expected, "default")?.state ?? null);
  }

  it("shows the same state and decision at a record, however one got there", () => {
    const forward = createCursor(records);
    const decisions = new Map<number, unknown>();
    while (forward.next()) decisions.set(forward.index, forward.decision);
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constant("next"),
            fc.constant("previous"),
            fc.integer({ min: -5, max: records.length + 5 }),
          ),
          { maxLength: 12 },
        ),
        (moves) => {
          const cursor = createCursor(records);
          let index = -1;
          for (const move of moves) {
            if (move === "next") {
              expect(cursor.next()).toBe(index < records.length - 1);
              index = Math.min(index + 1, records.length - 1);
            } else if (move === "previous") {
              expect(cursor.previous()).toBe(index >= 0);
              index = Math.max(index - 1, -1);
            } else {
              cursor.seek(move);
              index = Math.min(Math.max(move, -1), records.length - 1);
            }
            expectAt(cursor, index);
            if (index >= 0) expect(cursor.decision).toEqual(decisions.get(index));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("finds a record by its seq, in a given run where that matters", () => {
    const cursor = createCursor(records);
    expect(cursor.seekSeq(5)).toBe(true);
    expect(cursor.record).toMatchObject({ seq: 5, boot: "gateway-1" });
    expect(cursor.seekSeq(5, "gateway-2")).toBe(true);
    expect(cursor.record).toMatchObject({ seq: 5, boot: "gateway-2" });
    expect(cursor.seekSeq(999_999)).toBe(false);
    expect(cursor.record).toMatchObject({ seq: 5, boot: "gateway-2" });
  });

  it("begins with nothing and knows its accounts", () => {
    const cursor = createCursor(incident("408-metronome"));
    expect(cursor.accounts).toEqual([]);
    expect(cursor.decision).toBeNull();
    cursor.seek(100);
    expect(cursor.accounts).toEqual(["default", "secondary"]);
    expect(cursor.policyOf("default")).toEqual(DEFAULT_POLICY);
    cursor.seek(-1);
    expect(cursor.accounts).toEqual([]);
  });

  it("replays under another policy when asked to", () => {
    const policy = {
      ...DEFAULT_POLICY,
      keepalive: { ...DEFAULT_POLICY.keepalive, mode: "off" as const },
    };
    const cursor = createCursor(records, policy);
    cursor.seek(40);
    expect(cursor.policyOf("default")).toBe(policy);
    expect(
      cursor.stateOf("default")?.timers.some(({ timer }) => timer === "session-keepalive"),
    ).toBe(false);
  });
});

describe("cursor at record 100,000", () => {
  const STEP_BACK_MS = 50;
  let records: readonly LogRecord[];
  let cursor: ReplayCursor<AccountState>;

  beforeAll(() => {
    const metronome = incident("408-metronome");
    // Six runs of the 17 hours, so that the log is long enough.
    records = Array.from({ length: 6 }, (_run, run) =>
      metronome.map((record) => ({ ...record, boot: `gateway-${run + 1}` })),
    ).flat();
    cursor = createCursor(records);
    cursor.seek(100_000);
  });

  function medianMs(run: () => void): number {
    const times = Array.from({ length: 21 }, () => {
      const started = performance.now();
      run();
      return performance.now() - started;
    });
    return times.toSorted((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY;
  }

  it("steps back in less than 50 ms", () => {
    expect(cursor.index).toBe(100_000);
    expect(medianMs(() => cursor.previous())).toBeLessThan(STEP_BACK_MS);
    expect(cursor.index).toBe(100_000 - 21);
  });

  it("steps back without folding the log again", () => {
    cursor.seek(100_000);
    const fullFold = performance.now();
    createCursor(records).seek(99_999);
    const fullMs = performance.now() - fullFold;
    // Relative, so that a slow machine does not decide: a step back costs a few hundred transitions of a hundred thousand.
    expect(medianMs(() => cursor.previous())).toBeLessThan(fullMs / 20);
  });

  it("jumps anywhere as fast", () => {
    const places = [3, 50_000, 99_999, 256, 70_001];
    let next = 0;
    expect(
      medianMs(() => {
        cursor.seek(places[next % places.length] ?? 0);
        next += 1;
      }),
    ).toBeLessThan(STEP_BACK_MS);
  });
});
