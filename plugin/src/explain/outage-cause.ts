import { type Cause, type CauseId, CAUSES, classify, extractFacts } from "../core/index.ts";
import type { RawError } from "../events/index.ts";

/** Why an account was down, as far as a person needs it. `id` is one of the core's catalogue or of {@link REPORTED_CAUSES}. */
export interface OutageCause {
  readonly id: string;
  readonly sentence: string;
  readonly action: string;
}

/** Reasons that only the official plugin and the gateway have: this plugin does not decide so. */
const REPORTED_CAUSES = {
  watchdog: {
    sentence: "A watchdog replaced a connection on which no message had come for a while.",
    action:
      "Nothing was wrong with the connection: quiet is not dead. whatsapp-continuity asks the server before it gives a connection up",
  },
  "gateway-restart": {
    sentence: "The gateway restarted the channel.",
    action:
      "Nothing to do if it came back; the lines before it say what made the gateway restart it",
  },
  "process-restart": {
    sentence: "The gateway process ended and started again.",
    action: "Look at what restarted the gateway: an update, a crash or the service manager",
  },
  "auth-unstable": {
    sentence: "The credentials were still being written when the connection was made.",
    action: "Nothing to do if it came back; if it stays, link again",
  },
} as const satisfies Readonly<Record<string, Pick<Cause, "sentence" | "action">>>;
export type ReportedCauseId = keyof typeof REPORTED_CAUSES;
export type OutageCauseId = CauseId | ReportedCauseId;

export function describeOutageCause(id: string): OutageCause {
  const table: Readonly<Record<string, Pick<Cause, "sentence" | "action">>> = {
    ...CAUSES,
    ...REPORTED_CAUSES,
  };
  const known = Object.hasOwn(table, id) ? table[id] : undefined;
  const { sentence, action } = known ?? CAUSES.unknown;
  return { id, sentence, action };
}

/** The cause of a close, from the facts: the same classification that the plugin itself uses. */
export function causeOfClose(error: RawError | null): OutageCauseId {
  if (error?.statusCode === 499) return "watchdog";
  return classify(extractFacts(error), { pairing: false });
}

/** Whether a close for this cause is an outage; a restart that the server asked for is not. */
export function isOutage(id: OutageCauseId): boolean {
  return !(Object.hasOwn(CAUSES, id) && CAUSES[id as CauseId].class === "restart");
}
