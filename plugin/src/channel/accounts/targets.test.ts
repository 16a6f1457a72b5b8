import { expect, test } from "vitest";
import {
  lidOf,
  looksLikeTarget,
  normalizeAllowEntry,
  normalizeTarget,
  phoneOf,
  targetJid,
  targetKind,
} from "./targets.ts";

test.each([
  ["+1 (555) 010-0001", "+15550100001"],
  ["whatsapp:+15550100001", "+15550100001"],
  ["WhatsApp: whatsapp:15550100001", "+15550100001"],
  ["15550100001@s.whatsapp.net", "+15550100001"],
  ["15550100001:7@s.whatsapp.net", "+15550100001"],
  ["15550100001@c.us", "+15550100001"],
  ["120363000000000001@g.us", "120363000000000001@g.us"],
  ["group:15550100001-1600000000@G.US", "15550100001-1600000000@g.us"],
  ["120363000000000009@newsletter", "120363000000000009@newsletter"],
  ["900000000000001:3@lid", "900000000000001@lid"],
])("%s is %s", (raw, canonical) => {
  expect(normalizeTarget(raw)).toBe(canonical);
});

test.each(["", "   ", "Alice", "alice@example.org", "telegram:15550100001", "@g.us", "x@g.us"])(
  "%j names nobody",
  (raw) => {
    expect(normalizeTarget(raw)).toBeNull();
  },
);

test("a hidden id is never taken for a phone number", () => {
  expect(normalizeAllowEntry("900000000000001@lid")).toBe("900000000000001@lid");
  expect(phoneOf("900000000000001@lid")).toBeNull();
  expect(lidOf("900000000000001:2@lid")).toBe("900000000000001@lid");
});

test("allowlist entries are digits, as the pairing store has them", () => {
  expect(normalizeAllowEntry("+15550100001")).toBe("15550100001");
  expect(normalizeAllowEntry(" * ")).toBe("*");
  expect(normalizeAllowEntry("nobody@example.org")).toBeNull();
});

test("the kind of chat and the address to write to follow from the canonical form", () => {
  expect(["+15550100001", "1@g.us", "1@newsletter", "1@lid"].map(targetKind)).toEqual([
    "direct",
    "group",
    "channel",
    "direct",
  ]);
  expect(targetJid("+15550100001")).toBe("15550100001@s.whatsapp.net");
  expect(targetJid("1@g.us")).toBe("1@g.us");
});

test("the command line takes a prefix or something that normalises for a target", () => {
  expect(["whatsapp:anything", "+15550100001", "some name"].map(looksLikeTarget)).toEqual([
    true,
    true,
    false,
  ]);
});
