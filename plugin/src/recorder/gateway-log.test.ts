import { redactSensitiveFieldValue } from "openclaw/plugin-sdk/logging-core";
import { describe, expect, test } from "vitest";
import {
  closedByDns,
  opened,
  recorderRig,
  type RecorderRig,
  status,
  type WrittenLine,
} from "./recorder.test-support.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const messages = (lines: readonly WrittenLine[]): string[] => lines.map((line) => line.message);

/** What a controller records while nothing happens: pings, samples, session keepalives, and messages that come and go. */
function quietly(rig: RecorderRig, durationMs: number): void {
  const endMs = rig.clock.monotonicMs() + durationMs;
  let round = 0;
  while (rig.clock.monotonicMs() < endMs) {
    round += 1;
    rig.effect({ kind: "ping.send", socketId: 1, pingId: round, probe: "transport" });
    rig.input({ kind: "ping.answered", socketId: 1, pingId: round, rttMs: 40 });
    rig.input({ kind: "liveness.sampled", socketId: 1, frameAgeMs: 90, bufferedBytes: 0 });
    if (round % 8 === 0) {
      rig.effect({ kind: "keepalive.send", socketId: 1, mode: "iq" });
      rig.input({ kind: "keepalive.written", socketId: 1, mode: "iq", written: true });
    }
    if (round % 20 === 0) converse(rig, round);
    rig.clock.advance(30_000);
  }
}

function converse(rig: RecorderRig, round: number): void {
  const messageId = `3EB0${String(round).padStart(18, "0")}`;
  rig.input({
    kind: "message.journalled",
    socketId: 1,
    messageId,
    chat: "user-0a1b2c3d",
    chatKind: "direct",
    via: "live",
    ageMs: 20,
    fromMe: false,
    mentioned: false,
    duplicate: false,
  });
  rig.input({ kind: "message.settled", messageId, state: "answered", reason: "turn" });
  rig.input({ kind: "send.written", sendId: `S${round}`, socketId: 1 });
  rig.input({ kind: "send.acked", sendId: `S${round}`, socketId: 1 });
}

function start(rig: RecorderRig): void {
  rig.input({
    kind: "controller.started",
    controllerId: 1,
    reason: "gateway-start",
    credentials: "linked",
  });
  rig.effect(status("starting"));
  rig.input({ kind: "owner.resolved", result: "acquired" });
  rig.input(opened(1));
  rig.effect(status("ready"));
}

test("a quiet account-day with messages takes at most 50 lines", () => {
  const rig = recorderRig();
  start(rig);
  quietly(rig, DAY_MS);
  rig.recorder.close();
  expect(rig.recorder.status().lastSeq).toBeGreaterThan(9_000);
  expect(rig.lines.length).toBeGreaterThan(3);
  expect(rig.lines.length).toBeLessThanOrEqual(50);
  expect(messages(rig.lines)).toContain("WhatsApp is connected.");
});

test("a day with a drop every 17 minutes takes at most 200 lines, and says how often it happened", () => {
  const rig = recorderRig();
  start(rig);
  for (let socketId = 2; rig.clock.monotonicMs() < DAY_MS; socketId += 1) {
    quietly(rig, 17 * MINUTE_MS);
    rig.input({
      kind: "socket.closed",
      socketId: socketId - 1,
      origin: "remote",
      error: { name: "Boom", message: "Connection was lost", statusCode: 408 },
    });
    rig.effect(status("recovering", "keepalive-lost", 1));
    rig.clock.advance(2_000);
    rig.input(opened(socketId));
    rig.effect(status("ready"));
  }
  rig.recorder.close();
  expect(rig.lines.length).toBeLessThanOrEqual(200);
  expect(rig.lines.filter((line) => line.meta["repeats"] !== undefined).length).toBeGreaterThan(20);
});

test("an outage of 24 hours takes at most 200 lines, none of them an error", () => {
  const rig = recorderRig();
  start(rig);
  quietly(rig, HOUR_MS);
  rig.lines.length = 0;
  for (let attempt = 1; rig.clock.monotonicMs() < 25 * HOUR_MS; attempt += 1) {
    rig.input(closedByDns(attempt));
    rig.effect(status("recovering", attempt % 7 === 0 ? "tcp-refused" : "dns-not-found", attempt));
    rig.input({ kind: "network.probed", result: "unreachable", error: null });
    rig.clock.advance(30_000);
    rig.effect(status("recovering", "dns-not-found", attempt));
    rig.clock.advance(30_000);
  }
  rig.recorder.close();
  expect(rig.lines.length).toBeGreaterThan(24);
  expect(rig.lines.length).toBeLessThanOrEqual(200);
  expect(rig.lines.filter((line) => line.level === "error")).toEqual([]);
  expect(rig.lines[0]).toMatchObject({
    level: "warn",
    message: "Socket 1 closed: getaddrinfo ENOTFOUND web.whatsapp.com (status 408, ENOTFOUND).",
    meta: { event: "socket.closed", account: "default", statusCode: 408, errorCode: "ENOTFOUND" },
  });
  const closes = rig.lines.filter((line) => line.meta["event"] === "socket.closed");
  const counted = closes.reduce((sum, line) => sum + Number(line.meta["repeats"] ?? 1), 0);
  expect(counted).toBe(24 * 60);
});

test("a storm of different lines ends at the limit of the day, which says so", () => {
  const rig = recorderRig();
  for (let index = 0; index < 2_000; index += 1) {
    rig.input({
      kind: "fault.raised",
      origin: "listener",
      socketId: null,
      error: { name: `Error${String.fromCodePoint(97 + (index % 26))}${index}`, message: "x" },
    });
    rig.clock.advance(1_000);
  }
  expect(rig.lines.length).toBeLessThanOrEqual(200);
  expect(rig.lines.at(-1)?.message).toMatch(/^This was line 178 about this account within a day/);
  rig.clock.advance(DAY_MS);
  rig.input({ kind: "operator.acted", act: "restart" });
  expect(messages(rig.lines)).toContainEqual(
    expect.stringMatching(/^1\d\d\d lines about this account were left out within the last day\.$/),
  );
  expect(messages(rig.lines)).toContain("An operator ordered: restart.");
});

test("a terminal cause is one error with sentence and action, however often it is published", () => {
  const rig = recorderRig();
  rig.input({ kind: "credentials.changed", state: "corrupt" });
  for (let round = 0; round < 30; round += 1) {
    rig.effect(status("blocked", "logged-out"));
    rig.clock.advance(MINUTE_MS);
    if (round % 5 === 0) rig.effect(status("starting"));
  }
  const errors = rig.lines.filter((line) => line.level === "error");
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toMatch(/^WhatsApp needs you\. .*\. .*openclaw channels login/);

  rig.effect(status("ready"));
  rig.clock.advance(3 * HOUR_MS);
  rig.effect(status("blocked", "logged-out"));
  expect(rig.lines.filter((line) => line.level === "error")).toHaveLength(2);
});

describe("repeats", () => {
  test("are written four times, then counted and summed up once an hour", () => {
    const rig = recorderRig();
    for (let index = 0; index < 30; index += 1) {
      rig.input({ kind: "loop.stalled", stallMs: 3_000 });
      rig.clock.advance(MINUTE_MS);
    }
    expect(rig.lines).toHaveLength(4);
    rig.clock.advance(HOUR_MS);
    expect(rig.lines).toHaveLength(5);
    expect(rig.lines[4]).toMatchObject({
      level: "warn",
      message: "The gateway's event loop stood still for 3.0 s. (26 more times within 60 min)",
      meta: { event: "loop.stalled", repeats: 26 },
    });
    rig.clock.advance(3 * HOUR_MS);
    rig.input({ kind: "loop.stalled", stallMs: 3_000 });
    expect(rig.lines).toHaveLength(6);
  });

  test("of one account do not silence another", () => {
    const rig = recorderRig();
    for (let index = 0; index < 10; index += 1)
      rig.input({ kind: "loop.stalled", stallMs: 1 }, "a");
    rig.input({ kind: "loop.stalled", stallMs: 1 }, "b");
    expect(rig.lines.map((line) => line.meta["account"])).toEqual(["a", "a", "a", "a", "b"]);
  });

  test("that wait are written at the end", () => {
    const rig = recorderRig();
    for (let index = 0; index < 6; index += 1) rig.input({ kind: "loop.stalled", stallMs: 2_000 });
    rig.recorder.close();
    expect(rig.lines.at(-1)?.meta["repeats"]).toBe(2);
  });
});

describe("the settings", () => {
  test("log.records: lifecycle leaves routine out, all writes it, off writes nothing", () => {
    const rig = recorderRig();
    const speak = (): number => {
      const before = rig.lines.length;
      rig.input({ kind: "ping.answered", socketId: 1, pingId: 1, rttMs: 40 });
      rig.input(opened(1));
      return rig.lines.length - before;
    };
    expect(speak()).toBe(1);
    rig.recorder.configure("default", { records: "all", identities: "pseudonyms" });
    expect(speak()).toBe(2);
    expect(rig.lines.at(-2)).toMatchObject({
      level: "info",
      message: "ping answered (ping.answered)",
    });
    rig.recorder.configure("default", { records: "off", identities: "pseudonyms" });
    expect(speak()).toBe(0);
    expect(rig.recorder.read({ limit: 100 }).records).toHaveLength(6);
  });

  test("log.records: all is bounded per minute and says what was left out", () => {
    const rig = recorderRig();
    rig.recorder.configure("default", { records: "all", identities: "pseudonyms" });
    for (let index = 0; index < 2_000; index += 1) {
      rig.input({ kind: "ping.answered", socketId: 1, pingId: index, rttMs: 40 });
    }
    expect(rig.lines).toHaveLength(1_200);
    rig.clock.advance(MINUTE_MS);
    rig.input(opened(1));
    expect(messages(rig.lines.slice(-2))).toEqual([
      "800 records were not written within a minute; the spool file has them all.",
      "WhatsApp is logged in on socket 1.",
    ]);
  });

  test("log.identities: pseudonyms tell people apart, none does not", () => {
    const rig = recorderRig();
    const say = (): string => {
      rig.input({ kind: "gap.suspected", chat: "user-0a1b2c3d", evidence: "quote-unknown" });
      return JSON.stringify([
        rig.lines.at(-1),
        rig.recorder.read({ limit: 1 }).records,
        rig.batches.at(-1),
      ]);
    };
    rig.recorder.configure("default", { records: "all", identities: "pseudonyms" });
    say();
    rig.clock.advance(1_000);
    expect(say().match(/user-0a1b2c3d/g)?.length).toBeGreaterThanOrEqual(3);
    rig.recorder.configure("default", { records: "all", identities: "none" });
    say();
    rig.clock.advance(1_000);
    rig.batches.length = 0;
    const hidden = say();
    expect(hidden).not.toContain("0a1b2c3d");
    expect(hidden).toContain('"chat":"user"');
  });
});

test("no field of a line is masked by the gateway", () => {
  const rig = recorderRig();
  rig.recorder.configure("default", { records: "all", identities: "pseudonyms" });
  rig.input({
    kind: "socket.closed",
    socketId: 3,
    origin: "remote",
    error: {
      name: "Boom",
      message: "Stream Errored (conflict)",
      statusCode: 440,
      closeCode: 1006,
      httpStatus: 503,
      errorCode: "ECONNRESET",
      tag: "conflict",
      attrs: { code: "503", type: "replaced" },
    },
  });
  rig.effect(status("recovering", "dns-not-found"));
  rig.input({ kind: "policy.changed", policy: '{"backfill":{"windowMs":7200000}}' });
  for (const { meta, message } of rig.lines) {
    expect(redactSensitiveFieldValue("message", message)).toBe(message);
    for (const [name, value] of Object.entries(meta)) {
      expect(redactSensitiveFieldValue(name, String(value)), name).toBe(String(value));
    }
  }
  expect(rig.lines[0]?.meta).toMatchObject({
    statusCode: 440,
    closeCode: 1006,
    httpStatus: 503,
    stanzaAttributes: "code 503, type replaced",
  });
  expect(rig.lines[2]?.meta["policy"]).toBe('{"backfill":{"windowMs":7200000}}');
});
