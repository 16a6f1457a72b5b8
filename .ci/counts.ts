/** What a step counted. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Absolute paths of the test files that were run. */
  readonly files: readonly string[];
  /** Why the step failed beyond its failed tests. */
  readonly problems: readonly string[];
}

/** A check is one test. */
export function countCheck(status: number | null, output: string): Counts {
  if (status === 0) return { passed: 1, failed: 0, skipped: 0, files: [], problems: [] };
  return { passed: 0, failed: 1, skipped: 0, files: [], problems: [output] };
}

/** A suite that is no vitest project says itself what it counted, in its last line. */
export function countTally(status: number | null, output: string): Counts {
  const tally = /^(\d+) passed, (\d+) failed$/u.exec(output.trimEnd().split("\n").at(-1) ?? "");
  const passed = Number(tally?.[1] ?? 0);
  const failed = Number(tally?.[2] ?? 0);
  const problems = tallyProblems(tally !== null, passed + failed, failed, status);
  return { passed, failed: failed + problems.length, skipped: 0, files: [], problems };
}

function tallyProblems(
  hasTally: boolean,
  tests: number,
  failed: number,
  status: number | null,
): string[] {
  if (!hasTally) return ["it printed no tally"];
  if (tests === 0) return ["no test ran"];
  return status !== 0 && failed === 0 ? [`it ended badly (status ${status ?? "signal"})`] : [];
}
