/** Goal: what Baileys hands over becomes ours without loss, and what we write becomes Baileys'. Real library, no network. */
import { createRequire } from "node:module";
import { DEFAULT_CONNECTION_CONFIG, proto, type WAMessage } from "@whiskeysockets/baileys";
import { describe, expect, it } from "vitest";
import { rawError } from "../events/raw-error.ts";
import { type Intake, intakeOf } from "./incoming-message.ts";
import { loadBaileys } from "./library.ts";
import { parseMessage, serialiseMessage } from "./message-serialiser.ts";
import { planOutgoing } from "./outgoing.ts";
import { environmentProxy } from "./proxy.ts";
import { rawErrorOf, UpgradeRefused } from "./raw-error.ts";
import { socketUrlFrom } from "./socket-url.ts";
import { BUNDLED_VERSION } from "./version-source.ts";

const baileys = await loadBaileys();
/** The class that the library throws, from beside the library. */
const { Boom } = createRequire(createRequire(import.meta.url).resolve("@whiskeysockets/baileys"))(
  "@hapi/boom",
) as { readonly Boom: new (message: string, options: object) => Error };
const NOW = Date.UTC(2026, 0, 1);
const SELF = { pn: "15550100001@s.whatsapp.net", lid: "100000000000001@lid" };

function intake(message: Partial<WAMessage>): Intake {
  const key = { id: "A1", remoteJid: "100000000000002@lid", fromMe: false, ...message.key };
  return intakeOf(
    baileys,
    { ...message, key },
    { socketId: 1, via: "live", self: SELF, nowMs: NOW },
  );
}

function read(message: Partial<WAMessage>) {
  const result = intake(message);
  if (result.type !== "message") throw new Error(`no message: ${result.type}`);
  return result.message;
}

describe("errors", () => {
  it.each([
    [
      "Boom",
      new Boom("Connection was lost", { statusCode: 408 }),
      { statusCode: 408, message: "Connection was lost" },
    ],
    [
      "stream error",
      new Boom("Stream Errored (conflict)", {
        statusCode: 440,
        data: { tag: "conflict", attrs: { type: "replaced" } },
      }),
      { statusCode: 440, tag: "conflict", attrs: { type: "replaced" } },
    ],
    [
      "login failure",
      new Boom("Connection Failure", { statusCode: 402, data: { reason: "402", expire: "60" } }),
      { statusCode: 402, tag: "failure", attrs: { reason: "402", expire: "60" } },
    ],
    [
      "WebSocket error",
      new Boom("WebSocket Error (getaddrinfo ENOTFOUND x)", {
        statusCode: 408,
        data: Object.assign(new Error("getaddrinfo ENOTFOUND x"), {
          code: "ENOTFOUND",
          syscall: "getaddrinfo",
        }),
      }),
      { errorCode: "ENOTFOUND", syscall: "getaddrinfo" },
    ],
    ["upgrade", new UpgradeRefused(503), { name: "UpgradeRefused", httpStatus: 503 }],
    ["close code", 1006, { closeCode: 1006 }],
    ["range error", new RangeError("index out of range: 73 + 8 > 80"), { name: "RangeError" }],
    ["text", "boom", { message: "boom" }],
    ["nothing", undefined, { name: "Unknown", message: "undefined" }],
    [
      "aggregate",
      Object.assign(
        new AggregateError(
          [Object.assign(new Error("a"), { code: "ECONNREFUSED" }), new Error("b")],
          "all",
        ),
        { code: "ECONNREFUSED" },
      ),
      { errorCode: "ECONNREFUSED", errors: [{ errorCode: "ECONNREFUSED" }, { message: "b" }] },
    ],
  ])("%s", (_name, thrown, facts) => {
    const raw = rawErrorOf(thrown);
    expect(raw).toMatchObject(facts);
    expect(rawError.check(raw, "")).toBeNull();
  });

  it("an error that contains itself ends", () => {
    const error = new AggregateError([], "self");
    error.errors.push(error, error, error, error, error, error);
    expect(rawError.check(rawErrorOf(error), "")).toBeNull();
  });
});

describe("messages", () => {
  it.each([
    ["conversation", { conversation: "hi" }, { type: "text", text: "hi" }],
    ["extended text", { extendedTextMessage: { text: "hi" } }, { type: "text", text: "hi" }],
    [
      "ephemeral",
      { ephemeralMessage: { message: { conversation: "hi" } } },
      { type: "text", text: "hi" },
    ],
    [
      "document with caption",
      { documentWithCaptionMessage: { message: { documentMessage: { caption: "the plan" } } } },
      { type: "media", media: "document", caption: "the plan" },
    ],
    [
      "voice note",
      { audioMessage: { ptt: true } },
      { type: "media", media: "voice", caption: null },
    ],
    ["sticker", { stickerMessage: {} }, { type: "media", media: "sticker", caption: null }],
    ["location without a place", { locationMessage: {} }, { type: "other", label: "location" }],
    [
      "location",
      {
        locationMessage: {
          degreesLatitude: 48.85837,
          degreesLongitude: 2.294481,
          accuracyInMeters: 20,
          name: "Tower",
          address: "5 Avenue",
        },
      },
      {
        type: "other",
        label: "location",
        text: "48.858370, 2.294481 (within 20 m): Tower, 5 Avenue",
      },
    ],
    [
      "live location",
      { liveLocationMessage: { degreesLatitude: -1, degreesLongitude: 0, caption: "on my way" } },
      { type: "other", label: "location", text: "-1.000000, 0.000000: on my way" },
    ],
    [
      "contact",
      {
        contactMessage: {
          displayName: "Bob",
          vcard:
            "BEGIN:VCARD\r\nFN:Bob B\r\nitem1.TEL;type=CELL;waid=15550100002:+1 555 010\r\n 0002\r\nTEL:+1 555 0100003\r\nEND:VCARD",
        },
      },
      { type: "other", label: "contact", text: "Bob B, +1 555 0100002, +1 555 0100003" },
    ],
    [
      "contacts",
      { contactsArrayMessage: { contacts: [{ displayName: "Bob" }, { displayName: "Alice" }] } },
      { type: "other", label: "contact", text: "[Bob | Alice]" },
    ],
    [
      "poll",
      {
        pollCreationMessageV3: {
          name: "Where?",
          options: [{ optionName: "here" }, { optionName: "there" }],
        },
      },
      { type: "other", label: "poll", text: "Where? [here | there]" },
    ],
    [
      "a tapped button",
      { buttonsResponseMessage: { selectedDisplayText: "Yes", selectedButtonId: "1" } },
      { type: "text", text: "Yes" },
    ],
    [
      "a choice from a list",
      { listResponseMessage: { title: "Pizza" } },
      { type: "text", text: "Pizza" },
    ],
    [
      "a vote",
      { pollUpdateMessage: { pollCreationMessageKey: { id: "POLL" } } },
      { type: "other", label: "pollUpdate" },
    ],
    ["edit", { protocolMessage: { type: 14 } }, { type: "other", label: "edit" }],
    ["revoke", { protocolMessage: { type: 0 } }, { type: "other", label: "revoke" }],
    [
      "history notification",
      { protocolMessage: { type: 5 } },
      { type: "protocol", label: "history_sync_notification" },
    ],
    [
      "key distribution alone",
      { senderKeyDistributionMessage: {} },
      { type: "protocol", label: "key-distribution" },
    ],
  ])("%s", (_name, message, content) => {
    expect(read({ message }).content).toEqual(content);
  });

  it("the first message of a group session carries keys beside its text", () => {
    const message = { senderKeyDistributionMessage: {}, conversation: "hello group" };
    expect(read({ message }).content).toEqual({ type: "text", text: "hello group" });
  });

  it.each([
    ["number", 1_767_000_000, 1_767_000_000_000],
    [
      "Long",
      proto.WebMessageInfo.fromObject({ messageTimestamp: "1767000000" }).messageTimestamp,
      1_767_000_000_000,
    ],
    ["missing", null, null],
    ["NaN", Number.NaN, null],
    ["zero", 0, null],
    ["a minute ahead", NOW / 1000 + 60, NOW + 60_000],
    ["next year", NOW / 1000 + 31_536_000, null],
  ])("time as %s", (_name, messageTimestamp, expected) => {
    const time = messageTimestamp === undefined ? {} : { messageTimestamp };
    expect(read({ ...time, message: { conversation: "x" } }).sentAtMs).toBe(expected);
  });

  it("our own number is nobody's other address", () => {
    const key = { remoteJid: "100000000000002@lid", remoteJidAlt: SELF.pn, fromMe: true };
    expect(read({ key, message: { conversation: "x" } })).toMatchObject({
      chatAlternate: null,
      sender: SELF.lid,
      fromMe: true,
    });
  });

  it.each([
    ["status@broadcast", "status"],
    ["120363000000000001@g.us", "group"],
    [SELF.pn, "self"],
    [SELF.lid, "self"],
    ["120363000000000002@newsletter", "other"],
    ["15550100002:7@s.whatsapp.net", "direct"],
  ])("%s is a %s chat", (remoteJid, kind) => {
    const key = { remoteJid, participant: "100000000000003@lid" };
    expect(read({ key, message: { conversation: "x" } }).chatKind).toBe(kind);
  });

  it.each([
    ["Message absent from node", "unavailable"],
    ["Key used already or never filled", "key-used"],
    ["Bad MAC", "undecryptable"],
  ])("a stub that says %s", (text, why) => {
    expect(intake({ messageStubType: 2, messageStubParameters: [text] })).toMatchObject({
      type: "orphan",
      why,
    });
  });

  it("a group event is nothing that anybody wrote", () => {
    expect(intake({ messageStubType: 27 })).toEqual({ type: "nothing" });
  });
});

describe("serialised messages", () => {
  it("keep bytes, 64 bit numbers and both address forms", () => {
    const original: WAMessage = {
      key: { id: "A1", remoteJid: "1@lid", remoteJidAlt: "2@s.whatsapp.net", fromMe: false },
      messageTimestamp: 1_767_000_000,
      pushName: "Alice",
      message: {
        imageMessage: {
          mediaKey: Buffer.from([1, 2, 255]),
          fileLength: 5_000_000_000,
          caption: "c",
        },
      },
    };
    const again = parseMessage(baileys, serialiseMessage(baileys, original));
    expect(again).toMatchObject({
      key: original.key,
      messageTimestamp: 1_767_000_000,
      pushName: "Alice",
    });
    expect(Buffer.from(again?.message?.imageMessage?.mediaKey ?? [])).toEqual(
      Buffer.from([1, 2, 255]),
    );
    expect(String(again?.message?.imageMessage?.fileLength)).toBe("5000000000");
  });

  it.each(["", "{}", '{"format":9}', "not json"])("%j is none of ours", (text) => {
    expect(parseMessage(baileys, text)).toBeNull();
  });
});

describe("outgoing", () => {
  it("text fetches no preview and keeps our id, also with an unreadable quote", () => {
    const plan = planOutgoing(
      baileys,
      "15550100001@s.whatsapp.net",
      {
        operation: "text",
        text: "see https://example.com",
        quotedRaw: "broken",
        mentions: ["1@lid"],
      },
      "3EB0FF",
    );
    expect(plan).toEqual({
      type: "message",
      content: { text: "see https://example.com", mentions: ["1@lid"], linkPreview: null },
      options: { messageId: "3EB0FF" },
    });
  });

  it.each([
    ["in a group by its author", "1@g.us", "2@lid", { fromMe: false, participant: "2@lid" }],
    ["in a direct chat by the other side", "2@lid", "2@lid", { fromMe: false }],
    ["as an own one without an author", "2@lid", undefined, { fromMe: true }],
  ])("a reaction names a message that is not kept %s", (_how, chat, targetAuthor, key) => {
    const content = {
      operation: "reaction",
      targetRaw: null,
      targetMessageId: "A1",
      emoji: "",
      ...(targetAuthor === undefined ? {} : { targetAuthor }),
    } as const;
    expect(planOutgoing(baileys, chat, content, null)).toMatchObject({
      content: { react: { text: "", key: { remoteJid: chat, id: "A1", ...key } } },
    });
  });

  it.each([
    ["image/png", "image"],
    ["video/mp4", "video"],
    ["audio/ogg", "audio"],
    ["application/pdf", "document"],
    ["image/webp", "sticker"],
  ])("%s goes as %s", (mimeType, kind) => {
    const plan = planOutgoing(
      baileys,
      "15550100001@s.whatsapp.net",
      {
        operation: "media",
        path: "/tmp/x",
        mimeType,
        caption: null,
        fileName: null,
        voice: false,
        quotedRaw: null,
      },
      "3EB0FF",
    );
    expect(plan.type === "message" && kind in plan.content).toBe(true);
  });

  it("a reaction to something unreadable is impossible, and says so", () => {
    const content = { operation: "reaction", targetRaw: "broken", emoji: "👍" } as const;
    expect(planOutgoing(baileys, "15550100001@s.whatsapp.net", content, "3EB0FF")).toMatchObject({
      type: "impossible",
    });
  });
});

describe("where to connect", () => {
  it.each([
    ["", { ok: true, url: null, overridden: false }],
    ["wss://wa.example/ws", { ok: true, overridden: true }],
    ["ws://127.0.0.1:8080/ws", { ok: true, overridden: true }],
    ["ws://[::1]:8080/ws", { ok: true, overridden: true }],
    ["ws://localhost/ws", { ok: true, overridden: true }],
    ["ws://127.evil.example/ws", { ok: false }],
    ["ws://192.0.2.1/ws", { ok: false }],
    ["http://wa.example", { ok: false }],
    ["nonsense", { ok: false }],
  ])("%j", (value, expected) => {
    expect(socketUrlFrom({ OPENCLAW_WHATSAPP_WEB_SOCKET_URL: value })).toMatchObject(expected);
  });

  it("lower case proxy variables win, an empty one switches off", () => {
    expect(environmentProxy({ HTTPS_PROXY: "http://a", https_proxy: "http://b" })).toBe("http://b");
    expect(environmentProxy({ HTTPS_PROXY: "http://a", https_proxy: "" })).toBeNull();
    expect(environmentProxy({ HTTP_PROXY: "http://c" })).toBe("http://c");
    expect(environmentProxy({})).toBeNull();
  });

  it("the bundled version is the pinned library's own", () => {
    expect(BUNDLED_VERSION).toEqual(DEFAULT_CONNECTION_CONFIG.version);
  });
});
