/**
 * Everything `npm test` runs, in order. A check counts as one test; a suite counts the tests of its vitest project, and
 * a suite that ran nothing is a failure. New suites are added here, and a test file that no suite runs is reported.
 */
export interface Step {
  readonly name: string;
  /** `check`: the exit status decides. `suite`: vitest's report decides. `tally`: its last line is `N passed, N failed`. */
  readonly kind: "check" | "suite" | "tally";
  /** Folder below the repository root. */
  readonly cwd: string;
  readonly command: readonly [executable: string, ...args: readonly string[]];
  /** What the step may take on two cores; the sum stays below {@link TOTAL_BUDGET_SECONDS} with the installation. */
  readonly budgetSeconds: number;
}

export const TOTAL_BUDGET_SECONDS = 20 * 60;
export const INSTALL_BUDGET_SECONDS = 3 * 60;
/** When a step is ended: a busy machine is no failure, a hang is. */
export function timeoutSeconds({ budgetSeconds }: Pick<Step, "budgetSeconds">): number {
  return Math.max(60, 3 * budgetSeconds);
}

export const STEPS: readonly Step[] = [
  check("build", 5, "node", ".ci/build.ts"),
  check("format", 5, "oxfmt", "--check", "."),
  check(
    "lint",
    20,
    "oxlint",
    "--type-aware",
    "--deny-warnings",
    "--report-unused-disable-directives",
  ),
  check("types: scripts", 5, "tsc", "-p", ".ci"),
  check("types: plugin", 20, "tsc", "-p", "plugin"),
  check("types: core without Node", 5, "tsc", "-p", "plugin/tsconfig.core.json"),
  check("types: fixtures", 10, "tsc", "-p", "fixtures"),
  check("types: extension", 10, "tsc", "-p", "vscode-extension"),
  check("types: timeline", 5, "tsc", "-p", "vscode-extension/webview/timeline"),
  check("dead code", 5, "knip"),
  suite("layers", 20, "plugin", "architecture"),
  check("pack", 15, "node", ".ci/pack.ts"),
  suite("scripts", 10, ".ci", "scripts"),
  suite("plugin", 90, "plugin", "unit"),
  suite("fixtures", 120, "fixtures", "servers"),
  suite("extension", 30, "vscode-extension", "unit"),
  suite("baileys depth", 120, "plugin", "baileys"),
  suite("private gateway", 120, "fixtures", "gateway"),
  suite("gateway depth", 210, "plugin", "gateway"),
  {
    name: "editor",
    kind: "tally",
    cwd: "vscode-extension",
    command: ["node", "test/editor-suite.ts"],
    budgetSeconds: 180,
  },
];

/** Steps that need no test run: what `npm run check` does before a commit. */
export const CHECK_STEPS: readonly string[] = STEPS.filter(
  (step) => step.kind === "check" && step.name !== "pack",
)
  .map((step) => step.name)
  .concat("layers");

function check(name: string, budgetSeconds: number, executable: string, ...args: string[]): Step {
  return { name, kind: "check", cwd: ".", command: [executable, ...args], budgetSeconds };
}

function suite(name: string, budgetSeconds: number, cwd: string, project: string): Step {
  const command = ["vitest", "run", "--project", project, "--allowOnly=false"] as const;
  return { name, kind: "suite", cwd, command, budgetSeconds };
}
