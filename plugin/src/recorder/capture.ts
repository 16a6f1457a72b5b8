import {
  type AccountId,
  type HeaderRecord,
  type LogRecord,
  renumberPseudonyms,
  serialiseLog,
} from "../events/index.ts";
import { accountOf } from "./ring-buffer.ts";

export interface CaptureRequest {
  /** Only this account; all when absent. */
  readonly accountId?: AccountId;
  readonly lastMinutes: number;
  readonly title?: string;
}

/** What was captured: an incident file as text, and what a person wants to know about it before sharing it. */
export interface Capture {
  /** Suggested name, without a path. */
  readonly fileName: string;
  /** Content of an incident file (`*.incident.jsonl`). */
  readonly text: string;
  readonly records: number;
  readonly accounts: readonly AccountId[];
  /**
   * The capture begins with the start of each account's controller, so that a replay can begin where the account did. Otherwise it begins in
   * the middle of a life.
   */
  readonly fromTheBeginning: boolean;
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
}

const MINUTE_MS = 60_000;

/**
 * Cuts an incident out of the records: the last minutes, or back to the start of the account where that is still kept, because a replay needs
 * the beginning. Account names and pseudonyms are numbered anew in order of appearance, so a capture can be compared with nothing
 * else of this installation.
 *
 * @param records oldest first, of one run
 * @param header describes the run
 * @param nowMs monotonic, the clock of the records
 */
export function captureIncident(
  records: Iterable<LogRecord>,
  header: HeaderRecord,
  nowMs: number,
  request: CaptureRequest,
): Capture {
  const wanted = [...records].filter(
    (record) =>
      record.kind !== "log.header" &&
      record.boot === header.boot &&
      (request.accountId === undefined || accountOf(record) === request.accountId),
  );
  const cut = cutTo(wanted, nowMs - request.lastMinutes * MINUTE_MS);
  const accounts = [...new Set(cut.records.map(accountOf).filter((account) => account !== null))];
  const first = cut.records[0];
  const top: HeaderRecord = {
    ...header,
    seq: first === undefined ? header.seq : Math.max(0, first.seq - 1),
    title: request.title ?? `Captured from the last ${request.lastMinutes} minutes`,
  };
  const renumbered = renumberPseudonyms([top, ...cut.records]);
  return {
    fileName: `${header.startedAt.slice(0, 19).replaceAll(":", "")}-${header.boot.slice(0, 8)}.incident.jsonl`,
    text: serialiseLog(renumbered.map(renumberAccounts(accounts))),
    records: cut.records.length,
    accounts,
    fromTheBeginning: cut.fromTheBeginning,
    fromSeq: first?.seq ?? null,
    toSeq: cut.records.at(-1)?.seq ?? null,
  };
}

/** From the last start of a controller at or before `sinceMs`, per account; from `sinceMs` where none is kept. */
function cutTo(
  records: readonly LogRecord[],
  sinceMs: number,
): { records: LogRecord[]; fromTheBeginning: boolean } {
  const begins = new Map<AccountId, number>();
  for (const record of records) {
    const account = accountOf(record);
    if (account === null || record.kind !== "controller.started") continue;
    if (record.at <= sinceMs || !begins.has(account)) begins.set(account, record.seq);
  }
  const kept = records.filter((record) => {
    const begin = begins.get(accountOf(record) ?? "");
    return begin === undefined ? record.at >= sinceMs : record.seq >= begin;
  });
  const accounts = new Set(kept.map(accountOf));
  return {
    records: kept,
    fromTheBeginning:
      accounts.size > 0 && [...accounts].every((account) => begins.has(account ?? "")),
  };
}

/** People name accounts after themselves; the one id that everybody has stays. */
function renumberAccounts(accounts: readonly AccountId[]): (record: LogRecord) => LogRecord {
  const names = new Map(
    accounts
      .filter((account) => account !== "default")
      .map((account, index) => [account, `account-${index + 1}`]),
  );
  return (record) =>
    record.kind === "log.header"
      ? record
      : { ...record, account: names.get(record.account) ?? record.account };
}
