import type { AccountId, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import { CATALOG, severityOf } from "openclaw-whatsapp-continuity-plugin/events";
import { MarkSeries, SpanSeries } from "./series.ts";

/** What a lane shows. The order is the order from top to bottom within an account. */
export const LANE_KINDS = [
  "phase",
  "outage",
  "controller",
  "socket",
  "retry",
  "keepalive",
  "inbound",
  "sends",
  "backfill",
  "supervision",
  "world",
] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

export const LANE_TITLES: Readonly<Record<LaneKind, string>> = {
  phase: "phase",
  outage: "outages",
  controller: "controller",
  socket: "sockets",
  retry: "retries",
  keepalive: "keepalive",
  inbound: "messages in",
  sends: "sends",
  backfill: "backfill",
  supervision: "supervision",
  world: "test world",
};

export interface Lane {
  /** Unique within a feed. */
  readonly id: string;
  readonly account: AccountId;
  readonly kind: LaneKind;
  readonly title: string;
  readonly spans: SpanSeries;
  /** All marks; values are record numbers. */
  readonly marks: MarkSeries;
  /** Marks that say that something went wrong, drawn above the others. */
  readonly warnings: MarkSeries;
}

export function createLane(account: AccountId, kind: LaneKind, suffix = ""): Lane {
  return {
    id: `${account}/${kind}${suffix}`,
    account,
    kind,
    title: `${LANE_TITLES[kind]}${suffix === "" ? "" : ` ${suffix}`}`,
    spans: new SpanSeries(),
    marks: new MarkSeries(),
    warnings: new MarkSeries(),
  };
}

/** The lane on which a record is a mark; null for what is only bookkeeping. */
export function laneOf(record: LogRecord): LaneKind | null {
  switch (record.kind) {
    case "log.header":
    case "timer.cancel":
    case "liveness.sample":
      return null;
    case "timer.start":
    case "timer.fired":
      return record.timer === "reconnect" ? "retry" : null;
    case "outage.report":
    case "alert.raise":
    case "alert.clear":
      return "outage";
    default:
      return BY_CATALOGUE[CATALOG[record.kind].lane];
  }
}

const BY_CATALOGUE = {
  supervision: "supervision",
  connection: "socket",
  keepalive: "keepalive",
  conflict: "supervision",
  inbound: "inbound",
  backfill: "backfill",
  sends: "sends",
  world: "world",
  log: null,
} as const;

export function isWarning(record: LogRecord): boolean {
  const severity = severityOf(record);
  return severity === "warning" || severity === "error";
}
