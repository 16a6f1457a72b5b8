import { execFile } from "node:child_process";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { reviewIncident } from "../importing/index.ts";
import type { Capture } from "../recorder/index.ts";
import { CommandProblem, EXIT } from "./command-problem.ts";
import type { CommandOutput } from "./explain.ts";
import { writeNewFile } from "./new-file.ts";

const USAGE = `Usage: whatsapp-continuity capture [--minutes 30 | --since-healthy] [--account ID] [--title TEXT] [--out FILE] [--yes] [--json] [--url URL] [--token TOKEN]

Cuts an incident out of a running gateway, shows what was taken out of it, and saves it. Without --url it asks the gateway that "openclaw" is
configured for; this needs the scope operator.admin. --yes saves without asking.
`;

export interface CaptureEnvironment extends CommandOutput {
  /** Calls a method of the gateway and returns its answer as JSON text. */
  readonly callGateway: (args: readonly string[]) => Promise<string>;
  /** Asks a person; null when nobody is there. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
}

/** `capture`: exit status 0 when saved, 1 when there was nothing or the person said no, 2 for bad input or a gateway that does not answer. */
export async function captureCommand(
  args: readonly string[],
  env: CaptureEnvironment,
): Promise<number> {
  try {
    const { values } = parseOptions(args);
    if (values.help === true) {
      env.out(USAGE);
      return EXIT.holds;
    }
    const capture = await ask(values, env);
    return await save(capture, values, env);
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error;
    env.err(`${error.message}\n`);
    return EXIT.badInput;
  }
}

type Values = ReturnType<typeof parseOptions>["values"];

async function ask(values: Values, env: CaptureEnvironment): Promise<Capture> {
  if (values.minutes !== undefined && values["since-healthy"] === true) {
    throw new CommandProblem(
      "WA_ERR_USAGE",
      "--minutes and --since-healthy exclude each other",
      USAGE,
    );
  }
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(Number.isSafeInteger(minutes) && minutes > 0)) {
    throw new CommandProblem(
      "WA_ERR_USAGE",
      `--minutes ${values.minutes} is not a whole number`,
      "Write for example --minutes 30.",
    );
  }
  const params = {
    ...(minutes === undefined ? {} : { minutes }),
    ...(values["since-healthy"] === true ? { since: "healthy" } : {}),
    ...(values.account === undefined ? {} : { accountId: values.account }),
    ...(values.title === undefined ? {} : { title: values.title }),
  };
  const target = [
    ...(values.url === undefined ? [] : ["--url", values.url]),
    ...(values.token === undefined ? [] : ["--token", values.token]),
  ];
  const answer = await env.callGateway([
    "gateway",
    "call",
    "whatsappContinuity.capture",
    "--json",
    "--timeout",
    String(TIMEOUT_MS),
    ...target,
    "--params",
    JSON.stringify(params),
  ]);
  return captureIn(answer);
}
const TIMEOUT_MS = 30_000;

function captureIn(answer: string): Capture {
  try {
    const value = JSON.parse(answer.slice(Math.max(0, answer.indexOf("{")))) as Capture;
    if (typeof value.text === "string" && typeof value.fileName === "string") return value;
  } catch {
    // Answered below, together with JSON of another shape.
  }
  throw new CommandProblem(
    "WA_ERR_GATEWAY_ANSWER",
    "The gateway did not answer with an incident",
    "Check with `openclaw plugins list` that whatsapp-continuity is enabled there and up to date.",
  );
}

async function save(capture: Capture, values: Values, env: CaptureEnvironment): Promise<number> {
  const { text, ...facts } = capture;
  if (capture.records === 0) {
    env.err("Nothing was recorded in that time. Choose a longer one with --minutes.\n");
    return EXIT.doesNotHold;
  }
  env.err(`${describe(capture)}\n${keptTexts(text)}`);
  const path = values.out ?? capture.fileName;
  if (values.yes !== true) {
    if (env.confirm === null) {
      throw new CommandProblem(
        "WA_ERR_NOT_CONFIRMED",
        "Nobody is here to look at what is saved",
        "Add --yes to save it without being asked.",
      );
    }
    if (!(await env.confirm(`Save it as ${path}?`))) return EXIT.doesNotHold;
  }
  writeNewFile(path, text);
  if (values.json === true) env.out(`${JSON.stringify({ out: path, ...facts })}\n`);
  else env.out(`${path}\n`);
  return EXIT.holds;
}

/** What is in it, and what is not any more. */
function describe({ records, accounts, removed, replayable }: Capture): string {
  const { people, groups, others } = removed;
  const bytes = removed.accounts === 0 ? "" : `, ${removed.accounts} account names`;
  return [
    `${records} records of ${accounts.join(", ")}.`,
    `Numbered instead of named: ${people} people, ${groups} groups, ${others} other addresses${bytes}.`,
    "Never recorded: texts of messages, names, phone numbers, keys, QR codes.",
    replayable
      ? "It holds where each account stood at its beginning, so it can be replayed."
      : "It begins where the state of an account is not known, so it can be read and not replayed.",
  ].join("\n");
}

/** Texts that a person looks through for a name before saving; patterns know none. */
const MAX_TEXTS = 40;

function keptTexts(incident: string): string {
  const { texts } = reviewIncident(incident);
  if (texts.length === 0) return "No text of other software is in it.\n";
  const shown = texts.slice(0, MAX_TEXTS).map(({ text, records }) => `  ${records} x ${text}\n`);
  const more = texts.length > MAX_TEXTS ? `  and ${texts.length - MAX_TEXTS} more\n` : "";
  return `Kept as other software wrote it; look through it for names:\n${shown.join("")}${more}`;
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string" },
        "since-healthy": { type: "boolean" },
        account: { type: "string" },
        title: { type: "string" },
        out: { type: "string", short: "o" },
        url: { type: "string" },
        token: { type: "string" },
        yes: { type: "boolean", short: "y" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new CommandProblem("WA_ERR_USAGE", (error as Error).message, USAGE);
  }
}

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** The gateway through the `openclaw` command, which finds its address and credentials. */
export function callGateway(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("openclaw", [...args], { maxBuffer: MAX_ANSWER_BYTES }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const said = stderr.trim().split("\n").at(-1) ?? "";
      reject(
        isMissing
          ? new CommandProblem(
              "WA_ERR_NO_OPENCLAW",
              "The command openclaw was not found",
              "Run this where OpenClaw is installed.",
            )
          : new CommandProblem(
              "WA_ERR_GATEWAY",
              `The gateway did not answer (${said})`,
              "Check that it runs, and give --url and --token for another one.",
            ),
      );
    });
  });
}

/** Asks on the terminal; null when there is none. */
export function terminalConfirm(): CaptureEnvironment["confirm"] {
  if (!process.stdin.isTTY) return null;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question(`${question} [y/N] `);
    terminal.close();
    return /^y(?:es)?$/i.test(answer.trim());
  };
}
