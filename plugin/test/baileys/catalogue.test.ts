/**
 * Goal: every way a connection can fail to start or end leads to its own cause.
 * Method: the rows of the reproduced disconnect table, with the error that unmodified Baileys gives, through `rawErrorOf` and `classify`;
 * what the library does not report or this machine cannot bring about is built as Node builds it.
 */
import { getCodeFromWSError } from "@whiskeysockets/baileys";
import {
  BEFORE_OPEN,
  type DisconnectRow,
  reproduce,
  WHILE_OPEN,
} from "fixtures/whatsapp-server/disconnect-table";
import { describe, expect, it } from "vitest";
import { rawErrorOf, UpgradeRefused } from "../../src/baileys/raw-error.ts";
import { CAUSES, type CauseId, classify, extractFacts } from "../../src/core/index.ts";

const CAUSE_OF_ROW: Readonly<Record<string, CauseId>> = {
  "replaced by another login": "stream-replaced",
  "a real second login of the same device": "stream-replaced",
  "device removed": "device-removed",
  "restart required": "restart-required",
  "stream error 503": "stream-unavailable",
  "stream error 500": "stream-internal",
  "stream error 516": "stream-logged-out",
  "stream error <xml-not-well-formed>": "stream-malformed",
  "stream error <ack>": "stream-unacked",
  "stream end": "stream-ended",
  "close frame 1000": "closed-by-server",
  "close frame 1011": "closed-by-server",
  "TCP fin": "closed-by-server",
  "TCP reset": "closed-by-server",
  downgrade: "not-multi-device",
  "mute: alive on WebSocket level, no stanza any more": "transport-silence",
  // Ends of our own are known to the core before they are reported; read alone they say nothing.
  "the client ends without an error": "unknown",
  "the client ends with an error of its own": "unknown",
  "the client logs out": "not-linked",
  "the client closes its WebSocket": "closed-by-server",
  "failure 401": "login-rejected",
  "failure 402": "temporary-ban",
  "failure 402 with the end of the ban": "temporary-ban",
  "failure 403": "account-locked",
  "failure 405": "client-outdated",
  "failure 406": "account-banned",
  "failure 409": "bad-user-agent",
  "failure 411": "not-multi-device",
  "failure 413": "token-expired",
  "failure 415": "login-unsupported",
  "failure 418": "login-unsupported",
  "failure 419": "login-unsupported",
  "failure 440": "stream-replaced",
  "failure 500": "login-internal",
  "failure 501": "login-experimental",
  "failure 503": "login-unavailable",
  "failure without a reason": "login-internal",
  "close after login, before <success>": "closed-by-server",
  "fin after login, before <success>": "closed-by-server",
  "reset after login, before <success>": "closed-by-server",
  "login accepted, never any frame": "transport-silence",
  "hello never answered": "noise-timeout",
  "close after the hello": "closed-by-server",
  "reset after the hello": "closed-by-server",
  "hello answered with garbage": "noise-garbage",
  "certificate of another issuer": "noise-certificate",
  "HTTP: accepted, no answer": "handshake-timeout",
  "HTTP: answer is not HTTP": "not-http",
  "HTTP: closed during the upgrade": "tcp-hangup",
  "TCP: accepted, then black hole": "handshake-timeout",
  "TCP: accepted, then closed": "tcp-hangup",
  "TCP: accepted, then reset": "tcp-reset",
  "TCP: not HTTP": "not-http",
  "TCP: refused": "tcp-refused",
  "TLS: unknown authority": "tls-untrusted",
  "TLS: wrong host name": "tls-wrong-host",
  "TLS: expired": "tls-expired",
  "TLS to a port without it": "tls-protocol",
  "DNS: ENOTFOUND": "dns-not-found",
  "DNS: EAI_AGAIN": "dns-temporary",
};

const causeOf = (thrown: unknown, pairing = false): CauseId =>
  classify(extractFacts(thrown === undefined ? null : rawErrorOf(thrown)), { pairing });

describe("the disconnect table, as unmodified Baileys reports it", () => {
  const rows = [
    ...WHILE_OPEN.map((row) => ({ ...row, when: "open" as const })),
    ...BEFORE_OPEN.map((row) => ({ ...row, when: "before" as const })),
  ];

  it("has a cause for each row and no row twice", () => {
    expect(rows.map((row) => row.name).toSorted()).toEqual(Object.keys(CAUSE_OF_ROW).toSorted());
  });

  it.concurrent.each(rows)(
    "$when: $name",
    async (row: DisconnectRow & { when: "before" | "open" }) => {
      const { error } = await reproduce(row, row.when);
      expect(causeOf(error)).toBe(CAUSE_OF_ROW[row.name]);
    },
  );
});

describe("HTTP answers at the upgrade, which the library keeps to itself", () => {
  it.each<[number, CauseId]>([
    [200, "http-unexpected"],
    [301, "http-unexpected"],
    [400, "http-unexpected"],
    [401, "http-forbidden"],
    [403, "http-forbidden"],
    [404, "http-unexpected"],
    [407, "proxy-auth"],
    [429, "http-rate-limited"],
    [500, "http-error"],
    [502, "http-unavailable"],
    [503, "http-unavailable"],
    [504, "http-unavailable"],
    [520, "http-error"],
  ])("HTTP %i", (status, cause) => {
    expect(causeOf(new UpgradeRefused(status))).toBe(cause);
  });
});

describe("answers of a proxy to CONNECT", () => {
  it.each<[number, CauseId]>([
    [403, "proxy-refused"],
    [407, "proxy-auth"],
    [429, "proxy-refused"],
    [502, "proxy-refused"],
    [503, "proxy-refused"],
  ])("%i", (statusCode, cause) => {
    expect(causeOf(webSocketError({ code: "ERR_PROXY_TUNNEL", statusCode }))).toBe(cause);
  });
});

/** The fields of a Boom that are read; Baileys makes one of every error it hands on. */
function boom(message: string, statusCode: number, data: unknown = null): Error {
  return Object.assign(new Error(message), { output: { statusCode }, data });
}

/** What Baileys makes of an error of its WebSocket. */
function webSocketError(fields: Record<string, unknown>, message = String(fields["code"])): Error {
  const data = Object.assign(new Error(message), fields);
  return boom(`WebSocket Error (${message})`, getCodeFromWSError(data), data);
}

describe("errors of Node below the WebSocket", () => {
  it.each<[string, CauseId]>([
    ["ENOTFOUND", "dns-not-found"],
    ["ENODATA", "dns-not-found"],
    ["EAI_AGAIN", "dns-temporary"],
    ["EAI_FAIL", "dns-temporary"],
    ["EAI_NODATA", "dns-temporary"],
    ["EAI_NONAME", "dns-not-found"],
    ["ESERVFAIL", "dns-temporary"],
    ["EREFUSED", "dns-temporary"],
    ["ETIMEOUT", "dns-temporary"],
    ["ECONNREFUSED", "tcp-refused"],
    ["ECONNRESET", "tcp-reset"],
    ["ECONNABORTED", "tcp-broken"],
    ["EPIPE", "tcp-broken"],
    ["ETIMEDOUT", "tcp-timeout"],
    ["ENETUNREACH", "tcp-unreachable"],
    ["EHOSTUNREACH", "tcp-unreachable"],
    ["EHOSTDOWN", "tcp-unreachable"],
    ["ENETDOWN", "tcp-unreachable"],
    ["EADDRNOTAVAIL", "tcp-unreachable"],
    ["CERT_HAS_EXPIRED", "tls-expired"],
    ["CERT_NOT_YET_VALID", "tls-expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls-wrong-host"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls-untrusted"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "tls-untrusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls-untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "tls-untrusted"],
    ["EPROTO", "tls-protocol"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-protocol"],
    ["HPE_INVALID_CONSTANT", "not-http"],
    ["EMFILE", "unknown"],
  ])("%s", (code, cause) => {
    expect(causeOf(webSocketError({ code }))).toBe(cause);
  });

  it("a failure at every address (AggregateError) is that of the first", () => {
    const errors = ["ETIMEDOUT", "ENETUNREACH"].map((code) =>
      Object.assign(new Error(`connect ${code} 2001:db8::1:443`), { code }),
    );
    const bare = new AggregateError(errors);
    expect(causeOf(boom("WebSocket Error ()", 500, bare))).toBe("tcp-timeout");
    const named = Object.assign(new AggregateError(errors), { code: "ETIMEDOUT" });
    expect(causeOf(boom("WebSocket Error ()", 408, named))).toBe("tcp-timeout");
    expect(causeOf(bare)).toBe("tcp-timeout");
  });
});

it.each<[string, CauseId]>([
  ["WebSocket Error (getaddrinfo EAI_AGAIN web.whatsapp.com)", "dns-temporary"],
  ["WebSocket Error (Unexpected server response: 503)", "http-unavailable"],
  ["WebSocket Error ()", "tcp-unreachable"],
  ["Connection was lost", "transport-silence"],
])("a published log that kept only the text: %s", (message, cause) => {
  expect(causeOf(boom(message, 408))).toBe(cause);
});

describe("what has no code at all", () => {
  it.each<[string, unknown, CauseId]>([
    ["nothing", undefined, "unknown"],
    ["an error without a code", new Error("watchdog"), "unknown"],
    ["a text", "gone", "unknown"],
    ["null", null, "unknown"],
    ["the close code alone", 1006, "closed-by-server"],
    [
      "RangeError of an unreadable hello",
      new RangeError("index out of range: 73 + 8 > 80"),
      "noise-garbage",
    ],
    ["TypeError of our own", new TypeError("x is not a function"), "unknown"],
  ])("%s", (_name, thrown, cause) => {
    expect(causeOf(thrown)).toBe(cause);
    // Whatever is not known is never taken for final.
    expect(CAUSES[cause].class).not.toBe("permanent");
  });

  it("references that ran out are an expired QR code only while linking", () => {
    const ended = boom("QR refs attempts ended", 408);
    expect(causeOf(ended, true)).toBe("qr-expired");
    expect(causeOf(ended, false)).toBe("not-linked");
  });
});
