import { parseArgs } from "node:util";
import { type CauseId, CAUSES, INVARIANTS } from "../core/index.ts";
import {
  isLogFormatError,
  isLogVersionError,
  type ParsedLog,
  serialiseLog,
} from "../events/index.ts";
import {
  minimiseIncident,
  type MinimisedIncident,
  type MinimiseTarget,
  formatDuration,
  replayIncident,
} from "../replay/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import type { CommandOutput } from "./explain.ts";
import { findIncidents, readIncident } from "./incident-files.ts";
import { writeNewFile } from "./new-file.ts";

const USAGE = `Usage: whatsapp-continuity minimise INCIDENT [--cause ID | --rule ID | --divergence | --invariant [--name NAME]] [--out FILE] [--json]

The shortest incident found that still shows a cause, a rule, the first divergence from what is expected, or a broken invariant: removes inputs, shortens
waits and drops details of errors, as long as the decision stays. Without --out it goes to standard output.
`;

/** `minimise`: exit status 0 with a shorter incident, 1 when the incident does not show the target, 2 for bad input. */
export function minimiseCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    return Promise.resolve(minimise(args, output));
  } catch (error) {
    const isKnown =
      error instanceof CommandProblem || isLogFormatError(error) || isLogVersionError(error);
    if (!isKnown) throw error;
    output.err(`${(error as Error).message}\n`);
    return Promise.resolve(EXIT.badInput);
  }
}

function minimise(args: readonly string[], output: CommandOutput): number {
  const { values, positionals } = parseOptions(args);
  if (values.help === true) {
    output.out(USAGE);
    return EXIT.holds;
  }
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) {
    throw new CommandProblem("WA_ERR_USAGE", "One incident is minimised at a time", USAGE);
  }
  const [file = path] = findIncidents([path]);
  const incident = readIncident(file);
  const { log, divergences } = replayIncident(incident);
  const boot = divergences[0] === undefined ? "" : bootOfLine(log, divergences[0].line);
  const target = targetOf(
    values,
    divergences[0] === undefined ? null : { seq: divergences[0].seq, boot },
  );
  const minimised = target === null ? null : minimiseIncident(log.records, target);
  if (minimised === null) {
    output.err(`${file} does not show ${wantedOf(values)}, so there is nothing to minimise.\n`);
    if (values.json === true)
      output.out(`${JSON.stringify({ ok: false, incident: incident.incident })}\n`);
    return EXIT.doesNotHold;
  }
  write(titled(minimised, incident.incident, wantedOf(values)), values, output);
  return EXIT.holds;
}

function bootOfLine({ records, lines }: ParsedLog, line: number): string {
  return records[lines.indexOf(line)]?.boot ?? "";
}

type Values = ReturnType<typeof parseOptions>["values"];

function write(minimised: MinimisedIncident, values: Values, output: CommandOutput): void {
  const { records, ...figures } = minimised;
  const text = serialiseLog(records);
  if (values.out !== undefined) writeNewFile(values.out, text);
  if (values.json === true) {
    const where = values.out === undefined ? { text } : { out: values.out };
    output.out(`${JSON.stringify({ ok: true, ...where, ...figures })}\n`);
    return;
  }
  if (values.out === undefined) output.out(text);
  const { inputsBefore, inputsAfter, spanBeforeMs, spanAfterMs, tried, isMinimal } = figures;
  const bound = isMinimal ? "" : "; the bound of replays was reached, so a shorter one may exist";
  output.err(
    `${inputsBefore} inputs over ${formatDuration(spanBeforeMs)} -> ${inputsAfter} over ${formatDuration(spanAfterMs)}, ${tried} replays${bound}\n`,
  );
}

function titled(minimised: MinimisedIncident, incident: string, wanted: string): MinimisedIncident {
  const records = minimised.records.map((record) =>
    record.kind === "log.header"
      ? { ...record, origin: "minimised", title: `${wanted}, minimised from ${incident}` }
      : record,
  );
  return { ...minimised, records };
}

function targetOf(
  values: Values,
  divergence: { readonly seq: number; readonly boot: string } | null,
): MinimiseTarget | null {
  const given = [values.cause, values.rule, values.divergence, values.invariant].filter(
    (value) => value !== undefined,
  );
  if (given.length !== 1) {
    throw new CommandProblem(
      "WA_ERR_USAGE",
      "One of --cause, --rule, --divergence and --invariant says what must stay",
      USAGE,
    );
  }
  if (values.cause !== undefined) return { show: "cause", causeId: causeOf(values.cause) };
  if (values.rule !== undefined) return { show: "rule", rule: values.rule };
  if (values.invariant === true) return { show: "invariant", invariant: invariantOf(values.name) };
  return divergence === null ? null : { show: "divergence", ...divergence };
}

function causeOf(text: string): CauseId {
  if (Object.hasOwn(CAUSES, text)) return text as CauseId;
  throw new CommandProblem(
    "WA_ERR_USAGE",
    `There is no cause "${text}"`,
    `Known are ${Object.keys(CAUSES).join(", ")}.`,
  );
}

function invariantOf(name: string | undefined): string | null {
  if (name === undefined) return null;
  const known = INVARIANTS.find((each) => each === name || each.startsWith(`${name} `));
  if (known !== undefined) return known;
  throw new CommandProblem(
    "WA_ERR_USAGE",
    `There is no invariant "${name}"`,
    `Known are ${INVARIANTS.join(", ")}.`,
  );
}

function wantedOf({ cause, rule, divergence, name }: Values): string {
  if (cause !== undefined) return `cause ${cause}`;
  if (rule !== undefined) return `rule ${rule}`;
  return divergence === true
    ? "a divergence"
    : `a broken invariant${name === undefined ? "" : ` ${name}`}`;
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        cause: { type: "string" },
        rule: { type: "string" },
        divergence: { type: "boolean" },
        invariant: { type: "boolean" },
        name: { type: "string" },
        out: { type: "string", short: "o" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new CommandProblem("WA_ERR_USAGE", (error as Error).message, USAGE);
  }
}
