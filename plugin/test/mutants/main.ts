/**
 * `npm run mutants [-- --json] [--only TEXT]...`: takes one protection away at a time and demands that a test turns red. Works on a
 * copy of the plugin, so the sources under work stay untouched. Exit status 0: every mutation was found, 1: one survived,
 * 2: the list does not fit the sources.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
/** A mutation that makes its tests hang is found as well. */
const TEST_LIMIT_MS = 120_000;
/** All tests of the list at once, on a busy machine. */
const UNCHANGED_LIMIT_MS = 20 * 60_000;
const TOLD_LINES = 40;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

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
  // Run by root, some tests let another user write.
  chmodSync(folder, 0o755);
  const copy = copyPlugin(folder);
  try {
    const unchanged = [...new Set(chosen.flatMap((mutation) => mutation.tests))];
    const failure = failureOf(copy, unchanged, UNCHANGED_LIMIT_MS);
    if (failure !== null) {
      say(failure.split("\n").slice(-TOLD_LINES).join("\n"));
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
  const found = failureOf(copy, mutation.tests, TEST_LIMIT_MS) !== null;
  writeFileSync(path, original);
  const ms = Math.round(performance.now() - began);
  say(`${found ? "found   " : "SURVIVED"} ${mutation.name} (${ms} ms)`);
  return { name: mutation.name, found, ms };
}

/** What the first failing test printed; null when all pass. */
function failureOf(copy: string, tests: readonly string[], limitMs: number): string | null {
  const vitest = join(PLUGIN, "node_modules", "vitest", "vitest.mjs");
  const run = spawnSync(process.execPath, [vitest, "run", "--bail", "1", ...tests], {
    cwd: copy,
    timeout: limitMs,
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (run.error !== undefined && !isTimeout(run.error)) throw run.error;
  if (run.status === 0) return null;
  const output = `${run.stdout}\n${run.stderr}`;
  return run.error === undefined ? output : `${output}\nNot done within ${limitMs / 1_000} s.`;
}

function isTimeout(error: Error): boolean {
  return "code" in error && error.code === "ETIMEDOUT";
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
