import { tellCoreStory } from "./core-story.ts";
import type { SeededRun, Simulation } from "./simulation.ts";

const DAY_MS = 86_400_000;

/** Random troubles of the connection for days: never dead, never looping, never chatty. */
export const RECOVERY: Simulation = {
  name: "recovery",
  summary:
    "network, server and account fail at random for hours; the account is back soon, with few attempts and few log lines",
  run(seed, days): Promise<SeededRun> {
    const { violations } = tellCoreStory(seed, days);
    return Promise.resolve({
      virtualMs: days * DAY_MS,
      violations: violations.map(({ rule, at }) => ({
        rule: `recovery/${rule}`,
        detail: `after ${at} ms`,
      })),
      // The same story again, this time on paper.
      records:
        violations.length === 0 ? [] : tellCoreStory(seed, days, { keepsRecords: true }).records,
    });
  },
};
