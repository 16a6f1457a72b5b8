import { join } from "node:path";
import { type Counts, countCheck, countTally } from "./counts.ts";
import { type ProcessEnd, runProcess } from "./run-process.ts";
import { type Step, timeoutSeconds } from "./steps.ts";
import { countSuite } from "./vitest-report.ts";

export interface StepResult extends Counts {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly budgetSeconds: number;
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
  const end = await runProcess(commandOf(step, report), {
    cwd: join(context.root, step.cwd),
    timeoutMs: timeoutSeconds(step) * 1000,
    // Colours are for terminals; in a log they only hide the words.
    env: process.stdout.isTTY ? {} : { NO_COLOR: "1" },
    ...(step.kind === "suite" ? { passThrough: context.output } : {}),
    ...(step.kind === "tally" ? { echo: context.output } : {}),
  });
  const counts = count(step, end, report);
  const problems = [...counts.problems, ...processProblems(step, end)];
  const failed = counts.failed + problems.length - counts.problems.length;
  const { name, budgetSeconds } = step;
  return { ...counts, name, ok: failed === 0, failed, problems, ms: end.ms, budgetSeconds };
}

function commandOf({ kind, command }: Step, report: string): Step["command"] {
  if (kind !== "suite") return command;
  return [...command, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
}

function count({ kind }: Step, { status, output }: ProcessEnd, report: string): Counts {
  switch (kind) {
    case "check":
      return countCheck(status, output);
    case "tally":
      return countTally(status, output);
    case "suite":
      return countSuite(report, status);
  }
}

function processProblems(step: Step, end: ProcessEnd): string[] {
  if (end.timedOut) return [`it was ended after ${timeoutSeconds(step)} s`];
  return end.leftovers ? ["it left processes behind"] : [];
}
