import { CATALOG, type LogRecord, severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import { describeRecord } from "../describe-record.ts";
import type { TimedRecord } from "../feed-item.ts";

/** What a list of records is narrowed down to. */
export interface RecordFilter {
  /** Words that must all occur in the record's line, kind, rule or account; empty for everything. */
  readonly text: string;
  readonly account: string | null;
  /** Routine records (timers, pings, samples) too. */
  readonly routine: boolean;
  readonly warningsOnly: boolean;
  /** The window; null for everything. */
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
}

export const SHOW_ALL: RecordFilter = {
  text: "",
  account: null,
  routine: false,
  warningsOnly: false,
  window: null,
};

/** Compiles a filter once for many records. */
export function matcherOf(filter: RecordFilter): (timed: TimedRecord) => boolean {
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const { account, window, routine, warningsOnly } = filter;
  return ({ record, wallMs }) => {
    if (window !== null && (wallMs < window.fromMs || wallMs > window.toMs)) return false;
    if (account !== null && record.kind !== "log.header" && record.account !== account)
      return false;
    const severity = severityOf(record);
    if (warningsOnly && severity !== "warning" && severity !== "error") return false;
    if (!routine && severity === "debug" && words.length === 0) return false;
    return words.length === 0 || containsAll(searchText(record), words);
  };
}

function searchText(record: LogRecord): string {
  const rule = record.dir === "out" ? record.rule : "";
  const account = record.kind === "log.header" ? "" : record.account;
  return `${record.kind} ${CATALOG[record.kind].title} ${rule} ${account} ${describeRecord(record)}`.toLowerCase();
}

function containsAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
