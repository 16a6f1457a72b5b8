import { describe, expect, test } from "vitest";
import { describeCause } from "../core/index.ts";
import type { LogRecord } from "../events/index.ts";
import { lineOf } from "../recorder/log-line.ts";
import { serialiseRecord } from "../events/index.ts";
import { AnyLogReader } from "./any-log-reader.ts";
import { explain, type Explanation } from "./explanation.ts";
import { narrate } from "./narrate.ts";
import type { StreamGap, TimedRecord } from "./timed-record.ts";

const FALLBACK_MS = Date.parse("2026-05-22T00:00:00Z");

function read(text: string, gaps: StreamGap[] = []): readonly TimedRecord[] {
  const reader = new AnyLogReader({ label: "a.log", fallbackMs: FALLBACK_MS, scrub: (t) => t });
  return text.split("\n").flatMap((line) => {
    const { records, problem } = reader.read(line);
    if (problem !== null) gaps.push({ wallMs: 0, sentence: problem.sentence, lost: 1 });
    return records;
  });
}

function explainText(text: string): Explanation {
  const records = read(text);
  const times = records.map(({ wallMs }) => wallMs);
  return explain(records, [], { fromMs: Math.min(...times), toMs: Math.max(...times) });
}

const only = (explanation: Explanation) => explanation.accounts[0]!;

describe("the official plugin's log", () => {
  test("a drop and the gateway's restart are one outage, ended by the successor (#85823)", () => {
    const account = only(
      explainText(`
12:00:10.000 Listening for WhatsApp inbound messages (DM + all groups; …).
12:00:39.242  [whatsapp] inbound message
12:02:27.820  [whatsapp] Web connection closed (status 408 Request Time-out). Retry 1/12 in 2.14s…
12:02:27.934  [health-monitor] [whatsapp:default] health-monitor: restarting (reason: disconnected)
12:02:34.182  [default] starting provider (+…)
12:02:35.650  Listening for WhatsApp inbound messages (DM + all groups; …).
12:04:44.419  auto-reply delivery failed (correlationId=x)`),
    );
    expect(account.outages).toHaveLength(1);
    expect(account.outages[0]).toMatchObject({
      durationMs: 7_830,
      by: "official-plugin",
      gaveUp: false,
      cause: { id: "transport-silence" },
    });
    expect(account).toMatchObject({ now: "connected", messages: 1, failedSends: 1 });
  });

  test("DNS that fails at start is named, and that nobody tries any more (#146999)", () => {
    const attempts = Array.from(
      { length: 11 },
      (_, i) =>
        `2026-02-05T07:16:${String(14 + i)}.679Z {"error":"Error: getaddrinfo ENOTFOUND web.whatsapp.com"},"WebSocket error"\n` +
        `2026-02-05T07:16:${String(14 + i)}.700Z WhatsApp Web connection closed during setup (status 408). Retry ${i + 1}/12 in 2.2s.`,
    );
    const account = only(
      explainText(
        `2026-02-05T07:16:00Z [bumblebee] starting provider\n${attempts.join("\n")}
2026-02-05T07:20:00Z WhatsApp Web connection closed during setup (status 408) after 12/12 attempts. Relink with \`openclaw channels login --channel whatsapp\` if the issue persists.
2026-02-05T07:25:00Z [whatsapp:bumblebee] health-monitor: skipping restart, terminal-disconnect`,
      ),
    );
    expect(account.account).toBe("bumblebee");
    expect(account.now).toBe("down");
    expect(account.outages).toHaveLength(1);
    const [outage] = account.outages;
    expect(outage).toMatchObject({ gaveUp: true, endMs: null, cause: { id: "dns-not-found" } });
    expect(outage?.cause.action).toContain("channels.start");
  });

  test("a metronome is recognised (#63410)", () => {
    const drops = [0, 16, 32, 48, 64, 80].map((minute) => {
      const at = Date.parse("2026-04-08T01:45:00Z") + minute * 60_000;
      const iso = (ms: number) => new Date(ms).toISOString();
      return (
        `${iso(at)} WhatsApp Web connection closed (status 408). Retry 1/12 in 2.14s… (status=408 Request Time-out Connection was lost)\n` +
        `${iso(at + 4_000)} Listening for WhatsApp inbound messages`
      );
    });
    const account = only(explainText(drops.join("\n")));
    expect(account.outages).toHaveLength(6);
    expect(account.outages[0]?.cause.id).toBe("transport-silence");
    expect(account.patterns[0]).toContain("every 16 min");
  });

  test("a watchdog that replaces a quiet connection is not blamed on WhatsApp (#55030)", () => {
    const account = only(
      explainText(`
17:03:10 Listening for WhatsApp inbound messages
17:03:17 [whatsapp] No messages received in 30m - restarting connection
17:03:17 [whatsapp] Web connection closed (status 499). Retry 1/12 in 2.3s… (status=499)
17:03:21 Listening for WhatsApp inbound messages`),
    );
    expect(account.outages).toHaveLength(1);
    expect(account.outages[0]?.cause.id).toBe("watchdog");
  });

  test("a takeover by somebody else is told once, with the stop", () => {
    const account = only(
      explainText(`
2026-04-08T11:30:48Z Listening for WhatsApp inbound messages
2026-04-08T11:30:53Z WhatsApp Web connection closed (status 440: session conflict). Resolve conflicting WhatsApp Web sessions, then restart the channel. Stopping web monitoring.`),
    );
    expect(account.outages).toMatchObject([
      { gaveUp: true, endMs: null, cause: { id: "stream-replaced" } },
    ]);
  });

  test("module log and console of the same close count once", () => {
    const module = (message: string, fields: object) =>
      JSON.stringify({
        "0": '{"module":"web-reconnect"}',
        "1": fields,
        "2": message,
        time: "2026-05-08T12:47:49.511Z",
        message,
      });
    const records = read(
      [
        "2026-05-08T12:40:00.000Z Listening for WhatsApp inbound messages",
        module("web reconnect: connection closed", {
          status: 408,
          reconnectAttempts: 0,
          error: "status=408 Request Time-out Connection was lost",
        }),
        module("web reconnect: scheduling retry", { status: 408, delayMs: 2350 }),
        '2026-05-08T12:47:49.520Z "WhatsApp Web connection closed (status 408). Retry 1/12 in 2.35s… (status=408 Request Time-out Connection was lost)"',
      ].join("\n"),
    );
    const closes = records.filter(({ record }) => record.kind === "socket.closed");
    expect(closes).toHaveLength(1);
    expect(closes[0]?.record).toMatchObject({
      error: { statusCode: 408, message: "Connection was lost" },
    });
  });

  test("a Boom object in a channel exit keeps its facts (#75736)", () => {
    const records = read(
      '04:00:03 [default] channel exited: {"error":{"data":null,"isBoom":true,"output":{"statusCode":428,"payload":{"statusCode":428,"error":"Precondition Required","message":"Connection Terminated"},"headers":{}}}}',
    );
    expect(records.map(({ record }) => record.kind)).toContain("socket.closed");
    const close = records.find(({ record }) => record.kind === "socket.closed");
    expect(close?.record).toMatchObject({
      error: { statusCode: 428, message: "Connection Terminated" },
    });
  });

  test("lines of other channels are left alone", () => {
    expect(
      read("12:00:00 [telegram:default] health-monitor: restarting (reason: disconnected)"),
    ).toEqual([]);
  });

  test("the day goes on after midnight when only clock times are given", () => {
    const records = read(
      "23:59:50 Listening for WhatsApp inbound messages\n00:00:10 [whatsapp] Web connection closed (status 428). Retry 1/12 in 2.2s…",
    );
    const times = records.map(({ wallMs }) => wallMs);
    expect(times.at(-1)! - times[0]!).toBe(20_000);
  });
});

const HEADER: LogRecord = {
  dir: "in",
  kind: "log.header",
  format: "whatsapp-continuity-log",
  version: 1,
  boot: "b1",
  seq: 0,
  at: 1_000,
  startedAt: "2026-11-21T12:00:00.000Z",
  seed: "s",
  plugin: "0.1.0",
  baileys: "7.0.0-rc14",
};
const input = (seq: number, at: number, rest: object) =>
  ({ boot: "b1", seq, at, account: "work", dir: "in", ...rest }) as LogRecord;
const effect = (seq: number, at: number, rest: object) =>
  ({
    boot: "b1",
    seq,
    at,
    account: "work",
    dir: "out",
    cause: 1,
    rule: "r/r",
    ...rest,
  }) as LogRecord;

const OWN: readonly LogRecord[] = [
  HEADER,
  input(1, 1_000, {
    kind: "controller.started",
    controllerId: 1,
    reason: "gateway-start",
    credentials: "linked",
  }),
  effect(2, 1_000, { kind: "socket.open", socketId: 1, attempt: 1 }),
  input(3, 2_000, { kind: "socket.opened", socketId: 1, self: { pn: null, lid: null } }),
  input(4, 60_000, {
    kind: "socket.closed",
    socketId: 1,
    origin: "remote",
    error: { name: "Error", message: "Connection was lost", statusCode: 408 },
  }),
  effect(5, 62_000, { kind: "socket.open", socketId: 2, attempt: 2 }),
  input(6, 62_100, {
    kind: "socket.closed",
    socketId: 2,
    origin: "remote",
    error: { name: "Error", message: "getaddrinfo ENOTFOUND", errorCode: "ENOTFOUND" },
  }),
  effect(7, 70_000, { kind: "socket.open", socketId: 3, attempt: 3 }),
  input(8, 71_000, { kind: "socket.opened", socketId: 3, self: { pn: null, lid: null } }),
  effect(9, 75_000, {
    kind: "outage.report",
    outageId: 1,
    revision: 0,
    startedAt: 60_000,
    endedAt: 71_000,
    causeId: "transport-silence",
    attempts: 2,
    recoveredOffline: 12,
    recoveredHistory: 2,
    duplicates: 1,
    tooOld: 0,
    unanswered: 0,
    waiting: 0,
  }),
];

describe("our own log", () => {
  test("an outage is told with its causes, attempts and what was recovered", () => {
    const account = only(explainText(OWN.map(serialiseRecord).join("\n")));
    expect(account.outages).toMatchObject([
      {
        startMs: Date.parse("2026-11-21T12:00:59.000Z"),
        durationMs: 11_000,
        attempts: 2,
        by: "whatsapp-continuity",
        cause: { id: "transport-silence" },
        recovered: { offline: 12, history: 2 },
      },
    ]);
    expect(account.outages[0]?.also[0]).toContain("ENOTFOUND");
    const text = narrate(explainText(OWN.map(serialiseRecord).join("\n")), {
      offsetMinutes: 0,
      maxOutages: 10,
    });
    expect(text).toContain("Recovered: 12 messages kept by WhatsApp, 2 messages from the phone.");
    expect(text).toContain("Nothing to do: it reconnects by itself.");
  });

  test("the time in which no process ran is told since its beginning, a kill and a stop apart", () => {
    const [header, started] = OWN;
    const absence = (how: "stopped" | "vanished"): LogRecord =>
      input(2, 1_000, { kind: "absence.restored", how, awayAgeMs: 600_000 });
    const opened = input(3, 2_000, {
      kind: "socket.opened",
      socketId: 1,
      self: { pn: null, lid: null },
    });
    const told = (how: "stopped" | "vanished"): Explanation =>
      explainText([header!, started!, absence(how), opened].map(serialiseRecord).join("\n"));
    expect(only(told("vanished")).outages).toMatchObject([
      { durationMs: 601_000, cause: { id: "gateway-died" } },
    ]);
    expect(only(told("stopped")).outages).toMatchObject([{ cause: { id: "gateway-stopped" } }]);
  });

  test("a kill between two runs of one gateway log is one outage, from the last sign of life on", () => {
    const open = { kind: "socket.opened", socketId: 1, self: { pn: null, lid: null } } as const;
    const [, started] = OWN;
    const report = {
      outageId: 1,
      revision: 0,
      startedAt: 170_000,
      endedAt: 802_000,
      causeId: "gateway-died",
      attempts: 1,
      recoveredOffline: 3,
      recoveredHistory: 0,
      duplicates: 0,
      tooOld: 0,
      unanswered: 0,
    };
    const lines = [
      started!,
      input(3, 2_000, open),
      { ...started!, seq: 4, at: 800_000 },
      input(5, 800_000, { kind: "absence.restored", how: "vanished", awayAgeMs: 630_000 }),
      input(6, 802_000, open),
      effect(7, 802_100, { kind: "outage.report", ...report }),
    ].flatMap((record) => {
      if (record.kind === "log.header") return [];
      const { message, fields } = lineOf(record, describeCause, { baseMs: 0, offsetMinutes: 0 });
      const time = new Date(Date.UTC(2026, 10, 21, 12) + record.at).toISOString();
      const line = { "0": '{"plugin":"whatsapp-continuity"}', "1": fields, "2": message, time };
      return [JSON.stringify(line)];
    });
    expect(lines.join("\n")).toContain(
      "WhatsApp has been away for 10 min 30 s: the gateway's process ended without a stop.",
    );
    expect(only(explainText(lines.join("\n"))).outages).toMatchObject([
      { durationMs: 632_000, cause: { id: "gateway-died" }, recovered: { offline: 3 } },
    ]);
  });

  test("records inside the gateway's log are found, once, also when the event brought them", () => {
    const reader = new AnyLogReader({ label: "g", fallbackMs: FALLBACK_MS, scrub: (t) => t });
    const wrapped = OWN.map((record) =>
      JSON.stringify({
        "0": '{"plugin":"whatsapp-continuity"}',
        "1": { record },
        "2": "record",
        time: "2026-11-21T12:00:00Z",
      }),
    );
    const fromLog = wrapped.flatMap((line) => reader.read(line).records);
    expect(fromLog.map(({ record }) => record.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(reader.accept(OWN.slice(1), FALLBACK_MS)).toEqual([]);
  });

  test("lines that the recorder wrote into the gateway's log give the same records", () => {
    const reader = new AnyLogReader({ label: "g", fallbackMs: FALLBACK_MS, scrub: (t) => t });
    const lines = OWN.flatMap((record) => {
      if (record.kind === "log.header") return [];
      const { message, fields } = lineOf(record, describeCause, { baseMs: 0, offsetMinutes: 0 });
      return [
        JSON.stringify({
          "0": '{"plugin":"whatsapp-continuity"}',
          "1": fields,
          "2": message,
          time: "2026-11-21T12:00:00Z",
        }),
      ];
    });
    const records = lines.flatMap((line) => reader.read(line).records.map(({ record }) => record));
    expect(records).toEqual(OWN.slice(1));
  });

  test("a broken line is a hole with its line number, not the end", () => {
    const lines = OWN.map(serialiseRecord);
    const broken = lines.with(4, lines[4]!.slice(0, 40));
    const gaps: StreamGap[] = [];
    expect(read(broken.join("\n"), gaps)).toHaveLength(OWN.length - 1);
    expect(gaps[0]?.sentence).toContain("a.log:5");
  });

  test("a log of a future version is refused with advice", () => {
    const reader = new AnyLogReader({ label: "f", fallbackMs: FALLBACK_MS, scrub: (t) => t });
    const { problem } = reader.read(serialiseRecord(HEADER).replace('"version":1', '"version":99'));
    expect(problem).toMatchObject({ fatal: true });
    expect(problem?.sentence).toContain("Update");
  });
});
