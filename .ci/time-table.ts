import type { StepResult } from "./run-step.ts";
import { INSTALL_BUDGET_SECONDS, TOTAL_BUDGET_SECONDS } from "./steps.ts";

/**
 * Each step with its counts, its time and what it may take on two cores.
 *
 * @param results in the order they ran
 * @param installMs how long the installation before them took
 */
export function timeTable(results: readonly StepResult[], installMs: number): string {
  const totalMs = installMs + sum(results, (result) => result.ms);
  const { passed, failed, skipped } = totals(results);
  const rows = [
    ["step", "passed", "failed", "skipped", "time", "budget"],
    ["install", "", "", "", seconds(installMs), `${INSTALL_BUDGET_SECONDS} s`],
    ...results.map((result) => [
      result.name,
      ...[result.passed, result.failed, result.skipped].map(String),
      seconds(result.ms),
      `${result.budgetSeconds} s`,
    ]),
    [
      "total",
      ...[passed, failed, skipped].map(String),
      seconds(totalMs),
      `${TOTAL_BUDGET_SECONDS} s`,
    ],
  ];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows
    .map(
      ([name = "", ...cells]) =>
        name.padEnd(width) + cells.map((cell) => cell.padStart(9)).join(""),
    )
    .join("\n");
}

/** Sums over all steps. */
export function totals(results: readonly StepResult[]): {
  passed: number;
  failed: number;
  skipped: number;
} {
  return {
    passed: sum(results, (result) => result.passed),
    failed: sum(results, (result) => result.failed),
    skipped: sum(results, (result) => result.skipped),
  };
}

/** Milliseconds as people read them. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
