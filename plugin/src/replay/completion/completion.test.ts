import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLogFormatError, type LogRecord, parseLog, serialiseLog } from "../../events/index.ts";
import { Agenda } from "./agenda.ts";
import { completeReport } from "./complete.ts";
import { parseReport } from "./report.ts";
import { formatIsoTime, parseClockTime, parseIsoTime } from "./wall-time.ts";

const SELF = { pn: "user-1", lid: "user-2" };
const START = {
  at: "10:00:01",
  account: "default",
  fact: "start",
  reason: "gateway-start",
  credentials: "linked",
};

function report(facts: readonly object[], change: object = {}): string {
  return JSON.stringify({
    title: "a story",
    report: "somewhere#1",
    startedAt: "2026-01-01T10:00:00.000Z",
    endsAt: "10:05:00",
    boot: "gateway-1",
    seed: "story",
    plugin: "0.1.0",
    baileys: "7.0.0-rc14",
    accounts: [{ account: "default", self: SELF }],
    facts,
    ...change,
  });
}

function complete(facts: readonly object[], change: object = {}): readonly LogRecord[] {
  return completeReport(parseReport(report(facts, change), "story.report.json"));
}

/** The inputs of a completed story, as `kind` or `kind:detail`. */
function kindsOf(records: readonly LogRecord[]): readonly string[] {
  return records.filter((record) => record.dir === "in").map(({ kind }) => kind);
}

const CLOSED = {
  at: "10:02:00",
  account: "default",
  fact: "closed",
  error: { name: "Error", message: "Connection Terminated", statusCode: 428 },
  source: "10:02:00 closed (status 428) for +1 555 010 0199",
  reported: { by: "official-plugin", decision: "retry", text: "Retry 1/12" },
};

describe("completion", () => {
  it("invents what must lie between the published facts, and marks it", () => {
    const records = complete([START, CLOSED]);
    const inputs = records.filter((record) => record.dir === "in" && record.kind !== "log.header");
    const published = inputs.filter((record) => "source" in record && record.source !== undefined);
    expect(published.map(({ kind }) => kind)).toEqual(["socket.closed"]);
    expect(
      inputs
        .filter((record) => !published.includes(record) && !("assumed" in record))
        .map(({ kind }) => kind),
    ).toEqual(["controller.started"]);
    expect(kindsOf(records).slice(0, 5)).toEqual([
      "log.header",
      "controller.started",
      "owner.resolved",
      "socket.upgraded",
      "socket.opened",
    ]);
    // After the close it connects again by itself.
    expect(kindsOf(records).filter((kind) => kind === "socket.opened")).toHaveLength(2);
    expect(
      records.filter((record) => record.dir === "world").every((record) => record.derived),
    ).toBe(true);
    expect(records.at(-1)).toMatchObject({ kind: "world.ended" });
  });

  it("keeps what the software of the time decided, with what caused it", () => {
    const records = complete([START, CLOSED]);
    const closed = records.find(({ kind }) => kind === "socket.closed");
    const decided = records.find(({ kind }) => kind === "reported.decide");
    expect(decided).toMatchObject({
      dir: "out",
      cause: closed?.seq,
      text: "Retry 1/12",
      rule: "reported/official-plugin",
    });
  });

  it("scrubs what it quotes", () => {
    const closed = complete([START, CLOSED]).find(({ kind }) => kind === "socket.closed");
    expect(closed).toMatchObject({ source: "10:02:00 closed (status 428) for user-1" });
  });

  it("is a log that can be read, and the same every time", () => {
    const text = serialiseLog(complete([START, CLOSED]));
    expect(serialiseLog(parseLog(text).records)).toBe(text);
    expect(serialiseLog(complete([START, CLOSED]))).toBe(text);
  });

  it("lets a published time win over its own delays", () => {
    const opened = {
      at: "10:00:30",
      account: "default",
      fact: "opened",
      source: "10:00:30 Listening",
    };
    const records = complete([START, opened]);
    const openings = records.filter(({ kind }) => kind === "socket.opened");
    expect(openings).toMatchObject([{ at: 30_000, source: "10:00:30 Listening" }]);
    expect(openings[0]).not.toHaveProperty("assumed");
  });

  it("keeps a published fact that can no longer happen as what happened then", () => {
    const conflict = {
      name: "Error",
      message: "Stream Errored (conflict)",
      statusCode: 440,
      tag: "conflict",
      attrs: { type: "replaced" },
    };
    const records = complete([
      START,
      { ...CLOSED, error: conflict, source: "10:02:00 closed (status 440)" },
      { at: "10:02:06", account: "default", fact: "opened", source: "10:02:06 Listening" },
      { ...CLOSED, at: "10:02:12", error: conflict, source: "10:02:12 closed (status 440)" },
    ]);
    expect(kindsOf(records).filter((kind) => kind === "socket.closed")).toHaveLength(1);
    const then = records.filter(({ kind }) => kind === "reported.decide");
    expect(then).toMatchObject([
      { at: 120_000 },
      { at: 126_000, text: "10:02:06 Listening" },
      { at: 132_000, text: "Retry 1/12", source: "10:02:12 closed (status 440)" },
    ]);
  });

  it("delivers what was written while the account was away, in order and each once", () => {
    const records = complete([
      START,
      CLOSED,
      {
        at: "10:02:00",
        account: "default",
        fact: "network",
        state: "failing",
        stage: "dns",
        fault: "enotfound",
        error: { name: "Error", message: "getaddrinfo ENOTFOUND" },
        afterMs: 5,
      },
      {
        at: "10:02:10",
        account: "default",
        fact: "message",
        messageId: "3EB0{n}",
        chat: "user-3",
        chatKind: "direct",
        repeat: { everyMs: [1_000], times: 129 },
      },
      { at: "10:04:30", account: "default", fact: "network", state: "up" },
    ]);
    const journalled = records.flatMap((record) =>
      record.kind === "message.journalled" ? [record] : [],
    );
    expect(journalled.map(({ messageId }) => messageId)).toEqual(
      Array.from({ length: 130 }, (_m, index) => `3EB0${index + 1}`),
    );
    expect(journalled.every(({ via, duplicate }) => via === "offline" && !duplicate)).toBe(true);
    expect(journalled[0]?.ageMs).toBeGreaterThan(139_000);
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "drain.previewed", announced: 130 }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "drain.ended", delivered: 130 }),
    );
  });

  it("keeps the server's mailbox over a restart of the process", () => {
    const records = complete([
      START,
      { at: "10:02:00", account: "default", fact: "stop", reason: "shutdown" },
      {
        at: "10:02:05",
        account: "default",
        fact: "message",
        messageId: "3EB01",
        chat: "user-3",
        chatKind: "direct",
      },
      { at: "10:02:10", account: "default", fact: "restart", boot: "gateway-2" },
      { ...START, at: "10:02:11" },
    ]);
    expect(records).toContainEqual(
      expect.objectContaining({
        kind: "log.header",
        boot: "gateway-2",
        at: 0,
        startedAt: "2026-01-01T10:02:10.000Z",
      }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "message.journalled", boot: "gateway-2", via: "offline" }),
    );
  });

  it("cuts an idle session only where the report assumes such a server", () => {
    const closes = (change: object): number =>
      kindsOf(
        complete([START], {
          endsAt: "10:35:00",
          policy: { keepalive: { mode: "off" } },
          ...change,
        }),
      ).filter((kind) => kind === "socket.closed").length;
    expect(closes({ idleCutMs: [600_000] })).toBe(3);
    expect(closes({})).toBe(0);
  });
});

describe("reports", () => {
  function problemOf(content: string): string {
    try {
      parseReport(content, "story.report.json");
    } catch (error) {
      if (isLogFormatError(error)) return error.message;
      throw error;
    }
    throw new Error("nothing was wrong");
  }

  it.each([
    ["no JSON", "{", /story\.report\.json:1: expected JSON/],
    ["no title", report([], { title: 3 }), /expected a string at "title"/],
    [
      "an unknown fact",
      report([{ ...START, fact: "explode" }]),
      /expected one of start, stop, .* at "facts\[0\]\.fact"/,
    ],
    [
      "a fact with a wrong field",
      report([{ ...START, reason: "boredom" }]),
      /at "facts\[0\]\.reason"/,
    ],
    [
      "a fact out of order",
      report([{ ...START, at: "2026-01-01T09:00:00Z" }]),
      /not before the fact above at "facts\[0\]\.at"/,
    ],
    ["no time", report([{ ...START, at: "soon" }]), /a time .* at "facts\[0\]\.at"/],
    [
      "a start without zone",
      report([], { startedAt: "2026-01-01T10:00:00" }),
      /ISO 8601 time with zone at "startedAt"/,
    ],
  ])("are refused with the field when there is %s", (_what, content, message) => {
    expect(problemOf(content)).toMatch(message);
  });

  it("refuse an account or an input kind they did not introduce", () => {
    expect(() => complete([{ ...START, account: "other" }])).toThrow("no account other");
    expect(() =>
      complete([START, { at: "10:02:00", account: "default", fact: "input", kind: "moon.landed" }]),
    ).toThrow("unknown kind moon.landed");
  });
});

describe("wall time", () => {
  it("agrees with the calendar", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1900-01-01"), max: new Date("2399-12-31"), noInvalidDate: true }),
        (date) => {
          expect(parseIsoTime(date.toISOString())).toBe(date.getTime());
          expect(formatIsoTime(date.getTime())).toBe(date.toISOString());
        },
      ),
    );
  });

  it("reads zones and short forms", () => {
    expect(parseIsoTime("2026-05-02T01:13:57.689-03:00")).toBe(
      Date.parse("2026-05-02T04:13:57.689Z"),
    );
    expect(parseIsoTime("2026-04-12T11:47+02:00")).toBe(Date.parse("2026-04-12T09:47:00Z"));
    expect(parseIsoTime("2026-04-12 11:47")).toBeNull();
  });

  it("takes a smaller time of day for the next day", () => {
    const evening = Date.parse("2026-01-01T23:50:00Z");
    expect(parseClockTime("23:59:30.5", evening)).toBe(Date.parse("2026-01-01T23:59:30.500Z"));
    expect(parseClockTime("00:10", evening)).toBe(Date.parse("2026-01-02T00:10:00Z"));
    expect(parseClockTime("noon", evening)).toBeNull();
  });
});

describe("agenda", () => {
  it("keeps the order of time and, within a millisecond, of planning", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean())), (plans) => {
        const agenda = new Agenda();
        const done: number[] = [];
        for (const [index, [at, cancelled]] of plans.entries()) {
          const order = agenda.plan(at, () => done.push(index));
          if (cancelled) agenda.cancel(order);
        }
        for (let entry = agenda.take(9); entry !== null; entry = agenda.take(9)) entry.run();
        const kept = plans
          .map(([at, cancelled], index) => ({ at, cancelled, index }))
          .filter(({ cancelled }) => !cancelled);
        expect(done).toEqual(
          kept.toSorted((a, b) => a.at - b.at || a.index - b.index).map(({ index }) => index),
        );
      }),
    );
  });
});
