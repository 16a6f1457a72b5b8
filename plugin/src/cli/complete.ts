import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isLogFormatError, serialiseLog } from "../events/index.ts";
import { completeReport, parseReport } from "../replay/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import { goldenFileOf } from "./incident-files.ts";

const REPORT = ".report.json";
const USAGE = "Usage: complete SLUG.report.json... [--replace]";

/**
 * Completes published reports to incidents that can be replayed. An incident is evidence from then on: an existing one is left alone unless
 * `--replace` says that nobody has it yet; its golden then goes too.
 */
function complete(argv: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { replace: { type: "boolean", default: false } },
  });
  if (positionals.length === 0 || positionals.some((file) => !file.endsWith(REPORT))) {
    throw new CommandProblem("WA_ERR_USAGE", "No report was named", USAGE);
  }
  for (const file of positionals) {
    const target = `${file.slice(0, -REPORT.length)}.jsonl`;
    const text = serialiseLog(completeReport(parseReport(readFileSync(file, "utf8"), file)));
    const existing = existsSync(target) ? readFileSync(target, "utf8") : null;
    if (existing === text) {
      process.stderr.write(`${target}: unchanged\n`);
    } else if (existing !== null && !values.replace) {
      throw new CommandProblem(
        "WA_ERR_EVIDENCE_EXISTS",
        `${target} exists and would change, and evidence is never edited`,
        "Choose another name; --replace is only for an incident that nobody has yet",
      );
    } else {
      writeFileSync(target, text);
      // A golden holds the digests of the evidence it was made for; another evidence needs another one.
      const golden = goldenFileOf(target);
      if (existsSync(golden)) {
        rmSync(golden);
        process.stderr.write(`${golden}: removed; write it with replay --update and review it\n`);
      }
      process.stderr.write(`${target}: ${text.split("\n").length - 1} records\n`);
    }
  }
  return EXIT.holds;
}

try {
  process.exitCode = complete(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandProblem) && !isLogFormatError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.badInput;
}
