import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isGroupAlive } from "./process-group.ts";
import { runProcess } from "./run-process.ts";
import { runStep } from "./run-step.ts";
import {
  EDITOR_BUDGET_SECONDS,
  INSTALL_BUDGET_SECONDS,
  STEPS,
  TOTAL_BUDGET_SECONDS,
} from "./steps.ts";

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
  expect(INSTALL_BUDGET_SECONDS + steps + EDITOR_BUDGET_SECONDS).toBeLessThanOrEqual(
    TOTAL_BUDGET_SECONDS,
  );
});
