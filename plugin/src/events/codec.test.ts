import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CATALOG, severityOf } from "./catalog.ts";
import {
  LogReader,
  MAX_LINE_CHARACTERS,
  parseLog,
  serialiseLog,
  serialiseRecord,
} from "./codec.ts";
import { anyRecord } from "./any-record.test-support.ts";
import { columnOfPath, findSyntaxProblem } from "./json-position.ts";
import { isLogFormatError, isLogVersionError, LogFormatError } from "./log-error.ts";
import { effectTable, inputTable, type LogRecord, worldTable } from "./record.ts";

const HEADER =
  '{"boot":"run-1","seq":0,"at":0,"dir":"in","kind":"log.header","format":"whatsapp-continuity-log","version":1,' +
  '"startedAt":"2026-09-01T10:00:00.000Z","seed":"7f3a","plugin":"0.1.0","baileys":"7.0.0-rc14"}';
const CLOSED =
  '{"boot":"run-1","seq":4,"at":95210,"account":"work","dir":"in","kind":"socket.closed","socketId":1,"origin":"remote",' +
  '"error":{"name":"Error","message":"Connection was lost","statusCode":408}}';
const STARTED =
  '{"boot":"run-1","seq":5,"at":95210,"account":"work","dir":"out","kind":"timer.start","timerId":3,"timer":"reconnect",' +
  '"delayMs":2143,"cause":4,"rule":"close/transient"}';

/** What reading these lines fails with, or null. */
function failureOf(text: string): unknown {
  try {
    parseLog(text);
    return null;
  } catch (error) {
    return error;
  }
}

function problemOf(...lines: string[]): LogFormatError {
  const failure = failureOf(`${lines.join("\n")}\n`);
  if (isLogFormatError(failure)) return failure;
  throw new Error("expected a LogFormatError", { cause: failure });
}

describe("codec", () => {
  it("reads what it wrote, for records of every kind", () => {
    fc.assert(
      fc.property(anyRecord(), (record) => {
        const line = serialiseRecord(record);
        const again = new LogReader({ startAnywhere: true }).read(line);
        expect(again).toEqual(JSON.parse(JSON.stringify(record)));
        expect(serialiseRecord(again)).toBe(line);
      }),
      { numRuns: 3_000 },
    );
  });

  it("writes one text for one record, whatever order its fields were in", () => {
    fc.assert(
      fc.property(anyRecord(), (record) => {
        expect(serialiseRecord(reversed(record) as LogRecord)).toBe(serialiseRecord(record));
      }),
    );
  });

  it("writes the fields in the documented order", () => {
    const log = parseLog(`${HEADER}\n${CLOSED}\n${STARTED}\n`);
    expect(serialiseLog(log.records)).toBe(`${HEADER}\n${CLOSED}\n${STARTED}\n`);
    expect(log.lines).toEqual([1, 2, 3]);
  });

  it("knows a lane, a severity and a title for every kind", () => {
    const kinds = [
      "log.header",
      ...[inputTable, effectTable, worldTable].flatMap((table) => Object.keys(table)),
    ];
    expect(Object.keys(CATALOG).toSorted()).toEqual(kinds.toSorted());
    fc.assert(
      fc.property(anyRecord(), (record) => {
        expect(["debug", "info", "warning", "error"]).toContain(severityOf(record));
      }),
    );
  });
});

describe("codec errors", () => {
  it.each([
    [
      "a wrong type",
      CLOSED.replace('"statusCode":408', '"statusCode":"408"'),
      "error.statusCode",
      '"statusCode"',
      "an integer >= 0",
    ],
    [
      "an unknown value",
      CLOSED.replace('"remote"', '"elsewhere"'),
      "origin",
      '"origin"',
      "one of remote, local",
    ],
    [
      "an unknown field",
      CLOSED.replace('"origin"', '"orogin"'),
      "orogin",
      '"orogin"',
      "no such field",
    ],
    [
      "an inherited name",
      CLOSED.replace('"origin"', '"__proto__"'),
      "__proto__",
      '"__proto__"',
      "no such field",
    ],
    [
      "a missing field",
      CLOSED.replace('"socketId":1,', ""),
      "socketId",
      "{",
      "an integer >= 0 (missing)",
    ],
    [
      "a missing inner field",
      CLOSED.replace('"name":"Error",', ""),
      "error.name",
      '"error"',
      "a string (missing)",
    ],
    [
      "an unknown kind",
      CLOSED.replace("socket.closed", "socket.eaten"),
      "kind",
      '"kind"',
      'a kind of direction "in"',
    ],
    [
      "a wrong direction",
      CLOSED.replace('"dir":"in"', '"dir":"up"'),
      "dir",
      '"dir"',
      'one of "in", "out", "world"',
    ],
    [
      "a foreign run",
      CLOSED.replace("run-1", "run-2"),
      "boot",
      '"boot"',
      '"run-1" or a header of the new run',
    ],
  ])("names line, column and field of %s", (_name, line, path, columnAt, expected) => {
    const error = problemOf(HEADER, line);
    expect(error.position).toEqual({
      file: null,
      line: 2,
      column: line.indexOf(columnAt) + 1,
      path,
    });
    expect(error.expected).toBe(expected);
    expect(error.message).toMatch(/^line 2:\d+: expected .+\. Restore the file/);
  });

  it("names the column of every kind of broken JSON", () => {
    expect(problemOf(HEADER, CLOSED.slice(0, -1)).position).toMatchObject({
      line: 2,
      column: CLOSED.length,
    });
    expect(problemOf(HEADER, CLOSED.replace('"seq":4', '"seq":04')).position.column).toBe(
      CLOSED.indexOf('"seq":4') + '"seq":0'.length + 1,
    );
    expect(problemOf(HEADER, `${CLOSED} x`).position.column).toBe(CLOSED.length + 2);
    expect(problemOf(HEADER, "[1]").position).toMatchObject({ line: 2, column: 1 });
    expect(problemOf(HEADER, "").position).toMatchObject({ line: 2, column: 1 });
  });

  it("finds a syntax problem exactly when JSON.parse does", () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .tuple(fc.json(), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([json, at, character]) => {
          const index = at % (json.length + 1);
          return json.slice(0, index) + character + json.slice(index + 1);
        }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(findSyntaxProblem(text) !== null).toBe(!isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it("finds the column of a nested field", () => {
    const line = '{"a":1, "b":[{"c": {"d":[0,1]}}]}';
    expect(columnOfPath(line, "b[0].c.d[1]")).toBe(line.indexOf("1]}}") + 1);
    expect(columnOfPath(line, "b[0].missing")).toBe(line.indexOf('{"c"') + 1);
  });

  it("refuses a log without header, out of order, or pointing forward", () => {
    expect(problemOf(CLOSED).expected).toContain("log.header");
    expect(problemOf(HEADER, CLOSED, CLOSED).position).toMatchObject({ line: 3, path: "seq" });
    expect(problemOf(HEADER, CLOSED, STARTED.replace('"cause":4', '"cause":5')).position.path).toBe(
      "cause",
    );
    expect(problemOf(HEADER, CLOSED, STARTED.replace('"at":95210', '"at":95209')).expected).toBe(
      "a time not before 95210",
    );
    expect(() => parseLog("")).toThrow("the file is empty");
  });

  it("accepts a repeated header and a new run", () => {
    const second = HEADER.replaceAll("run-1", "run-2");
    const log = parseLog(
      [
        HEADER,
        CLOSED,
        HEADER.replace('"at":0', '"at":600000'),
        STARTED,
        second,
        CLOSED.replace("run-1", "run-2"),
      ].join("\n"),
    );
    expect(log.records).toHaveLength(6);
  });

  it("bounds a line", () => {
    expect(problemOf(HEADER, `{"x":"${"x".repeat(MAX_LINE_CHARACTERS)}"}`).position.column).toBe(
      MAX_LINE_CHARACTERS + 1,
    );
  });

  it("leaves out a line that a crash cut off, only where that is allowed", () => {
    const torn = `${HEADER}\n${CLOSED}\n${STARTED.slice(0, 40)}`;
    expect(parseLog(torn, { allowTornTail: true })).toMatchObject({
      tornTail: true,
      lines: [1, 2],
    });
    expect(() => parseLog(torn)).toThrow(/line 3:/);
    expect(() => parseLog(`${torn}\n`, { allowTornTail: true })).toThrow(/line 3:/);
  });

  it("refuses a future version with advice, before looking at anything else in it", () => {
    const future = HEADER.replace('"version":1', '"version":2,"novelty":{}');
    const error = failureOf(future);
    expect(isLogVersionError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "WA_ERR_LOG_VERSION",
      version: 2,
      supported: 1,
      position: { line: 1, path: "version" },
    });
    expect(String(error)).toMatch(/future version.*Update openclaw-whatsapp-continuity/);
  });

  it("never fails in another way, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), mutated(`${HEADER}\n${CLOSED}\n${STARTED}\n`)),
        (text) => {
          const failure = failureOf(text);
          expect(failure === null || isLogFormatError(failure) || isLogVersionError(failure)).toBe(
            true,
          );
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

function mutated(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(4))
    .map(([at, insert, drop]) => text.slice(0, at) + insert + text.slice(at + drop));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
