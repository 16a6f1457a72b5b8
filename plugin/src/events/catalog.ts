import type { LogRecord, RecordKind } from "./record.ts";

/** Where a record is drawn in a timeline; one lane per slice of the core, plus the world and the log itself. */
export const LANES = [
  "supervision",
  "connection",
  "keepalive",
  "conflict",
  "inbound",
  "backfill",
  "sends",
  "world",
  "log",
] as const;
export type Lane = (typeof LANES)[number];

/** `debug`: routine; `info`: the course of things; `warning`: something broke and is being handled; `error`: a person is needed. */
export type Severity = "debug" | "info" | "warning" | "error";

export interface KindMeta {
  readonly lane: Lane;
  /** Severity of the kind; {@link severityOf} refines it by the record's values. */
  readonly severity: Severity;
  /** A few words for a list or a legend. */
  readonly title: string;
  /**
   * Goes to the gateway's log: lifecycle only, so that a quiet account-day stays below 50 lines. Everything else goes to the ring
   * buffer, the spool file and the live event.
   */
  readonly logged: boolean;
}

function meta(lane: Lane, severity: Severity, title: string, logged = false): KindMeta {
  return { lane, severity, title, logged };
}

const LOGGED = true;

/** What every kind of record is for people. A kind without an entry does not compile. */
export const CATALOG = {
  "log.header": meta("log", "debug", "log begins"),

  "controller.started": meta("supervision", "info", "controller started", LOGGED),
  "controller.stopped": meta("supervision", "info", "controller stopped", LOGGED),
  "operator.acted": meta("supervision", "info", "operator acted", LOGGED),
  "policy.changed": meta("supervision", "info", "policy changed", LOGGED),
  "loop.stalled": meta("supervision", "warning", "event loop stalled", LOGGED),
  "clock.jumped": meta("supervision", "warning", "clock jumped", LOGGED),
  "fault.raised": meta("supervision", "warning", "fault raised", LOGGED),
  "status.publish": meta("supervision", "info", "status", LOGGED),
  "alert.raise": meta("supervision", "warning", "owner alerted", LOGGED),
  "alert.clear": meta("supervision", "info", "alert cleared", LOGGED),
  "event.drop": meta("supervision", "debug", "late event dropped"),
  "input.refuse": meta("supervision", "warning", "input refused"),
  "invariant.report": meta("supervision", "error", "invariant broken", LOGGED),
  "reported.decide": meta("supervision", "info", "what was done then"),

  "owner.resolved": meta("connection", "info", "ownership resolved", LOGGED),
  "socket.upgraded": meta("connection", "debug", "WebSocket open"),
  "qr.offered": meta("connection", "info", "QR code offered"),
  "socket.paired": meta("connection", "info", "device linked", LOGGED),
  "socket.opened": meta("connection", "info", "connected", LOGGED),
  "socket.closed": meta("connection", "warning", "socket closed", LOGGED),
  "timer.fired": meta("connection", "debug", "timer due"),
  "network.probed": meta("connection", "debug", "network probed"),
  "credentials.changed": meta("connection", "info", "credentials changed", LOGGED),
  "version.resolved": meta("connection", "debug", "WhatsApp Web version known"),
  "owner.acquire": meta("connection", "debug", "claim the auth directory"),
  "owner.release": meta("connection", "debug", "release the auth directory"),
  "socket.open": meta("connection", "info", "open a socket"),
  "socket.close": meta("connection", "info", "close the socket"),
  "timer.start": meta("connection", "debug", "start a timer"),
  "timer.cancel": meta("connection", "debug", "cancel a timer"),
  "network.probe": meta("connection", "debug", "probe the network"),
  "version.refresh": meta("connection", "debug", "look up the WhatsApp Web version"),

  "liveness.sampled": meta("keepalive", "debug", "liveness sampled"),
  "ping.answered": meta("keepalive", "debug", "ping answered"),
  "ping.failed": meta("keepalive", "warning", "ping failed"),
  "keepalive.written": meta("keepalive", "debug", "keepalive written"),
  "liveness.sample": meta("keepalive", "debug", "sample the liveness"),
  "ping.send": meta("keepalive", "debug", "ping"),
  "keepalive.send": meta("keepalive", "debug", "send a keepalive"),
  "neighbour.dropped": meta("keepalive", "info", "another account dropped"),
  "drops.report": meta("keepalive", "warning", "regular drops", LOGGED),
  "drops.correlate": meta("keepalive", "info", "accounts dropped together"),
  "session.reset": meta("keepalive", "warning", "renew Signal sessions", LOGGED),

  "conflict.inspected": meta("conflict", "warning", "conflict inspected", LOGGED),
  "conflict.inspect": meta("conflict", "info", "inspect the conflict"),

  "drain.previewed": meta("inbound", "info", "offline messages announced"),
  "stanza.received": meta("inbound", "debug", "offline stanza received"),
  "drain.ended": meta("inbound", "info", "offline delivery ended"),
  "message.journalled": meta("inbound", "info", "message journalled"),
  "stanza.receipted": meta("inbound", "debug", "receipt sent"),
  "message.orphaned": meta("inbound", "warning", "stanza without message"),
  "message.skipped": meta("inbound", "debug", "stanza for nobody"),
  "message.settled": meta("inbound", "info", "message settled"),
  "notice.restored": meta("inbound", "info", "notice to the owner remembered"),
  "drain.pull": meta("inbound", "debug", "ask for the next offline batch"),
  "drain.close": meta("inbound", "info", "offline delivery accounted", LOGGED),
  "message.admit": meta("inbound", "info", "admit a message"),
  "message.hold": meta("inbound", "debug", "message waits for its neighbours"),
  "burst.admit": meta("inbound", "info", "a burst becomes one turn"),
  "owner.notify": meta("inbound", "info", "owner told of old messages", LOGGED),
  "placeholder.request": meta("inbound", "info", "ask the phone for a message"),

  "gap.suspected": meta("backfill", "warning", "gap suspected"),
  "chat.restored": meta("backfill", "debug", "chat remembered"),
  "history.restored": meta("backfill", "debug", "history request remembered"),
  "outage.restored": meta("backfill", "debug", "outage remembered"),
  "absence.restored": meta("backfill", "info", "absence remembered", LOGGED),
  "gap.restored": meta("backfill", "info", "open gap remembered"),
  "history.answered": meta("backfill", "info", "history answered"),
  "history.failed": meta("backfill", "warning", "history request failed"),
  "gap.open": meta("backfill", "info", "gap to be filled"),
  "gap.close": meta("backfill", "info", "gap closed"),
  "history.request": meta("backfill", "info", "ask the phone for history"),
  "outage.report": meta("backfill", "info", "outage accounted", LOGGED),

  "send.requested": meta("sends", "info", "send requested"),
  "send.written": meta("sends", "debug", "send written"),
  "send.acked": meta("sends", "info", "send acked"),
  "send.receipted": meta("sends", "debug", "send received by a device"),
  "send.failed": meta("sends", "warning", "send failed"),
  "send.cancelled": meta("sends", "info", "send cancelled"),
  "identity.mapped": meta("sends", "debug", "own addresses mapped"),
  "send.dispatch": meta("sends", "debug", "write a send"),
  "send.hold": meta("sends", "info", "hold a send"),
  "send.settle": meta("sends", "info", "settle a send"),
  "journal.quarantine": meta("sends", "warning", "set the journal aside"),

  "fault.set": meta("world", "info", "fault on"),
  "fault.cleared": meta("world", "info", "fault off"),
  "server.struck": meta("world", "info", "server struck"),
  "contact.wrote": meta("world", "info", "contact wrote"),
  "agent.answered": meta("world", "info", "agent answered"),
  "phone.changed": meta("world", "info", "phone on or off"),
  "operator.ordered": meta("world", "info", "operator ordered"),
  "clock.shifted": meta("world", "info", "clock shifted"),
  "loop.blocked": meta("world", "info", "event loop blocked"),
  "world.ended": meta("world", "info", "end of the story"),
} as const satisfies Record<RecordKind, KindMeta>;

/** Severity of one record: the kind's, or what its values say. */
export function severityOf(record: LogRecord): Severity {
  switch (record.kind) {
    case "socket.closed":
      return record.origin === "local" ? "info" : "warning";
    case "owner.resolved":
      return record.result === "busy" ? "warning" : "info";
    case "status.publish":
      return record.terminal ? "error" : record.lifecycle === "recovering" ? "warning" : "info";
    case "credentials.changed":
      return record.state === "saved" || record.state === "restored" ? "info" : "error";
    case "conflict.inspected":
      return record.finding === "own-socket" ? "info" : "warning";
    case "network.probed":
      return record.result === "reachable" ? "debug" : "warning";
    case "keepalive.written":
      return record.written ? "debug" : "warning";
    case "drain.close":
      return record.outcome === "complete" || record.outcome === "not-announced"
        ? "info"
        : "warning";
    case "gap.close":
      return record.outcome === "unanswered" || record.outcome === "overflow" ? "warning" : "info";
    case "message.settled":
      return record.state === "failed" ? "warning" : "info";
    case "send.settle":
      return record.outcome === "acked" || record.outcome === "cancelled" ? "info" : "warning";
    case "send.acked":
      return record.errorCode === undefined ? "info" : "warning";
    default:
      return CATALOG[record.kind].severity;
  }
}
