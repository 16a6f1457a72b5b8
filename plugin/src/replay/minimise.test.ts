import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LogRecord, parseLog, serialiseLog } from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { foldAll } from "./fold.ts";
import { minimiseIncident, type MinimiseTarget } from "./minimise.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");

function incident(slug: string): readonly LogRecord[] {
  return parseLog(readFileSync(join(INCIDENTS, `${slug}.jsonl`), "utf8")).records;
}

const showsCause = (records: readonly LogRecord[], causeId: string): boolean =>
  foldAll(currentCore, records).some(({ effects }) =>
    effects.some(({ effect }) => effect.kind === "status.publish" && effect.causeId === causeId),
  );

describe("minimise", () => {
  test("finds the few inputs that lead to a cause, as a log that can be read", () => {
    const records = incident("enotfound-dead-channel").slice(0, 6_000);
    const minimised = minimiseIncident(records, { show: "cause", causeId: "dns-not-found" });
    expect(minimised).toMatchObject({ isMinimal: true });
    expect(minimised?.inputsBefore).toBeGreaterThan(1_000);
    // A start, the right to the credentials, and the attempt that fails.
    expect(minimised?.inputsAfter).toBe(3);
    expect(minimised?.spanAfterMs).toBe(0);
    const text = serialiseLog(minimised?.records ?? []);
    expect(showsCause(parseLog(text).records, "dns-not-found")).toBe(true);
  });

  test("nothing more can be left out of what it finds", () => {
    const target: MinimiseTarget = { show: "cause", causeId: "conflict-external" };
    const { records = [] } = minimiseIncident(incident("440-conflict-loop"), target) ?? {};
    expect(showsCause(records, "conflict-external")).toBe(true);
    for (const [index, record] of records.entries()) {
      if (record.kind === "log.header") continue;
      expect(showsCause(records.toSpliced(index, 1), "conflict-external")).toBe(false);
    }
  });

  test.each([
    ["401-that-recovers", "login-rejected"],
    ["503-missed-group-messages", "login-unavailable"],
    ["device-removed", "device-removed"],
    ["dns-outage-terminal", "dns-not-found"],
    ["offline-replay-swallowed", "tcp-refused"],
    ["relink-and-catch-up", "restart-required"],
    ["supplier-message-lost", "tcp-hangup"],
  ] as const)("of %s shows %s, with nothing that could be left out", (slug, causeId) => {
    const records = incident(slug);
    const minimised = minimiseIncident(records, { show: "cause", causeId });
    const shortest = minimised?.records ?? [];
    expect(minimised).toMatchObject({ isMinimal: true });
    expect(minimised?.inputsAfter).toBeLessThan(8);
    expect(showsCause(parseLog(serialiseLog(shortest)).records, causeId)).toBe(true);
    for (const [index, record] of shortest.entries()) {
      if (record.kind === "log.header") continue;
      expect(showsCause(shortest.toSpliced(index, 1), causeId)).toBe(false);
    }
  });

  test("keeps the decision that differed, for the same record", () => {
    const records = incident("reply-sent-twice");
    const decisions = foldAll(currentCore, records);
    const divergent = decisions.find(({ effects }) =>
      effects.some(({ effect }) => effect.kind === "send.dispatch"),
    );
    if (divergent === undefined) throw new Error("the incident has no send");
    const { seq, boot } = divergent.input;
    const minimised = minimiseIncident(records, { show: "divergence", seq, boot });
    expect(minimised?.inputsAfter).toBeLessThan(20);
    const again = foldAll(currentCore, minimised?.records ?? []).at(-1);
    expect(again?.input.seq).toBe(seq);
    expect(again?.effects.map(({ effect }) => effect.kind)).toEqual(
      divergent.effects.map(({ effect }) => effect.kind),
    );
  });

  test("of a rule ends with the input that it decides", () => {
    const records = incident("408-metronome").slice(0, 3_000);
    const last = foldAll(currentCore, records).findLast(
      ({ rule }) => rule !== "input/retired-timer",
    );
    const rule = last?.rule ?? "";
    const minimised = minimiseIncident(records, { show: "rule", rule });
    expect(foldAll(currentCore, minimised?.records ?? []).at(-1)?.rule).toBe(rule);
  });

  test("is null for what an incident does not show, and stops at its bound", () => {
    const records = incident("enotfound-dead-channel").slice(0, 2_000);
    expect(minimiseIncident(records, { show: "invariant", invariant: null })).toBeNull();
    expect(minimiseIncident(records, { show: "cause", causeId: "logged-out" })).toBeNull();
    const bounded = minimiseIncident(
      records,
      { show: "cause", causeId: "dns-not-found" },
      { maxReplays: 3 },
    );
    expect(bounded).toMatchObject({ isMinimal: false });
    expect(showsCause(bounded?.records ?? [], "dns-not-found")).toBe(true);
  });
});
