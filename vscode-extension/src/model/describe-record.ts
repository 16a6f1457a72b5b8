import {
  CATALOG,
  type LogRecord,
  type WorldRecord,
} from "openclaw-whatsapp-continuity-plugin/events";
import { describeCause } from "openclaw-whatsapp-continuity-plugin/core";
import { describeEffect, describeInput } from "openclaw-whatsapp-continuity-plugin/replay";

/** A record in one line, for lists, tooltips and stack frames. */
export function describeRecord(record: LogRecord): string {
  if (record.kind === "log.header")
    return `log begins (${record.origin ?? "plugin"} ${record.plugin})`;
  switch (record.dir) {
    case "in":
      return describeInput(record);
    case "out":
      return describeEffect(record) ?? bookkeeping(record);
    case "world":
      return describeWorld(record);
  }
}

function bookkeeping(record: Extract<LogRecord, { dir: "out" }>): string {
  const { title } = CATALOG[record.kind];
  if (record.kind === "status.publish") return describeStatus(record);
  return "timer" in record ? `${title} (${record.timer})` : title;
}

/** Where the account stands, with the cause in words. */
function describeStatus({
  lifecycle,
  causeId,
  attempt,
}: Extract<LogRecord, { kind: "status.publish" }>): string {
  const cause = causeId === null ? "" : `: ${describeCause(causeId).sentence}`;
  const tries = attempt > 0 && lifecycle === "recovering" ? ` (attempt ${attempt})` : "";
  return `${lifecycle}${tries}${cause}`;
}

function describeWorld(record: WorldRecord): string {
  const { title } = CATALOG[record.kind];
  switch (record.kind) {
    case "fault.set":
      return `${title}: ${record.fault} at ${record.stage}`;
    case "server.struck":
      return `${title}: ${record.strike}`;
    case "operator.ordered":
      return `${title}: ${record.act}`;
    case "phone.changed":
      return `phone ${record.online ? "online" : "offline"}`;
    case "fault.cleared":
    case "contact.wrote":
    case "agent.answered":
    case "clock.shifted":
    case "loop.blocked":
    case "world.ended":
      return title;
  }
}
