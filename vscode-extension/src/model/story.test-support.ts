import type { HeaderRecord, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import type { TimedRecord } from "openclaw-whatsapp-continuity-plugin/explain";

/** Wall clock of the beginning of every story. */
export const BEGAN_MS = Date.parse("2026-11-21T12:00:00.000Z");

export const HEADER: HeaderRecord = {
  dir: "in",
  kind: "log.header",
  format: "whatsapp-continuity-log",
  version: 1,
  boot: "b1",
  seq: 0,
  at: 0,
  startedAt: new Date(BEGAN_MS).toISOString(),
  seed: "s",
  plugin: "0.1.0",
  baileys: "7.0.0-rc14",
};

type Told = readonly [at: number, fields: { readonly kind: string } & Record<string, unknown>];

/** Records of one account from a few words each; an effect is recognised by having no `dir` and a verb in its kind. */
export function tell(account: string, ...told: readonly Told[]): LogRecord[] {
  let seq = 0;
  return told.map(([at, fields]) => {
    seq += 1;
    const isEffect = EFFECTS.test(fields.kind);
    const decision = isEffect ? { cause: Math.max(0, seq - 1), rule: "test/told" } : {};
    const dir = isEffect ? "out" : "in";
    return { boot: "b1", seq, at, account, dir, ...decision, ...fields } as unknown as LogRecord;
  });
}
const EFFECTS =
  /\.(?:open|close|start|cancel|publish|report|acquire|release|request|hold|dispatch|settle|decide|inspect)$/;

export function timed(records: readonly LogRecord[]): TimedRecord[] {
  return records.map((record) => ({ record, wallMs: BEGAN_MS + record.at }));
}

const NOBODY = { pn: null, lid: null };

/** Start, an hour of peace, a drop, a failed attempt, and back with twelve messages. */
export function outageStory(account = "work"): LogRecord[] {
  return tell(
    account,
    [
      0,
      {
        kind: "controller.started",
        controllerId: 1,
        reason: "gateway-start",
        credentials: "linked",
      },
    ],
    [1, { kind: "owner.acquire", controllerId: 1 }],
    [5, { kind: "owner.resolved", result: "acquired" }],
    [6, { kind: "socket.open", socketId: 1, attempt: 1 }],
    [300, { kind: "socket.upgraded", socketId: 1 }],
    [900, { kind: "socket.opened", socketId: 1, self: NOBODY }],
    [
      900,
      {
        kind: "status.publish",
        lifecycle: "ready",
        connected: true,
        terminal: false,
        causeId: null,
        attempt: 0,
        nextAttemptMs: null,
      },
    ],
    [240_000, { kind: "keepalive.written", socketId: 1, mode: "iq", written: true }],
    [
      241_000,
      {
        kind: "message.journalled",
        socketId: 1,
        messageId: "m1",
        chat: "user-1",
        chatKind: "direct",
        via: "live",
        ageMs: 5,
        fromMe: false,
        mentioned: false,
        duplicate: false,
      },
    ],
    [
      3_600_000,
      {
        kind: "socket.closed",
        socketId: 1,
        origin: "remote",
        error: { name: "Error", message: "Connection was lost", statusCode: 408 },
      },
    ],
    [3_600_000, { kind: "timer.start", timerId: 4, timer: "reconnect", delayMs: 2_000 }],
    [3_602_000, { kind: "timer.fired", timerId: 4, timer: "reconnect" }],
    [3_602_001, { kind: "socket.open", socketId: 2, attempt: 2 }],
    [
      3_602_100,
      {
        kind: "socket.closed",
        socketId: 2,
        origin: "remote",
        error: { name: "Error", message: "getaddrinfo ENOTFOUND", errorCode: "ENOTFOUND" },
      },
    ],
    [3_602_100, { kind: "timer.start", timerId: 5, timer: "reconnect", delayMs: 4_000 }],
    [3_606_100, { kind: "socket.open", socketId: 3, attempt: 3 }],
    [3_607_000, { kind: "socket.opened", socketId: 3, self: NOBODY }],
    [
      3_607_100,
      {
        kind: "drain.previewed",
        socketId: 3,
        announced: 12,
        messages: 12,
        receipts: 0,
        notifications: 0,
      },
    ],
    [
      3_607_900,
      {
        kind: "drain.close",
        socketId: 3,
        outcome: "complete",
        announced: 12,
        delivered: 12,
        journalled: 12,
        receipted: 12,
      },
    ],
    [
      3_608_000,
      {
        kind: "outage.report",
        outageId: 1,
        revision: 0,
        startedAt: 3_600_000,
        endedAt: 3_607_000,
        causeId: "transport-silence",
        attempts: 2,
        recoveredOffline: 12,
        recoveredHistory: 0,
        duplicates: 0,
        tooOld: 0,
        unanswered: 0,
      },
    ],
  );
}
