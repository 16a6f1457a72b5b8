/**
 * `npm run sim -- --seeds N [--seed S] [--days D] [--only NAME] [--json]`: seeded stories in virtual time, of which none may break a promise. A
 * violation keeps the run's records as an incident file. Exit status 0: none was broken, 1: one was, 2: the command line does not fit.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { quietLibsignal } from "../../src/baileys/quiet-libsignal.ts";
import { EXIT } from "../../src/cli/command-problem.ts";
import { serialiseLog } from "../../src/events/index.ts";
import { RECOVERY } from "./recovery-simulation.ts";
import type { SeededRun, Simulation, Table } from "./simulation.ts";

// Before anything loads the library, which reads its console once.
quietLibsignal();
const { OFFLINE } = await import("./offline-simulation.ts");
const { BACKFILL } = await import("./backfill-simulation.ts");
const { KILL } = await import("./kill-simulation.ts");
const { KEEPALIVE } = await import("./keepalive-simulation.ts");
const { RECONNECTS_LEAVE_NOTHING } = await import("./reconnects-simulation.ts");

const SIMULATIONS: readonly Simulation[] = [
  RECOVERY,
  OFFLINE,
  BACKFILL,
  KILL,
  KEEPALIVE,
  RECONNECTS_LEAVE_NOTHING,
];
const DAY_MS = 86_400_000;
const SEEDS_MAX = 100_000;

interface Found {
  readonly seed: number;
  readonly rule: string;
  /** File with the records of the run. */
  readonly incident: string;
}

async function main(argv: readonly string[]): Promise<number> {
  const chosen = read(argv);
  if (typeof chosen === "string") {
    say(chosen);
    return EXIT.badInput;
  }
  const { simulations, seeds, seed, days } = chosen;
  const violations: Found[] = [];
  let virtualMs = 0;
  const tables: Table[] = [];
  const note = (simulation: Simulation, number: number, run: SeededRun): void => {
    virtualMs += run.virtualMs;
    violations.push(...keep(simulation, number, run));
    if (run.table === undefined) return;
    tables.push(run.table);
    for (const line of linesOf(run.table)) say(line);
  };
  for (const simulation of simulations) {
    if (simulation.overview !== undefined) note(simulation, seed, await simulation.overview(say));
    const last = simulation.once === true ? 1 : seeds;
    for (let index = 0; index < last; index += 1) {
      note(simulation, seed + index, await simulation.run(seed + index, days, say));
      const done = index + 1;
      if (done % 25 === 0 || done === last) {
        say(`${simulation.name}: ${done} of ${last} seeds, ${violations.length} violations`);
      }
    }
  }
  const lived = Math.round((virtualMs / DAY_MS) * 100) / 100;
  const ok = violations.length === 0;
  const report = { ok, seeds, days: lived, violations, tables };
  if (chosen.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else say(`${ok ? "holds" : "DOES NOT HOLD"}: ${seeds} seeds, ${lived} virtual days`);
  return ok ? EXIT.holds : EXIT.doesNotHold;
}

function read(argv: readonly string[]) {
  const names = SIMULATIONS.map(({ name }) => name).join(", ");
  const usage = `Use npm run sim -- --seeds N [--seed S] [--days D] [--only ${names}] [--json].`;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        seeds: { type: "string", default: "20" },
        seed: { type: "string", default: "1" },
        days: { type: "string", default: "1" },
        only: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const simulations = SIMULATIONS.filter(({ name, onRequest }) =>
      values.only === undefined ? onRequest !== true : values.only === name,
    );
    if (simulations.length === 0) return `There is no simulation "${values.only}". ${usage}`;
    const [seeds, seed, days] = [Number(values.seeds), Number(values.seed), Number(values.days)];
    const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
    if (!isCount(seeds) || seeds < 1 || seeds > SEEDS_MAX || !isCount(seed) || !(days > 0)) {
      return `A number does not fit: seeds is a whole number from 1 to ${SEEDS_MAX}. ${usage}`;
    }
    return { simulations, seeds, seed, days, json: values.json };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}. ${usage}`;
  }
}

let incidents: string | null = null;

function keep({ name }: Simulation, seed: number, run: SeededRun): readonly Found[] {
  if (run.violations.length === 0) return [];
  incidents ??= mkdtempSync(join(tmpdir(), "whatsapp-continuity-sim-"));
  const incident = join(incidents, `${name}-${seed}.incident.jsonl`);
  writeFileSync(incident, serialiseLog(run.records));
  for (const { rule, detail } of run.violations) say(`seed ${seed}: ${rule}: ${detail}`);
  const rules = [...new Set(run.violations.map(({ rule }) => rule))];
  return rules.map((rule) => ({ seed, rule, incident }));
}

/** As Markdown, so that it can be put where people read it. */
function linesOf({ title, columns, rows }: Table): readonly string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return ["", title, "", line(columns), line(columns.map(() => "---")), ...rows.map(line), ""];
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// Mocked time leaves a timer of the library behind now and then, which would hold the process after its report.
process.exit(await main(process.argv.slice(2)));
