import { parseArgs } from "node:util";
import { explain, type Explanation, narrate } from "../explain/index.ts";
import { parseSince, UsageError } from "./time-span.ts";
import { findDefaultLogs, LogFileError, readLogs } from "./log-files.ts";

/** Where a command writes; the process' own streams outside tests. */
export interface CommandOutput {
  out(text: string): void;
  err(text: string): void;
}

export const EXPLAIN_USAGE = `Usage: whatsapp-continuity explain [--since 24h] [--account ID] [--json] [LOG...]

Why was I down? Reads logs of this plugin, of the official WhatsApp plugin and of the gateway, and incident files ("-" reads standard
input). Without LOG it reads the gateway's log of this machine. --since counts back from now, or from the end of the log when that is
older: 90m, 24h, 7d, or "all".
`;

/** Exit status of the commands: holds, does not hold, bad input. */
const HOLDS = 0;
const IS_DOWN = 1;
const BAD_INPUT = 2;

const MAX_OUTAGES_TOLD = 30;

/**
 * `explain`: exit status 0 when no account is down at the end of the log, 1 when one is, 2 for bad input.
 */
export async function runExplain(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    const request = parse(args);
    if (request === null) {
      output.out(EXPLAIN_USAGE);
      return HOLDS;
    }
    const explanation = await explainLogs(request);
    output.out(
      request.json
        ? `${JSON.stringify(explanation)}\n`
        : narrate(explanation, {
            offsetMinutes: -new Date(explanation.toMs).getTimezoneOffset(),
            maxOutages: MAX_OUTAGES_TOLD,
          }),
    );
    return explanation.accounts.some(({ now }) => now === "down") ? IS_DOWN : HOLDS;
  } catch (error) {
    if (!(error instanceof LogFileError || error instanceof UsageError)) throw error;
    output.err(`${error.message}\n`);
    return BAD_INPUT;
  }
}

interface ExplainRequest {
  readonly sinceMs: number | null;
  readonly account: string | undefined;
  readonly json: boolean;
  readonly logs: readonly string[];
}

function parse(args: readonly string[]): ExplainRequest | null {
  const { values, positionals } = parseOptions(args);
  if (values.help === true) return null;
  return {
    sinceMs: parseSince(values.since ?? "24h"),
    account: values.account,
    json: values.json ?? false,
    logs: positionals,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        since: { type: "string" },
        account: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${EXPLAIN_USAGE}`);
  }
}

async function explainLogs(request: ExplainRequest): Promise<Explanation> {
  const nowMs = Date.now();
  const paths =
    request.logs.length > 0 ? request.logs : findDefaultLogs(nowMs - (request.sinceMs ?? nowMs));
  const { records, gaps } = await readLogs(paths);
  const lastMs = records.reduce((latest, { wallMs }) => Math.max(latest, wallMs), 0);
  // A log that was sent by somebody ended long ago: its own end is then the moment to count back from.
  const isOld = records.length > 0 && nowMs - lastMs > (request.sinceMs ?? 0);
  const toMs = isOld ? lastMs : nowMs;
  const firstMs = records[0]?.wallMs ?? toMs;
  const fromMs = request.sinceMs === null ? firstMs : toMs - request.sinceMs;
  const account = request.account === undefined ? {} : { account: request.account };
  return explain(records, gaps, { fromMs, toMs, ...account });
}
