import { DEMONSTRATIONS, runWithout } from "./lost-without.ts";
import { offlinePlan } from "./offline-plan.ts";
import { type OfflineResult, runOffline } from "./offline-run.ts";
import type { SeededRun, Simulation, Violation } from "./simulation.ts";

/** Offline messages, a connection that drops anywhere in their delivery, the way back and the redelivery: none lost, none doubled. */
export const OFFLINE: Simulation = {
  name: "offline",
  summary: "messages written while away, drops at random points of their delivery",
  overview: tellProtections,
  async run(seed): Promise<SeededRun> {
    const result = await runOffline(offlinePlan(seed));
    return {
      virtualMs: result.virtualMs,
      violations: violationsOf(result),
      records: result.records,
    };
  },
};

/** The same kind of story with protections switched off: a run that loses nothing without them would show nothing with them. */
async function tellProtections(say: (line: string) => void): Promise<SeededRun> {
  const rows: (readonly (string | number)[])[] = [];
  const violations: Violation[] = [];
  let virtualMs = 0;
  for (const demonstration of DEMONSTRATIONS) {
    const { name, without, harm, atLeast } = demonstration;
    say(`offline: without ${without.join(" and ")} ...`);
    const result = await runWithout(demonstration, without);
    const whole = await runWithout(demonstration, []);
    virtualMs += result.virtualMs + whole.virtualMs;
    rows.push([without.join(" + "), harm, result[harm].length, whole[harm].length, name]);
    if (result[harm].length < atLeast) {
      violations.push({ rule: "offline/nothing-shown", detail: without.join(" + ") });
    }
    violations.push(...violationsOf(whole));
  }
  const table = {
    title: "What an offline delivery loses without a protection",
    columns: ["switched off", "harm", "without it", "with it", "what happens"],
    rows,
  };
  return { virtualMs, violations, records: [], table };
}

function violationsOf({ lost, late, doubled }: OfflineResult): readonly Violation[] {
  return [
    ...lost.map((text) => ({ rule: "offline/lost", detail: text })),
    ...late.map((text) => ({ rule: "offline/late", detail: text })),
    ...doubled.map((text) => ({ rule: "offline/doubled", detail: text })),
  ];
}
