/**
 * `npm test [-- --only NAME,...] [--json]`: every check and suite, one after the other, with its time.
 * Ends with the line `N passed, N failed` (or one JSON document) and status 1 when anything failed.
 */
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXIT, exitBecauseOf, Problem } from "./problem.mjs";
import { endRunningProcesses } from "./run-process.ts";
import { runStep, type StepResult } from "./run-step.ts";
import { CHECK_STEPS, STEPS, type Step } from "./steps.ts";
import { seconds, timeTable, totals } from "./time-table.ts";

const root = resolve(import.meta.dirname, "..");

async function main(): Promise<void> {
  const { values } = readArguments();
  const steps = choose(values.only);
  const output = values.json ? 2 : 1;
  const say = (line: string): unknown =>
    (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  const reports = mkdtempSync(join(tmpdir(), "whatsapp-continuity-test-"));
  const results: StepResult[] = [];
  try {
    for (const step of steps) {
      say(`\n== ${step.name}`);
      const result = await runStep(step, { root, reports, output });
      results.push(result);
      for (const problem of result.problems) say(problem);
      say(`== ${step.name}: ${result.ok ? "ok" : "FAILED"} in ${seconds(result.ms)}`);
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  if (values.only === undefined) {
    const unrun = unrunFiles(results);
    for (const problem of unrun.flatMap((result) => result.problems)) say(problem);
    results.push(...unrun);
  }
  const { passed, failed } = totals(results);
  say(`\n${timeTable(results, Number(process.env["WORKSPACE_INSTALL_MS"] ?? 0))}\n`);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ ok: failed === 0, passed, failed, steps: results })}\n`,
    );
  } else {
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
  }
  process.exitCode = failed === 0 ? EXIT.holds : EXIT.doesNotHold;
}

function readArguments() {
  try {
    return parseArgs({
      options: { only: { type: "string" }, json: { type: "boolean", default: false } },
    });
  } catch (error) {
    throw new Problem(String(error), "use `npm test -- [--only NAME,...] [--json]`");
  }
}

/** @param only names of steps, or `checks` */
function choose(only: string | undefined): readonly Step[] {
  if (only === undefined) return STEPS;
  const names = only.split(",").flatMap((name) => (name === "checks" ? CHECK_STEPS : [name]));
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    const known = ["checks", ...STEPS.map((step) => step.name)].join(", ");
    throw new Problem(`There is no step "${unknown}"`, `choose from ${known}`);
  }
  return STEPS.filter((step) => names.includes(step.name));
}

/** A test file that no suite ran proves nothing, so it counts as a failure. */
function unrunFiles(results: readonly StepResult[]): StepResult[] {
  const ran = new Set(results.flatMap((result) => result.files));
  const written = globSync("{.ci,plugin,fixtures,vscode-extension}/**/*.test.ts", {
    cwd: root,
    exclude: (path) => path.includes("node_modules"),
  });
  const missed = written.filter((file) => !ran.has(join(root, file)));
  const problems = missed.map((file) => `${file} is run by no suite`);
  const failed = problems.length;
  if (failed === 0) return [];
  const nothing = { passed: 0, skipped: 0, ms: 0, budgetSeconds: 0, files: [] };
  return [{ name: "test files without a suite", ok: false, failed, problems, ...nothing }];
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    endRunningProcesses();
    process.exit(130);
  });
}

await main().catch(exitBecauseOf);
