/**
 * `npm run mutants [-- --json] [--only TEXT]...`: takes one protection away at a time and demands that a test turns red. Works on a
 * copy of the plugin, so the sources under work stay untouched. Exit status 0: every mutation was found, 1: one survived,
 * 2: the list does not fit the sources.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MUTATIONS, type Mutation } from "./mutations.ts";

interface Verdict {
  readonly name: string;
  readonly found: boolean;
  readonly ms: number;
}

const PLUGIN = join(import.meta.dirname, "..", "..");
const TEST_LIMIT_MS = 120_000;

function main(): number {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
    },
  });
  const { only } = values;
  const chosen = MUTATIONS.filter(
    (mutation) => only?.some((text) => mutation.name.includes(text)) ?? true,
  );
  const misfit = chosen.find((mutation) => occurrences(mutation) !== 1);
  if (misfit !== undefined || chosen.length === 0) {
    const found = misfit === undefined ? 0 : occurrences(misfit);
    say(
      misfit === undefined
        ? `No mutation is called "${only?.join('" or "')}".`
        : `"${misfit.name}": its text stands ${found} times in ${misfit.file}; update test/mutants/mutations.ts.`,
    );
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "whatsapp-continuity-mutants-"));
  const copy = copyPlugin(folder);
  try {
    const unchanged = [...new Set(chosen.flatMap((mutation) => mutation.tests))];
    if (!passes(copy, unchanged)) {
      say("The tests fail before anything is mutated; make them pass first.");
      return 2;
    }
    const mutants = chosen.map((mutation) => judge(copy, mutation));
    const ok = mutants.every((mutant) => mutant.found);
    say(
      `${mutants.filter((m) => m.found).length} found, ${mutants.filter((m) => !m.found).length} survived`,
    );
    if (values.json) process.stdout.write(`${JSON.stringify({ ok, mutants })}\n`);
    return ok ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(copy: string, mutation: Mutation): Verdict {
  const path = join(copy, mutation.file);
  const original = readFileSync(path, "utf8");
  const began = performance.now();
  writeFileSync(
    path,
    original.replace(mutation.from, () => mutation.to),
  );
  const found = !passes(copy, mutation.tests);
  writeFileSync(path, original);
  const ms = Math.round(performance.now() - began);
  say(`${found ? "found   " : "SURVIVED"} ${mutation.name} (${ms} ms)`);
  return { name: mutation.name, found, ms };
}

function passes(copy: string, tests: readonly string[]): boolean {
  const vitest = join(PLUGIN, "node_modules", "vitest", "vitest.mjs");
  const run = spawnSync(process.execPath, [vitest, "run", "--bail", "1", ...tests], {
    cwd: copy,
    timeout: TEST_LIMIT_MS,
    encoding: "utf8",
  });
  if (run.error !== undefined) throw run.error;
  return run.status === 0;
}

/** The copy shares the installed packages; what is built or recorded is not needed. */
function copyPlugin(folder: string): string {
  const copy = join(folder, "plugin");
  for (const name of [
    "src",
    "test",
    "package.json",
    "vitest.config.ts",
    "tsconfig.json",
    "tsconfig.core.json",
  ]) {
    cpSync(join(PLUGIN, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(PLUGIN, "node_modules"), join(copy, "node_modules"));
  symlinkSync(join(PLUGIN, "..", "fixtures"), join(folder, "fixtures"));
  cpSync(join(PLUGIN, "..", "tsconfig.base.json"), join(folder, "tsconfig.base.json"));
  return copy;
}

function occurrences(mutation: Mutation): number {
  return readFileSync(join(PLUGIN, mutation.file), "utf8").split(mutation.from).length - 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exitCode = main();
