import type { LogRecord } from "../../src/events/index.ts";

/** Something that must never happen and did. */
export interface Violation {
  /** Which promise was broken. */
  readonly rule: string;
  readonly detail: string;
}

export interface SeededRun {
  readonly virtualMs: number;
  readonly violations: readonly Violation[];
  /** What the plugin recorded, to be kept as an incident when something was violated. */
  readonly records: readonly LogRecord[];
  readonly table?: Table;
}

/** Figures for people; the first column names the row. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A kind of story that is told once per seed. */
export interface Simulation {
  readonly name: string;
  readonly summary: string;
  /** In real time, so only told when it is asked for by its name. */
  readonly onRequest?: true;
  /** The story does not depend on chance: only the first seed is told. */
  readonly once?: true;
  /**
   * @param days virtual days to live through, for simulations whose story has no end of its own
   * @param say what becomes known on the way, for people who wait
   */
  run(seed: number, days: number, say: (line: string) => void): Promise<SeededRun>;
  /** What is always the same and worth seeing, told once before the seeds. */
  overview?(say: (line: string) => void): Promise<SeededRun>;
}
