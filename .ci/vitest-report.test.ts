import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countSuite } from "./vitest-report.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface File {
  readonly status: string;
  readonly message?: string;
  readonly tests: readonly string[];
}

function report(...files: readonly File[]): string {
  const path = join(folder, "report.json");
  const testResults = files.map(({ status, message = "", tests }, index) => ({
    name: `/x/${index}.test.ts`,
    status,
    message,
    assertionResults: tests.map((state) => ({ status: state })),
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

test("counts passed, failed and skipped tests", () => {
  const path = report(
    { status: "failed", tests: ["passed", "failed", "skipped", "todo"] },
    { status: "passed", tests: ["passed"] },
  );
  expect(countSuite(path, 1)).toEqual({
    passed: 2,
    failed: 1,
    skipped: 2,
    files: ["/x/0.test.ts", "/x/1.test.ts"],
    problems: [],
  });
});

test.each([
  ["wrote no report", () => join(folder, "gone.json"), 0],
  [
    "wrote half a report",
    () => (writeFileSync(join(folder, "half.json"), '{"tes'), join(folder, "half.json")),
    0,
  ],
  ["found no file", () => report(), 0],
  ["skipped every test", () => report({ status: "passed", tests: ["skipped", "todo"] }), 0],
  ["had an error outside the tests", () => report({ status: "passed", tests: ["passed"] }), 1],
  ["was ended by a signal", () => report({ status: "passed", tests: ["passed"] }), null],
  [
    "could not load a file",
    () =>
      report(
        { status: "failed", message: "Cannot find module", tests: [] },
        { status: "passed", tests: ["passed"] },
      ),
    1,
  ],
  ["lost a worker", () => report({ status: "failed", tests: ["passed", "pending"] }), 1],
])("a suite that %s has failed", (_name, path, status) => {
  const { failed, problems } = countSuite(path(), status);
  expect(failed).toBeGreaterThan(0);
  expect(problems).toHaveLength(failed);
});
