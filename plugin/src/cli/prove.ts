import { existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  checkPromises,
  describeCount,
  type PromiseCheck,
  type TimedRecord,
} from "../explain/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import type { CommandOutput } from "./explain.ts";
import { LogFileError, readLogs } from "./log-files.ts";
import { parseSince, UsageError } from "./time-span.ts";

const USAGE = `Usage: whatsapp-continuity prove [--since 24h] [--account ID] [--state-dir DIR] [--json] [RECORDS...]

Checks what this plugin promises (no loop, no message twice, every send once, ...) against its own records. Without RECORDS it reads the records
that the plugin on this machine has kept; captured incidents can be given too. A gateway log holds too little.
`;

/** `prove`: exit status 0 when every promise was kept, 1 when one was broken, 2 for bad input. */
export async function proveCommand(
  args: readonly string[],
  output: CommandOutput,
): Promise<number> {
  try {
    const { values, positionals } = parseOptions(args);
    if (values.help === true) {
      output.out(USAGE);
      return EXIT.holds;
    }
    const paths = positionals.length > 0 ? positionals : keptRecords(values["state-dir"]);
    const { records, gaps } = await readLogs(paths);
    const sinceMs = parseSince(values.since ?? "24h");
    const lastMs = records.reduce((latest, { wallMs }) => Math.max(latest, wallMs), 0);
    const wanted = records.filter(
      ({ record, wallMs }) =>
        (sinceMs === null || wallMs >= lastMs - sinceMs) &&
        (values.account === undefined ||
          record.kind === "log.header" ||
          record.account === values.account),
    );
    demandRecords(wanted, records, values.account);
    const checks = checkPromises(inOrder(wanted));
    demandTried(checks);
    const ok = checks.every((check) => check.ok);
    const counts = { records: wanted.length, gaps: gaps.length };
    output.out(
      values.json === true
        ? `${JSON.stringify({ ok, ...counts, promises: checks })}\n`
        : `${checks.map(lineOf).join("\n")}\n${describeCount(wanted.length, "record")}, ${describeCount(gaps.length, "gap")}\n`,
    );
    return ok ? EXIT.holds : EXIT.doesNotHold;
  } catch (error) {
    const isKnown =
      error instanceof CommandProblem ||
      error instanceof LogFileError ||
      error instanceof UsageError;
    if (!isKnown) throw error;
    output.err(`${error.message}\n`);
    return EXIT.badInput;
  }
}

/** Where nothing is, nothing is broken: that is no proof. */
function demandRecords(
  wanted: readonly TimedRecord[],
  all: readonly TimedRecord[],
  account: string | undefined,
): void {
  if (wanted.some(({ record }) => record.kind !== "log.header")) return;
  const known = new Set(
    all.flatMap(({ record }) => (record.kind === "log.header" ? [] : [record.account])),
  );
  throw new CommandProblem(
    "WA_ERR_NO_RECORDS",
    account === undefined || known.size === 0
      ? "There is no record in it, so nothing can be proved"
      : `There is no record of account ${account} in that time`,
    known.size === 0
      ? "Give the records that the plugin has kept, or a captured incident"
      : `Accounts in it are ${[...known].join(", ")}; --since 7d reaches further back`,
  );
}

function demandTried(checks: readonly PromiseCheck[]): void {
  if (checks.some(({ checked, ok }) => checked > 0 || !ok)) return;
  throw new CommandProblem(
    "WA_ERR_NOTHING_TRIED",
    "These records hold no decision of this plugin, so no promise was put to the test",
    "Give the records that the plugin has kept, or a captured incident; replay decides one of a report anew",
  );
}

/** The records that the plugin keeps, oldest file first. */
function keptRecords(stateDir: string | undefined): readonly string[] {
  const state = stateDir ?? process.env["OPENCLAW_STATE_DIR"] ?? join(homedir(), ".openclaw");
  const folder = join(state, "whatsapp-continuity", "records");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names
    .filter((name) => name.endsWith(".incident.jsonl"))
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  if (files.length > 0) return files;
  throw new CommandProblem(
    "WA_ERR_NO_RECORDS",
    `${folder} holds no records`,
    "Give --state-dir of the gateway, or the path of a captured incident.",
  );
}

function inOrder(records: readonly TimedRecord[]): readonly TimedRecord[] {
  return records.toSorted((a, b) =>
    a.record.boot === b.record.boot ? a.record.seq - b.record.seq : a.wallMs - b.wallMs,
  );
}

function lineOf({ ok, sentence, checked, broken }: PromiseCheck): string {
  const verdict = ok ? (checked === 0 ? "not tried" : "kept     ") : "BROKEN   ";
  const places = broken.map(
    ({ wallMs, account, seq, what }) =>
      `\n           ${new Date(wallMs).toISOString()} ${account} record ${seq}: ${what}`,
  );
  return `${verdict}  ${sentence} (${checked} times)${places.join("")}`;
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        since: { type: "string" },
        account: { type: "string" },
        "state-dir": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}
