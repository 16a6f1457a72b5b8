/**
 * Everything `npm test` runs, in order. A check counts as one test; a suite counts the tests of its vitest project, and
 * a suite that ran nothing is a failure. New suites are added here, and a test file that no suite runs is reported.
 */
export interface Step {
  readonly name: string;
  /** `check`: the exit status decides. `suite`: vitest's report decides. */
  readonly kind: "check" | "suite";
  /** Folder below the repository root. */
  readonly cwd: string;
  readonly command: readonly [executable: string, ...args: readonly string[]];
  /** What the step may take on two cores; the sum stays below {@link TOTAL_BUDGET_SECONDS} with the installation. */
  readonly budgetSeconds: number;
}

export const TOTAL_BUDGET_SECONDS = 20 * 60;
export const INSTALL_BUDGET_SECONDS = 4 * 60;
/** A step is ended when it takes this many times its budget: a busy machine is no failure, a hang is. */
export const TIMEOUT_FACTOR = 3;

export const STEPS: readonly Step[] = [
  check("build", 15, "node", ".ci/build.ts"),
  check("format", 10, "oxfmt", "--check", "."),
  check(
    "lint",
    30,
    "oxlint",
    "--type-aware",
    "--deny-warnings",
    "--report-unused-disable-directives",
  ),
  check("types: scripts", 10, "tsc", "-p", ".ci"),
  check("types: plugin", 20, "tsc", "-p", "plugin"),
  check("types: core without Node", 10, "tsc", "-p", "plugin/tsconfig.core.json"),
  check("types: fixtures", 15, "tsc", "-p", "fixtures"),
  check("types: extension", 15, "tsc", "-p", "vscode-extension"),
  check("dead code", 20, "knip"),
  suite("layers", 30, "plugin", "architecture"),
  check("pack", 20, "node", ".ci/pack.ts"),
  suite("scripts", 15, ".ci", "scripts"),
  suite("plugin", 120, "plugin", "unit"),
  suite("fixtures", 60, "fixtures", "servers"),
  suite("extension", 15, "vscode-extension", "unit"),
  suite("baileys depth", 180, "plugin", "baileys"),
  suite("private gateway", 90, "fixtures", "gateway"),
  suite("gateway depth", 210, "plugin", "gateway"),
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
