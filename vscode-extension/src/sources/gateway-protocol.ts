import type { LogRecord } from "openclaw-whatsapp-continuity-plugin/events";

/*
 * What the gateway and the plugin answer, read defensively: a newer or older version on the other side must not break a view. Method
 * and event names are fixed by the plugin's interface.
 */

export const METHODS = {
  tail: "logs.tail",
  channels: "channels.status",
  status: "whatsappContinuity.status",
  records: "whatsappContinuity.records",
  restart: "whatsappContinuity.restart",
  capture: "whatsappContinuity.capture",
  start: "channels.start",
  stop: "channels.stop",
  loginStart: "web.login.start",
  loginWait: "web.login.wait",
} as const;
export const RECORDS_EVENT = "plugin.whatsapp-continuity.records";

export interface LogTail {
  readonly cursor: number | null;
  readonly lines: readonly string[];
  /** Lines between the cursor and the answer were left out. */
  readonly truncated: boolean;
  /** The log was rotated or cut: the cursor no longer means anything. */
  readonly reset: boolean;
}

export function readLogTail(value: unknown): LogTail {
  const answer = objectOf(value);
  const lines = Array.isArray(answer["lines"]) ? answer["lines"] : [];
  return {
    cursor: typeof answer["cursor"] === "number" ? answer["cursor"] : null,
    lines: lines.filter((line): line is string => typeof line === "string"),
    truncated: answer["truncated"] === true,
    reset: answer["reset"] === true,
  };
}

export interface RecordPage {
  readonly boot: string;
  readonly fromSeq: number;
  readonly records: readonly LogRecord[];
  readonly dropped: number;
}

/** Null when it is no batch of records. */
export function readRecordPage(value: unknown): RecordPage | null {
  const batch = objectOf(value);
  const { boot, fromSeq, records, dropped } = batch;
  if (typeof boot !== "string" || !Array.isArray(records)) return null;
  return {
    boot,
    fromSeq: typeof fromSeq === "number" ? fromSeq : 0,
    records: records.filter(isRecordLike),
    dropped: typeof dropped === "number" ? dropped : 0,
  };
}

function isRecordLike(value: unknown): value is LogRecord {
  const record = objectOf(value);
  return (
    typeof record["boot"] === "string" &&
    typeof record["seq"] === "number" &&
    typeof record["at"] === "number" &&
    typeof record["kind"] === "string"
  );
}

/** An incident that was cut out of a running gateway, and what was taken out of it. */
export interface CapturedIncident {
  readonly fileName: string;
  readonly text: string;
  readonly records: number;
  readonly accounts: readonly string[];
  readonly replayable: boolean;
  readonly people: number;
  readonly groups: number;
  /** Account names and other addresses. */
  readonly others: number;
}

/** Null when it is no capture. */
export function readCapture(value: unknown): CapturedIncident | null {
  const answer = objectOf(value);
  const removed = objectOf(answer["removed"]);
  const { fileName, text, accounts } = answer;
  if (typeof fileName !== "string" || typeof text !== "string") return null;
  const count = (given: unknown): number => (typeof given === "number" ? given : 0);
  return {
    fileName,
    text,
    records: count(answer["records"]),
    accounts: Array.isArray(accounts)
      ? accounts.filter((account): account is string => typeof account === "string")
      : [],
    replayable: answer["replayable"] === true,
    people: count(removed["people"]),
    groups: count(removed["groups"]),
    others: count(removed["others"]) + count(removed["accounts"]),
  };
}

/** What the plugin's status RPC says beyond the records, per account. */
export interface AccountStatusView {
  readonly accountId: string;
  readonly journalDepth: number | null;
  readonly oldestUnsettledMs: number | null;
  readonly spilled: number | null;
  readonly attemptsLastHour: number | null;
}

export function readStatuses(value: unknown): readonly AccountStatusView[] {
  const { accounts } = objectOf(value);
  if (!Array.isArray(accounts)) return [];
  return accounts.flatMap((entry) => {
    const status = objectOf(entry);
    const journal = objectOf(status["journal"]);
    const { accountId } = status;
    if (typeof accountId !== "string") return [];
    return [
      {
        accountId,
        journalDepth: numberOrNull(journal["depth"]),
        oldestUnsettledMs: numberOrNull(journal["oldestUnsettledMs"]),
        spilled: numberOrNull(journal["spilled"]),
        attemptsLastHour: numberOrNull(status["attemptsLastHour"]),
      },
    ];
  });
}

export interface LoginStep {
  readonly qrDataUrl: string | null;
  readonly connected: boolean;
  readonly message: string;
}

export function readLoginStep(value: unknown): LoginStep {
  const step = objectOf(value);
  const { qrDataUrl, message } = step;
  const isPicture = typeof qrDataUrl === "string" && qrDataUrl.startsWith("data:image/");
  return {
    qrDataUrl: isPicture ? qrDataUrl : null,
    connected: step["connected"] === true,
    message: typeof message === "string" ? message : "",
  };
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
