/** Goal: no wrong decision of a deeper run passes for agreement. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseLog } from "../../src/events/index.ts";
import { compareSequences, type Decided, sequencesOf } from "./agreement.ts";
import { decidedAtDepthCore } from "./outcome.ts";

const INCIDENT = join(
  import.meta.dirname,
  "../../../fixtures/incidents/503-missed-group-messages.jsonl",
);

let decided: readonly Decided[];

beforeAll(() => {
  decided = decidedAtDepthCore(parseLog(readFileSync(INCIDENT, "utf8")).records);
});

function disagreementsWith(changed: readonly Decided[]) {
  return compareSequences(sequencesOf(decided), sequencesOf(changed)).disagreements;
}

/** The decisions with the n-th effect of a kind (from 0) replaced; null leaves it out. */
function withPlanted(
  kind: Decided["effect"]["kind"],
  plant: (each: Decided) => Decided | null,
  n = 0,
): readonly Decided[] {
  let seen = -1;
  return decided.flatMap((each) => {
    if (each.effect.kind !== kind) return [each];
    seen += 1;
    return seen === n ? (plant(each) ?? []) : [each];
  });
}

describe("a planted wrong decision", () => {
  it("is not there in the same decisions", () => {
    expect(disagreementsWith(decided)).toEqual([]);
    const { decisions, exact } = compareSequences(sequencesOf(decided), sequencesOf(decided));
    expect(exact).toBe(decisions);
    expect(decisions).toBeGreaterThan(15);
  });

  it.each(["message.admit", "outage.report", "send.settle", "drain.close"] as const)(
    "%s left out is found",
    (kind) => {
      const last = decided.filter(({ effect }) => effect.kind === kind).length - 1;
      expect(disagreementsWith(withPlanted(kind, () => null, last))).not.toEqual([]);
    },
  );

  it("one message admitted by another rule is found, with its place", () => {
    const planted = withPlanted(
      "message.admit",
      (each) => ({ ...each, rule: "inbound/late-off" }),
      2,
    );
    expect(disagreementsWith(planted)).toMatchObject([
      { strand: "message 3", index: 0, actual: "inbound/late-off" },
    ]);
  });

  it("another cause by the same rule is found", () => {
    const planted = decided.map((each) =>
      each.effect.kind === "status.publish" && each.effect.causeId === "login-unavailable"
        ? { ...each, effect: { ...each.effect, causeId: "login-rejected" } }
        : each,
    ) as readonly Decided[];
    expect(disagreementsWith(planted)).toMatchObject([{ strand: "connection" }]);
  });

  it("an answer sent twice is found", () => {
    const planted = decided.flatMap((each) =>
      each.effect.kind === "send.dispatch"
        ? [each, { ...each, effect: { ...each.effect, sendId: `${each.effect.sendId}-again` } }]
        : [each],
    );
    expect(disagreementsWith(planted).length).toBeGreaterThan(0);
  });

  it("an account that decided nothing is found", () => {
    expect(disagreementsWith([]).length).toBeGreaterThan(15);
  });

  it("the order of closes and openings is found", () => {
    expect(disagreementsWith(decided.toReversed()).length).toBeGreaterThan(0);
  });
});

describe("what belongs to the depth", () => {
  it("is how often the same decision was repeated and how strands interleave", () => {
    const repeated = decided.flatMap((each) =>
      each.effect.kind === "status.publish" ? [each, each] : [each],
    );
    expect(disagreementsWith(repeated)).toEqual([]);
    const messages = decided.filter(({ effect }) => effect.kind === "message.admit");
    const rest = decided.filter(({ effect }) => effect.kind !== "message.admit");
    expect(disagreementsWith([...messages, ...rest])).toEqual([]);
  });
});
