import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createPseudonymiser } from "../events/index.ts";
import { BAILEYS_VERSION, PLUGIN_VERSION } from "../composition/versions.ts";
import {
  describeImport,
  type ImportedIncident,
  ImportError,
  importIncident,
  textOfBytes,
} from "../importing/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import type { CommandOutput } from "./explain.ts";
import { writeNewFile } from "./new-file.ts";

const USAGE = `Usage: whatsapp-continuity import FILE [--out FILE.incident.jsonl] [--title TEXT] [--date 2026-05-01] [--utc-offset +02:00] [--json]

Makes an incident that can be replayed out of a text pasted from an issue, a log of the official WhatsApp plugin or of the gateway, or a log of
this plugin ("-" reads standard input). What the text does not say is completed and marked "assumed". Phone numbers, addresses and account names are
taken out. --date and --utc-offset hold for times that are written without one. Without --out the incident goes to standard output.
`;

interface ImportRequest {
  readonly file: string;
  readonly out: string | null;
  readonly title: string | undefined;
  readonly dateMs: number | null;
  readonly utcOffsetMinutes: number | null;
  readonly json: boolean;
}

/** `import`: exit status 0 when there is an incident, 2 for a text that holds none. */
export function importCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    const request = parse(args);
    if (request === null) {
      output.out(USAGE);
      return Promise.resolve(EXIT.holds);
    }
    const { text, label, fallbackMs } = read(request.file);
    const key = randomBytes(32);
    const { text: scrub } = createPseudonymiser({
      keyedHash: (plain) => createHmac("sha256", key).update(plain).digest("hex"),
    });
    const imported = importIncident(text, {
      label,
      ...(request.title === undefined ? {} : { title: request.title }),
      fallbackMs: request.dateMs ?? fallbackMs,
      utcOffsetMinutes: request.utcOffsetMinutes,
      versions: { plugin: PLUGIN_VERSION, baileys: BAILEYS_VERSION },
      scrub,
    });
    write(imported, request, output);
    return Promise.resolve(EXIT.holds);
  } catch (error) {
    if (!(error instanceof ImportError || error instanceof CommandProblem)) throw error;
    output.err(`${error.message}\n`);
    return Promise.resolve(EXIT.badInput);
  }
}

function write(imported: ImportedIncident, request: ImportRequest, output: CommandOutput): void {
  const { text, ...facts } = imported;
  if (request.out !== null) writeNewFile(request.out, text);
  if (request.json) {
    const incident = request.out === null ? { text } : { out: request.out };
    output.out(`${JSON.stringify({ ...incident, ...facts })}\n`);
    return;
  }
  if (request.out === null) output.out(text);
  output.err(`${describe(imported)}\n`);
  if (request.out !== null)
    output.err(`${request.out}: replay it with whatsapp-continuity replay\n`);
}

function describe(imported: ImportedIncident): string {
  return `${describeImport(imported)} Accounts: ${imported.accounts.join(", ")}.`;
}

function read(file: string): {
  readonly text: string;
  readonly label: string;
  readonly fallbackMs: number;
} {
  if (file === "-")
    return { text: readFileSync(0, "utf8"), label: "standard input", fallbackMs: Date.now() };
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new CommandProblem(
      "WA_ERR_NO_SUCH_PATH",
      `${file} is not a file`,
      "Give the path of a text or log file, or - for standard input.",
    );
  }
  const text = textOfBytes(readFileSync(file));
  if (text === null) {
    throw new CommandProblem(
      "WA_ERR_NOT_TEXT",
      `${file} is not a text`,
      "Give a log file that is not compressed, or the text pasted from an issue.",
    );
  }
  return {
    text,
    label: basename(file),
    fallbackMs: statSync(file).mtimeMs,
  };
}

function parse(args: readonly string[]): ImportRequest | null {
  const { values, positionals } = parseOptions(args);
  if (values.help === true) return null;
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new CommandProblem("WA_ERR_USAGE", "One text is imported at a time", USAGE);
  }
  return {
    file,
    out: values.out ?? null,
    title: values.title,
    dateMs: values.date === undefined ? null : dateOf(values.date),
    utcOffsetMinutes: values["utc-offset"] === undefined ? null : offsetOf(values["utc-offset"]),
    json: values.json === true,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: "string", short: "o" },
        title: { type: "string" },
        date: { type: "string" },
        "utc-offset": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new CommandProblem("WA_ERR_USAGE", (error as Error).message, USAGE);
  }
}

function dateOf(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw new CommandProblem(
    "WA_ERR_USAGE",
    `--date ${text} is not a day`,
    "Write it like 2026-05-01.",
  );
}

const MAX_OFFSET_HOURS = 14;

function offsetOf(text: string): number {
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(text === "Z" ? "+0" : text);
  const hours = Number(match?.[2]);
  if (match === null || hours > MAX_OFFSET_HOURS) {
    throw new CommandProblem(
      "WA_ERR_USAGE",
      `--utc-offset ${text} is no offset`,
      "Write it like +02:00 or -5.",
    );
  }
  const minutes = hours * 60 + Number(match[3] ?? 0);
  return match[1] === "-" ? -minutes : minutes;
}
