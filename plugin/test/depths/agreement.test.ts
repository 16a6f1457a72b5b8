/** Goal: no wrong decision of a deeper run passes for agreement. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseLog } from "../../src/events/index.ts";
import { compareSequences, type Decided, sequencesOf } from "./agreement.ts";
import { decidedAtDepthCore } from "./outcome.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");
/** In it the phone fills what the server did not keep, so its offline deliveries are empty. */
const FILLED = "503-missed-group-messages";
const DELIVERED = "message-during-gateway-restart";

let decided: readonly Decided[];

beforeAll(() => {
  decided = decidedIn(FILLED);
});

function decidedIn(slug: string): readonly Decided[] {
  const text = readFileSync(join(INCIDENTS, `${slug}.jsonl`), "utf8");
  return decidedAtDepthCore(parseLog(text).records);
}

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

  it("an offline delivery that is not accounted for is found", () => {
    const whole = decidedIn(DELIVERED);
    const without = whole.filter(
      ({ effect }) => effect.kind !== "drain.close" || effect.announced === 0,
    );
    expect(without.length).toBe(whole.length - 1);
    const { disagreements } = compareSequences(sequencesOf(whole), sequencesOf(without));
    expect(disagreements).not.toEqual([]);
  });

  it.each(["message.admit", "outage.report", "send.settle"] as const)(
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
