import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importIncident } from "./import-incident.ts";
import { reviewIncident, writeReview } from "./review.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const incident = (slug: string): string =>
  readFileSync(join(FIXTURES, `incidents/${slug}.jsonl`), "utf8");

const imported = (text: string): string =>
  importIncident(text, {
    label: "pasted",
    fallbackMs: Date.parse("2026-04-08T00:00:00Z"),
    utcOffsetMinutes: null,
    versions: { plugin: "0.1.0", baileys: "7.0.0-rc14" },
    scrub: (plain) => plain,
  }).text;

describe("the review of an incident", () => {
  test("counts who is in it, what nobody saw, and every text that others wrote", () => {
    const review = reviewIncident(incident("503-missed-group-messages"));
    expect(review.pseudonyms[0]).toEqual({ text: "group-1", records: 18 });
    expect(review.texts[0]).toEqual({ text: "Connection Failure", records: 28 });
    expect(review.assumed.find(({ text }) => text === "socket.upgraded")?.records).toBe(30);
    expect(review.kinds.reduce((sum, { records }) => sum + records, 0)).toBe(review.records);
  });

  test("shows a name that no pattern knows, where a person sees it before saving", () => {
    const text = imported(
      "2026-04-08T01:45:00Z [whatsapp] Web connection closed (status 408). Retry 1/12 in 2s… (proxy of Bob | `cellar`)",
    );
    const page = writeReview(reviewIncident(text), "x.incident.jsonl", "One sentence.");
    expect(page).toContain("(proxy of Bob \\| `cellar`) ``");
    expect(page).toMatch(/^# x\.incident\.jsonl: read this before it is saved\n\nOne sentence\./);
    expect(page).toMatch(/## Assumed\n\n[^#]*controller\.started/);
  });

  test("looks into what is written in a header: where the account stood", () => {
    const [header = ""] = incident("440-conflict-loop").split("\n");
    const state = { chat: "group-7", error: { message: "the proxy of Bob" } };
    const nested = { default: { policy: "{}", state: JSON.stringify(state), at: 1 } };
    const checkpoint = JSON.stringify({ ...nested, more: state });
    const review = reviewIncident(
      `${JSON.stringify({ ...(JSON.parse(header) as object), node: "24.21.0", checkpoint })}\n`,
    );
    expect(review.pseudonyms).toEqual([{ text: "group-7", records: 1 }]);
    expect(review.texts.map(({ text }) => text)).toContain("the proxy of Bob");
    expect(review.texts.filter(({ text }) => /24\.21|policy/.test(text))).toEqual([]);
  });

  test("says when there is nothing of a sort, and counts what it leaves out", () => {
    const [header = ""] = incident("440-conflict-loop").split("\n");
    const page = writeReview(reviewIncident(`${header}\n`), "x.jsonl", "");
    expect(page).toContain("No person and no group is in it.");
    expect(page).toContain("Every fact was seen.");
    const rows = Array.from({ length: 205 }, (_, index) => ({ text: `t${index}`, records: 1 }));
    const long = { records: 205, pseudonyms: [], texts: rows, assumed: [], kinds: [] };
    expect(writeReview(long, "x.jsonl", "")).toContain("| | and 5 more |");
  });
});
