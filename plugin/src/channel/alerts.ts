import type { ChannelLog } from "./log.ts";
import { explain } from "./status/status-patch.ts";

/** Tells the owner about a long outage, by other ways than WhatsApp, which is what is down. */
export interface Alerts {
  raise(causeId: string, downMs: number): void;
  clear(downMs: number): void;
}

const POST_LIMIT_MS = 10_000;

/**
 * @param webhookUrl where alerts are posted as JSON; empty for none. Read at the time of the alert.
 */
export function createAlerts(accountId: string, log: ChannelLog, webhookUrl: () => string): Alerts {
  const post = (body: Readonly<Record<string, unknown>>): void => {
    const url = webhookUrl();
    if (url === "") return;
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ source: "whatsapp-continuity", accountId, ...body }),
      // A redirect could carry the alert to a place the owner did not choose.
      redirect: "error",
      signal: AbortSignal.timeout(POST_LIMIT_MS),
    }).then(
      (answer) => {
        if (!answer.ok) log.warn(`The alert webhook answered with HTTP ${answer.status}.`);
      },
      (error: unknown) => {
        log.warn("The alert webhook could not be reached.", { error });
      },
    );
  };
  return {
    raise(causeId, downMs) {
      const minutes = Math.round(downMs / 60_000);
      log.error(`WhatsApp has been down for ${minutes} minutes: ${explain(causeId)}`);
      post({ event: "outage", causeId, downMs, text: explain(causeId) });
    },
    clear(downMs) {
      log.info(`WhatsApp is back after ${Math.round(downMs / 60_000)} minutes.`);
      post({ event: "recovered", downMs });
    },
  };
}
