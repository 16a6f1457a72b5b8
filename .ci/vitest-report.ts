import { readFileSync } from "node:fs";
import type { Counts } from "./counts.ts";

/** What is read of the report that vitest's `json` reporter writes. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Counts a suite's tests. What makes a suite worthless counts as a failure: no report, no test that passed, a file that
 * could not be loaded, an error outside the tests, a process that ended badly.
 *
 * @param path where the report was to be written
 * @param status exit status of vitest, null when a signal ended it
 */
export function countSuite(path: string, status: number | null): Counts {
  const report = readReport(path);
  if (report === undefined) return fail(["it wrote no report"]);
  const problems: string[] = [];
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const states = file.assertionResults.map((result) => result.status);
    const failed = states.filter((state) => state === "failed").length;
    const passed = states.filter((state) => state === "passed").length;
    count.passed += passed;
    count.failed += failed;
    count.skipped += states.length - passed - failed;
    if (file.status === "failed" && failed === 0) {
      problems.push(`${file.name}: ${firstLine(file.message) ?? "did not run to its end"}`);
    }
  }
  if (count.passed === 0 && count.failed === 0) problems.push("no test ran");
  if (status !== 0 && count.failed === 0 && problems.length === 0) {
    problems.push(`errors outside the tests (status ${status ?? "signal"})`);
  }
  const files = report.testResults.map((file) => file.name);
  return { ...count, failed: count.failed + problems.length, files, problems };
}

function fail(problems: readonly string[]): Counts {
  return { passed: 0, failed: problems.length, skipped: 0, files: [], problems };
}

function firstLine(message: string | undefined): string | undefined {
  return message === undefined || message === "" ? undefined : message.split("\n", 1)[0];
}

function readReport(path: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}
