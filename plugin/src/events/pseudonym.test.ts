import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRecord } from "./any-record.test-support.ts";
import { serialiseRecord } from "./codec.ts";
import { digestOf } from "./digest.ts";
import {
  createPseudonymiser,
  isPseudonym,
  renumberPseudonyms,
  withoutDevice,
} from "./pseudonym.ts";
import type { LogRecord } from "./record.ts";

function keyed(key: string): (text: string) => string {
  return (text) => createHmac("sha256", key).update(text).digest("hex");
}

describe("pseudonyms", () => {
  const { address, self } = createPseudonymiser({ keyedHash: keyed("one installation") });

  it("say the kind of an address and nothing else", () => {
    expect(address("15550100199@s.whatsapp.net")).toMatch(/^user-[0-9a-f]{8}$/);
    expect(address("120363000000000001@g.us")).toMatch(/^group-[0-9a-f]{8}$/);
    expect(address("120363000000000002@newsletter")).toMatch(/^newsletter-[0-9a-f]{8}$/);
    expect(address("1600000000@broadcast")).toMatch(/^broadcast-[0-9a-f]{8}$/);
    expect(address("status@broadcast")).toBe("status");
    expect(address("")).toBe("unknown");
  });

  it("are the same for all devices and spellings of one person, and different for everybody else", () => {
    const alice = address("15550100199@s.whatsapp.net");
    for (const form of [
      "15550100199:3@s.whatsapp.net",
      "15550100199_1:3@s.whatsapp.net",
      "15550100199@c.us",
      "+1 555 010-0199",
    ]) {
      expect(address(form)).toBe(alice);
    }
    // A LID is not a phone number, even with the same digits.
    expect(address("15550100199@lid")).not.toBe(alice);
    expect(address("15550100198@s.whatsapp.net")).not.toBe(alice);
  });

  it("follow the caller's mapping of a LID to its phone number, except for our own two forms", () => {
    const mapped = createPseudonymiser({
      keyedHash: keyed("one installation"),
      canonical: (jid) => (jid === "99887766554433@lid" ? "15550100199@s.whatsapp.net" : jid),
    });
    expect(mapped.address("99887766554433:2@lid")).toBe(address("15550100199@s.whatsapp.net"));
    const own = mapped.self({ pn: "15550100199:5@s.whatsapp.net", lid: "99887766554433:5@lid" });
    expect(own.pn).not.toBe(own.lid);
    expect(self({ pn: null, lid: null })).toEqual({ pn: null, lid: null });
  });

  it("cannot be compared between installations, and stay what they are when given again", () => {
    const other = createPseudonymiser({ keyedHash: keyed("another installation") });
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9]\d{6,14}$/), (digits) => {
        const jid = `${digits}@s.whatsapp.net`;
        expect(other.address(jid)).not.toBe(address(jid));
        expect(address(address(jid))).toBe(address(jid));
        expect(isPseudonym(address(jid))).toBe(true);
      }),
    );
  });

  it("drop the device part only", () => {
    expect(withoutDevice("15550100199:12@s.whatsapp.net")).toBe("15550100199@s.whatsapp.net");
    expect(withoutDevice("120363000000000001-1600000000@g.us")).toBe(
      "120363000000000001-1600000000@g.us",
    );
    expect(withoutDevice("user-1")).toBe("user-1");
  });
});

describe("renumbering for capture", () => {
  it("replaces every keyed pseudonym, in order of appearance, and keeps equality", () => {
    const told = (seq: number, pn: string, lid: string, source: string): LogRecord => ({
      boot: "b",
      seq,
      at: 0,
      account: "default",
      dir: "in",
      kind: "identity.mapped",
      pn,
      lid,
      source,
    });
    const renumbered = renumberPseudonyms([
      told(1, "user-0a1b2c3d", "user-ffffffff", "told by user-ffffffff in group-12345678"),
      told(2, "user-ffffffff", "user-0a1b2c3d", "again"),
    ]);
    expect(renumbered).toEqual([
      told(1, "user-1", "user-2", "told by user-2 in group-1"),
      told(2, "user-2", "user-1", "again"),
    ]);
  });

  it("leaves everything else alone", () => {
    fc.assert(
      fc.property(anyRecord(), (record) => {
        expect(renumberPseudonyms([record]).map(serialiseRecord)).toEqual([
          serialiseRecord(record),
        ]);
      }),
    );
  });
});

describe("digest", () => {
  it("changes with any single character, whatever the line", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(0xffff), (line, at, unit) => {
        const index = at % line.length;
        const altered = line.slice(0, index) + String.fromCharCode(unit) + line.slice(index + 1);
        expect(digestOf(altered) === digestOf(line)).toBe(altered === line);
      }),
      { numRuns: 5_000 },
    );
  });

  it("notices swapped, missing and added characters", () => {
    const digests = ["ab", "ba", "abb", "a", "", "aab"].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf("ab")).toMatch(/^[0-9a-f]{16}$/);
  });
});
