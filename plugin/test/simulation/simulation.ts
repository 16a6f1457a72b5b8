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
}

/** A kind of story that is told once per seed. */
export interface Simulation {
  readonly name: string;
  readonly summary: string;
  /** In real time, so only told when it is asked for by its name. */
  readonly onRequest?: true;
  /** `days`: virtual days to live through, for simulations whose story has no end of its own. */
  run(seed: number, days: number): Promise<SeededRun>;
}
