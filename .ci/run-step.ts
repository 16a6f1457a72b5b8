import { join } from "node:path";
import { type ProcessEnd, runProcess } from "./run-process.ts";
import { type Step, timeoutSeconds } from "./steps.ts";
import { countSuite } from "./vitest-report.ts";

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly ms: number;
  readonly budgetSeconds: number;
  /** Sentences on what went wrong beyond failed tests. */
  readonly problems: readonly string[];
  /** Test files that the step ran. */
  readonly files: readonly string[];
}

export interface StepContext {
  readonly root: string;
  /** Folder for the reports. */
  readonly reports: string;
  /** Where a suite's own output goes. */
  readonly output: 1 | 2;
}

/** Runs one step and never throws for what the step itself does wrong. */
export async function runStep(step: Step, context: StepContext): Promise<StepResult> {
  const report = join(context.reports, `${step.name.replaceAll(/\W+/gu, "-")}.json`);
  const isSuite = step.kind === "suite";
  const end = await runProcess(
    isSuite
      ? [...step.command, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
      : step.command,
    {
      cwd: join(context.root, step.cwd),
      timeoutMs: timeoutSeconds(step) * 1000,
      // Colours are for terminals; in a log they only hide the words.
      env: process.stdout.isTTY ? {} : { NO_COLOR: "1" },
      ...(isSuite ? { passThrough: context.output } : {}),
    },
  );
  const counts = isSuite ? countSuite(report, end.status) : countCheck(end);
  const problems = [...counts.problems, ...processProblems(step, end)];
  const failed = counts.failed + problems.length - counts.problems.length;
  return {
    name: step.name,
    ok: failed === 0,
    passed: counts.passed,
    failed,
    skipped: counts.skipped,
    ms: end.ms,
    budgetSeconds: step.budgetSeconds,
    problems,
    files: counts.files,
  };
}

function countCheck(end: ProcessEnd): ReturnType<typeof countSuite> {
  const ok = end.status === 0;
  return {
    passed: ok ? 1 : 0,
    failed: ok ? 0 : 1,
    skipped: 0,
    files: [],
    problems: ok ? [] : [end.output],
  };
}

function processProblems(step: Step, end: ProcessEnd): string[] {
  if (end.timedOut) return [`it was ended after ${timeoutSeconds(step)} s`];
  return end.leftovers ? ["it left processes behind"] : [];
}
