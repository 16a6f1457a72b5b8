import { createHash, createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPseudonymiser } from "./pseudonym.ts";
import { MAX_TEXT_CHARACTERS } from "./scrub.ts";

const keyedHash = (text: string): string =>
  createHmac("sha256", "test key").update(text).digest("hex");
const { text: scrub, error: scrubError, address } = createPseudonymiser({ keyedHash });

/** Fictional numbers: 7 to 15 digits that do not start with zero. */
const phoneDigits = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 6, maxLength: 14 }),
  )
  .map(([first, rest]) => [first, ...rest].join(""));

function grouped(digits: string, separator: string): string {
  return (digits.match(/\d{1,3}/g) ?? []).join(separator).replace(/\D(\d)$/, "$1");
}

/** The ways a number has been seen in messages, logs, paths and addresses. */
const phoneForms = phoneDigits.chain((digits) =>
  fc
    .constantFrom(
      digits,
      `+${digits}`,
      `00${digits}`,
      `+${grouped(digits, " ")}`,
      `+${grouped(digits, "-")}`,
      `+${grouped(digits, ".")}`,
      `+${grouped(digits, "\u00a0")}`,
      `+${grouped(digits, "\u2011")}`,
      `+${digits.slice(0, 1)} (${digits.slice(1, 4)}) ${digits.slice(4)}`,
      `+${digits.slice(0, 3)}\u200b${digits.slice(3)}`,
      `%2B${digits}`,
      `${digits}@s.whatsapp.net`,
      `${digits}:12@s.whatsapp.net`,
      `${digits}_1:3@c.us`,
      `${digits}@lid`,
      `${digits}-1600000000@g.us`,
      `session-${digits}.0.json`,
      `sender-key-x--${digits}--0.json`,
      `lid-mapping-${digits}_reverse.json`,
      `"pn":"${digits}"`,
      `user${digits}`,
      `+${digits.slice(0, 5)}XXXXX`,
    )
    .map((form) => ({ digits, form })),
);

const surroundings = fc.constantFrom(
  "",
  "failed for ",
  "Error: no session for ",
  "WebSocket Error (",
  "status=408 ",
  "ENOENT: no such file, open /home/alice/.openclaw/credentials/",
  '{"jid":"',
);

const PSEUDONYM = /(?:user|group|address)-[0-9a-f]{8}(?![0-9a-f])/g;

function digitsIn(text: string): string {
  return text.replaceAll(PSEUDONYM, "#").replaceAll(/\D/g, "");
}

describe("scrubber", () => {
  it("leaves no phone number, whatever form it has and wherever it stands", () => {
    fc.assert(
      fc.property(surroundings, phoneForms, surroundings, (before, { digits, form }, after) => {
        const clean = scrub(`${before}${form}${after}`);
        expect(digitsIn(clean)).not.toContain(digits.slice(0, 7));
        expect(clean.replaceAll(PSEUDONYM, "#")).not.toMatch(/\d{7}/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives one person one pseudonym in every form", () => {
    const forms = [
      "+1 (555) 010-0199",
      "15550100199",
      "15550100199@s.whatsapp.net",
      "15550100199:7@s.whatsapp.net",
    ];
    expect(new Set(forms.map((form) => scrub(form)))).toEqual(
      new Set([address("15550100199@s.whatsapp.net")]),
    );
  });

  it("leaves no key material", () => {
    // Keys are random; a hash of the generated number is as good and repeatable.
    const bytes = fc
      .tuple(fc.integer(), fc.integer({ min: 24, max: 64 }))
      .map(([seed, length]) =>
        createHash("sha512").update(String(seed)).digest().subarray(0, length),
      );
    const forms = bytes.chain((value) => {
      const buffer = Buffer.from(value);
      const secret = buffer.toString("base64");
      return fc.constantFrom(
        { secret, form: secret },
        { secret, form: `"privKey":"${secret}"` },
        { secret: buffer.toString("base64url"), form: `noiseKey=${buffer.toString("base64url")}` },
        { secret: buffer.toString("hex"), form: `key ${buffer.toString("hex")}` },
        { secret: [...buffer].slice(0, 4).join(", "), form: `[${[...buffer].join(", ")}]` },
        { secret: secret.slice(0, 16), form: `2@${secret},${secret},${secret},${secret}` },
        {
          secret: buffer.toString("hex").match(/../g)?.join(" ") ?? "",
          form: `<Buffer ${buffer.toString("hex").match(/../g)?.join(" ")}>`,
        },
        {
          secret: JSON.stringify([...buffer]).slice(1, 12),
          form: JSON.stringify({ rootKey: buffer }),
        },
      );
    });
    fc.assert(
      fc.property(forms, surroundings, ({ secret, form }, before) => {
        expect(scrub(`${before}${form}`)).not.toContain(secret);
      }),
      // Statistics, so the seed is fixed: about one random key in 100,000 looks like words.
      { numRuns: 1_000, seed: 1 },
    );
  });

  it("recognises a key without a single digit", () => {
    const key = "MbygIJTreBJqUXsgaojHPPqexvcExwMN";
    expect(scrub(`credentials/${key}`)).not.toContain(key);
    expect(scrub(`lost ${key}`)).toBe("lost <base64>");
  });

  it("leaves no credentials, queries, mail addresses, home folders, public addresses or pairing codes", () => {
    const clean = scrub(
      "proxy https://alice:s3cr3t@proxy.example.com:3128/x?token=abc#frag from 203.0.113.7 and [2001:db8::1] for alice@example.com in " +
        "/home/alice/auth, /Users/alice/auth and C:\\Users\\Alice Example\\auth; Authorization: Bearer abc.def pairing code: ABCD-EFGH or 1A2B-3C4D",
    );
    for (const secret of [
      "alice",
      "Alice",
      "s3cr3t",
      "abc",
      "203.0.113",
      "2001:db8",
      "ABCD",
      "1A2B",
    ]) {
      expect(clean).not.toContain(secret);
    }
    expect(clean).toContain("proxy.example.com:3128");
  });

  it("keeps what explains a failure", () => {
    const explanations = [
      "getaddrinfo ENOTFOUND web.whatsapp.com",
      "getaddrinfo EAI_AGAIN web.whatsapp.com",
      "connect ECONNREFUSED 127.0.0.1:443",
      "connect ECONNREFUSED 127.10.20.30:1",
      "listen EADDRINUSE: address already in use ::1:18789",
      "Hostname/IP does not match certificate's altnames: Host: web.whatsapp.com. ERR_TLS_CERT_ALTNAME_INVALID",
      "DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY_LEAF_SIGNATURE HPE_INVALID_CONSTANT",
      "WhatsApp Web connection closed (status 408). Retry 1/12 in 2.14s… (status=408 Request Time-out Connection was lost)",
      "Stream Errored (restart required) 515",
      "WhatsAppSocketOperationTimeoutError: delivery state is unknown_after_send",
      "PlatformMessageNotDispatchedError PreKeyWhisperMessage WhatsAppConnectionOwnerBusyError",
      "WhatsApp socket sendMessage timed out after 60000ms; delivery state is unknown",
      "statusCode: 503 after 30000 at 2026-05-01T04:00:03.238Z",
      "version 2.3000.1035194821 of 2026-09-01 on Node v24.21.0, Baileys 7.0.0-rc14, OpenClaw 2026.9.6",
      "mmg.whatsapp.net and g.whatsapp.net answered HTTP/1.1 429",
      "host timing gap detected: process was frozen ~632337ms",
      "index out of range: 73 + 8 > 80",
      "Cannot read properties of undefined (reading 'attrs') at Socket/messages-recv.js:1421:7",
      "message 3EB0A3B5C1D2E3F4A5B6C7 has no session",
    ];
    for (const explanation of explanations) expect(scrub(explanation)).toBe(explanation);
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            phoneForms.map(({ form }) => form),
            surroundings,
            fc.string(),
          ),
          { maxLength: 6 },
        ),
        (parts) => {
          const once = scrub(parts.join(" "));
          expect(scrub(once)).toBe(once);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("bounds a text without cutting a number in half", () => {
    const clean = scrub(`${"lost ".repeat(5_000)} 15550100199`);
    expect(clean.length).toBeLessThanOrEqual(MAX_TEXT_CHARACTERS);
    fc.assert(
      fc.property(fc.integer({ min: 900, max: 1_100 }), phoneForms, (padding, { digits, form }) => {
        expect(digitsIn(scrub(`${"x".repeat(padding)} ${form} tail`.repeat(3)))).not.toContain(
          digits.slice(0, 7),
        );
      }),
    );
  });

  it("stays fast on hostile text", () => {
    for (const piece of ["a", "1 ", "@", "://@", ":", "[1,", "+1-", "=", "A1"]) {
      const started = process.hrtime.bigint();
      scrub(piece.repeat(200_000 / piece.length));
      expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1_000);
    }
  });

  it("scrubs every text of an error and keeps its codes", () => {
    const clean = scrubError({
      name: "Error",
      message: "getaddrinfo ENOTFOUND web.whatsapp.com for 15550100199@s.whatsapp.net",
      statusCode: 408,
      errorCode: "ENOTFOUND",
      attrs: {
        reason: "401",
        location: "odn",
        expire: "1767225600",
        from: "15550100199@s.whatsapp.net",
      },
      errors: [
        { name: "Error", message: "connect ETIMEDOUT 203.0.113.7:443", errorCode: "ETIMEDOUT" },
      ],
    });
    expect(clean).toEqual({
      name: "Error",
      message: `getaddrinfo ENOTFOUND web.whatsapp.com for ${address("15550100199@s.whatsapp.net")}`,
      statusCode: 408,
      errorCode: "ENOTFOUND",
      attrs: {
        reason: "401",
        location: "odn",
        expire: "1767225600",
        from: address("15550100199@s.whatsapp.net"),
      },
      errors: [{ name: "Error", message: "connect ETIMEDOUT <ip>:443", errorCode: "ETIMEDOUT" }],
    });
  });
});
