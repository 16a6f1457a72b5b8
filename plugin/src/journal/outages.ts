import type { OutageEntry } from "../runtime/ports.ts";
import type { Sql } from "./sql.ts";

export interface OutageRow {
  readonly revision: number;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly cause_id: string;
  readonly report: string;
}

export class Outages {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  record(entry: OutageEntry): void {
    this.merge({
      revision: entry.revision,
      started_at_ms: entry.startedAtMs,
      ended_at_ms: entry.endedAtMs,
      cause_id: entry.causeId,
      report: JSON.stringify(entry),
    });
  }

  /** Newest first. */
  recent(limit: number): OutageEntry[] {
    return this.#sql
      .all<OutageRow>("SELECT * FROM outage ORDER BY started_at_ms DESC LIMIT ?", limit)
      .flatMap((row) => readReport(row.report) ?? []);
  }

  /** The newer revision of an outage stays. */
  merge(row: OutageRow): void {
    this.#sql.run(
      `INSERT INTO outage (revision, started_at_ms, ended_at_ms, cause_id, report) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (started_at_ms) DO UPDATE SET revision = excluded.revision, ended_at_ms = excluded.ended_at_ms,
       cause_id = excluded.cause_id, report = excluded.report WHERE excluded.revision >= outage.revision`,
      row.revision,
      row.started_at_ms,
      row.ended_at_ms,
      row.cause_id,
      row.report,
    );
  }
}

function readReport(report: string): OutageEntry | null {
  try {
    return JSON.parse(report) as OutageEntry;
  } catch {
    // One unreadable account of the past must not hide the others.
    return null;
  }
}
