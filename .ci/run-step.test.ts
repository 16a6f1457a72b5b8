import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isGroupAlive } from "./process-group.ts";
import { runProcess } from "./run-process.ts";
import { runStep } from "./run-step.ts";
import { INSTALL_BUDGET_SECONDS, STEPS, type Step, TOTAL_BUDGET_SECONDS } from "./steps.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "step-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const check = (...command: [string, ...string[]]) =>
  runStep(
    { name: "x", kind: "check", cwd: ".", command, budgetSeconds: 10 },
    { root: folder, reports: folder, output: 2 },
  );

test("a check that holds counts as one passed test", async () => {
  expect(await check("true")).toMatchObject({ ok: true, passed: 1, failed: 0, problems: [] });
});

test("a check that does not hold counts as one failed test and shows what it printed", async () => {
  const result = await check("sh", "-c", "echo because >&2; exit 3");
  expect(result).toMatchObject({ ok: false, passed: 0, failed: 1, problems: ["because"] });
});

test("a command that does not exist has failed", async () => {
  const result = await check("no-such-command");
  expect(result).toMatchObject({ ok: false, passed: 0, failed: 1 });
  expect(result.problems[0]).toContain("ENOENT");
});

test("a command that does not end is ended, with everything it started", async () => {
  const pidFile = join(folder, "pid");
  const end = await runProcess(["sh", "-c", `echo $$ > ${pidFile}; sleep 60 & sleep 60`], {
    cwd: folder,
    timeoutMs: 300,
  });
  expect(end).toMatchObject({ timedOut: true, status: null });
  expect(isGroupAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
});

test("a process that is left behind is a failure, and is ended", async () => {
  const pidFile = join(folder, "pid");
  const result = await check("sh", "-c", `echo $$ > ${pidFile}; sleep 60 >/dev/null 2>&1 &`);
  expect(result).toMatchObject({ ok: false, problems: ["it left processes behind"] });
  expect(isGroupAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
});

test("the budgets of all steps fit into the time that CI has", () => {
  const steps = STEPS.reduce((total, step) => total + step.budgetSeconds, 0);
  expect(INSTALL_BUDGET_SECONDS + steps).toBeLessThanOrEqual(TOTAL_BUDGET_SECONDS);
});

test.each([
  [
    "counts what the suite counted",
    "echo x; echo 3 passed, 2 failed; exit 1",
    { passed: 3, failed: 2, problems: [] },
  ],
  ["has passed when every test has", "echo 3 passed, 0 failed", { ok: true, passed: 3, failed: 0 }],
  [
    "has failed without a tally",
    "echo fine",
    { ok: false, failed: 1, problems: ["it printed no tally"] },
  ],
  [
    "has failed when no test ran",
    "echo 0 passed, 0 failed",
    { ok: false, failed: 1, problems: ["no test ran"] },
  ],
  [
    "has failed when it ends badly",
    "echo 3 passed, 0 failed; exit 2",
    { ok: false, passed: 3, failed: 1 },
  ],
])("a suite with a tally %s", async (_name, script, expected) => {
  const step: Step = {
    name: "x",
    kind: "tally",
    cwd: ".",
    command: ["sh", "-c", script],
    budgetSeconds: 10,
  };
  expect(await runStep(step, { root: folder, reports: folder, output: 2 })).toMatchObject(expected);
});
