import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { summariseIncident } from "./incident-summary.ts";

const FILE = "440-conflict-loop.jsonl";
const INCIDENT = readFileSync(
  join(import.meta.dirname, "../../../fixtures/incidents", FILE),
  "utf8",
);

describe("summariseIncident", () => {
  test("tells what happened, what was done then and what is decided now", () => {
    const summary = summariseIncident(INCIDENT, FILE);
    const [title, ...rest] = summary.split("\n");
    expect(title).toMatch(/^# \S/u);
    const rows = rest.filter((line) => line.startsWith("| +"));
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(row.split(/(?<!\\)\|/u)).toHaveLength(8);
    expect(rows.join("\n")).toMatch(/440[^|]*\|[^|]*retry/iu);
    expect(rows.join("\n")).toMatch(/stop: /u);
  });

  test("names the place of what is wrong", () => {
    const damaged = INCIDENT.replace('"statusCode":440', '"statusCode":44o');
    expect(damaged).not.toBe(INCIDENT);
    expect(() => summariseIncident(damaged, FILE)).toThrow(/440-conflict-loop\.jsonl:\d+:\d+: /u);
  });

  test("refuses an incident of a future version with advice", () => {
    const future = INCIDENT.replace('"version":1', '"version":99');
    expect(future).not.toBe(INCIDENT);
    expect(() => summariseIncident(future, FILE)).toThrow(/update/iu);
  });
});
