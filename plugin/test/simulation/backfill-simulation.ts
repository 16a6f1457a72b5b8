import { backfillPlan } from "./backfill-plan.ts";
import { type BackfillResult, runBackfill } from "./backfill-run.ts";
import type { SeededRun, Simulation, Violation } from "./simulation.ts";

/** An outage with a server that forgets and a phone with manners of its own: the account equals what the world counted. */
export const BACKFILL: Simulation = {
  name: "backfill",
  summary: "outages whose messages the server loses, and what the phone makes up for",
  async run(seed): Promise<SeededRun> {
    const result = await runBackfill(backfillPlan(seed));
    return {
      virtualMs: result.virtualMs,
      violations: violationsOf(result),
      records: result.records,
    };
  },
};

function violationsOf(result: BackfillResult): readonly Violation[] {
  const { expected, actual, lost, doubled, unaccounted } = result;
  const written = JSON.stringify(actual);
  const counted = JSON.stringify(expected);
  return [
    ...(written === counted
      ? []
      : [{ rule: "backfill/account", detail: `written ${written}, counted ${counted}` }]),
    ...lost.map((text) => ({ rule: "backfill/lost", detail: text })),
    ...doubled.map((text) => ({ rule: "backfill/doubled", detail: text })),
    ...unaccounted.map((span) => ({ rule: "backfill/unaccounted", detail: span })),
  ];
}
