import { offlinePlan } from "./offline-plan.ts";
import { type OfflineResult, runOffline } from "./offline-run.ts";
import type { SeededRun, Simulation, Violation } from "./simulation.ts";

/** Offline messages, a connection that drops anywhere in their delivery, the way back and the redelivery: none lost, none doubled. */
export const OFFLINE: Simulation = {
  name: "offline",
  summary: "messages written while away, drops at random points of their delivery",
  async run(seed): Promise<SeededRun> {
    const result = await runOffline(offlinePlan(seed));
    return {
      virtualMs: result.virtualMs,
      violations: violationsOf(result),
      records: result.records,
    };
  },
};

function violationsOf({ lost, late, doubled }: OfflineResult): readonly Violation[] {
  return [
    ...lost.map((text) => ({ rule: "offline/lost", detail: text })),
    ...late.map((text) => ({ rule: "offline/late", detail: text })),
    ...doubled.map((text) => ({ rule: "offline/doubled", detail: text })),
  ];
}
