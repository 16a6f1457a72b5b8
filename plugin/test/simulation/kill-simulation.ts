import { runKills } from "./kill-run.ts";
import type { Simulation } from "./simulation.ts";

/** Rounds per seed: `--only kill --seeds 5` is 50 times kill -9. */
const ROUNDS = 10;

/** The process is killed while people write: every message is answered, and none twice. */
export const KILL: Simulation = {
  name: "kill",
  summary: `${ROUNDS} times kill -9 of an account at work, in real time`,
  onRequest: true,
  async run(seed) {
    const { lost, doubled } = await runKills(seed, ROUNDS);
    return {
      virtualMs: 0,
      violations: [
        ...lost.map((text) => ({ rule: "kill/lost", detail: text })),
        ...doubled.map((text) => ({ rule: "kill/doubled", detail: text })),
      ],
      // They died with their processes.
      records: [],
    };
  },
};
