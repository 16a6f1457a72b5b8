import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LogRecord, parseLog } from "../src/events/index.ts";
import { createCursor, currentCore, foldAll } from "../src/replay/index.ts";

const METRONOME = join(import.meta.dirname, "../../fixtures/incidents/408-metronome.jsonl");
const RECORDS = 100_000;
const STEPS = 200;

export interface ReplayFigures {
  /** Folding the 17 hours of two accounts of the 408 metronome. */
  readonly metronomeMs: number;
  /** The slowest of many steps back from record 100,000. */
  readonly stepBackMs: number;
  readonly parsedPerSecond: number;
}

/** Replay of the longest incident, and steps back at the end of a log of 100,000 records. */
export function measureReplay(): ReplayFigures {
  const text = readFileSync(METRONOME, "utf8");
  const parseBegan = performance.now();
  const { records } = parseLog(text);
  const parseMs = performance.now() - parseBegan;
  const foldBegan = performance.now();
  foldAll(currentCore, records);
  const metronomeMs = performance.now() - foldBegan;
  return {
    metronomeMs: Math.round(metronomeMs),
    stepBackMs: Math.round(slowestStepBack(records) * 10) / 10,
    parsedPerSecond: Math.round((records.length * 1_000) / parseMs),
  };
}

function slowestStepBack(records: readonly LogRecord[]): number {
  const long: LogRecord[] = [];
  while (long.length < RECORDS) long.push(...records.slice(0, RECORDS - long.length));
  const cursor = createCursor(long);
  cursor.seek(long.length - 1);
  let slowest = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const began = performance.now();
    cursor.previous();
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}
