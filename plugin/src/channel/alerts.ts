import type { AccountStatus } from "../runtime/account.ts";
import { runAlertCommand } from "./alert-command.ts";
import type { Settings } from "./config/settings.ts";
import type { ChannelLog } from "./log.ts";
import { explain } from "./status/status-patch.ts";

/** Tells the owner about a long outage, by other ways than WhatsApp, which is what is down. */
export interface Alerts {
  raise(causeId: string, downMs: number): void;
  clear(downMs: number): void;
  /** Ends what is still under way. */
  close(): void;
}

const POST_LIMIT_MS = 10_000;

export interface AlertParts {
  readonly accountId: string;
  readonly log: Pick<ChannelLog, "info" | "warn" | "error">;
  /** Read at the time of the alert. */
  settings(): Settings["alert"];
  phase(): AccountStatus["phase"];
}

/** What is told, by both ways: nothing in it leads to people. */
interface Message {
  readonly event: "outage" | "recovered";
  readonly phase: string;
  readonly causeId: string | null;
  readonly downMs: number;
  readonly text: string;
}

export function createAlerts(parts: AlertParts): Alerts {
  const end = new AbortController();
  const tell = (message: Message): void => {
    const { webhookUrl, command } = parts.settings();
    if (webhookUrl !== "") void post(parts, webhookUrl, message, end.signal);
    if (command.length > 0) void run(parts, command, message, end.signal);
  };
  return {
    raise(causeId, downMs) {
      const text = explain(causeId);
      parts.log.error(`WhatsApp has been down for ${minutes(downMs)} minutes: ${text}`);
      tell({ event: "outage", phase: parts.phase(), causeId, downMs, text });
    },
    clear(downMs) {
      const text = `WhatsApp is back after ${minutes(downMs)} minutes.`;
      parts.log.info(text);
      tell({ event: "recovered", phase: parts.phase(), causeId: null, downMs, text });
    },
    close: () => end.abort(),
  };
}

function minutes(durationMs: number): number {
  return Math.round(durationMs / 60_000);
}

async function post(
  { accountId, log }: AlertParts,
  url: string,
  { causeId, ...message }: Message,
  end: AbortSignal,
): Promise<void> {
  const told = { ...message, ...(causeId === null ? {} : { causeId }) };
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ source: "whatsapp-continuity", accountId, ...told }),
      // A redirect could carry the alert to a place the owner did not choose.
      redirect: "error",
      signal: AbortSignal.any([end, AbortSignal.timeout(POST_LIMIT_MS)]),
    });
    if (!answer.ok) log.warn(`The alert webhook answered with HTTP ${answer.status}.`);
  } catch (error) {
    if (!end.aborted) log.warn("The alert webhook could not be reached.", { error });
  }
}

/** Arguments: event, account id, phase, cause id or `none`, whole seconds down, and the sentence. */
async function run(
  { accountId, log }: AlertParts,
  command: readonly string[],
  { event, phase, causeId, downMs, text }: Message,
  end: AbortSignal,
): Promise<void> {
  const seconds = String(Math.round(downMs / 1_000));
  const words = [event, accountId, phase, causeId ?? "none", seconds, text];
  const problem = await runAlertCommand(command, words, end);
  // As an error, because errors are scrubbed: it may hold the program's own words.
  if (problem !== null) log.warn("The alert command did not work.", { error: new Error(problem) });
}
