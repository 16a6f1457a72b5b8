import { tellCoreStory } from "./core-story.ts";
import type { SeededRun, Simulation } from "./simulation.ts";
import { liveTroubleDay, TROUBLE_NAMES, type TroubleDay } from "./trouble-day.ts";

const DAY_MS = 86_400_000;

/** Random troubles of the connection for days: never dead, never looping, never chatty. */
export const RECOVERY: Simulation = {
  name: "recovery",
  summary:
    "network, server and account fail at random for hours; the account is back soon, with few attempts and few log lines",
  overview(): Promise<SeededRun> {
    const lived = TROUBLE_NAMES.map(liveTroubleDay);
    return Promise.resolve({
      virtualMs: lived.length * DAY_MS,
      violations: lived.flatMap(({ name, violations }) =>
        violations.map((rule) => ({ rule: `recovery/${rule}`, detail: `a day of: ${name}` })),
      ),
      records: [],
      table: {
        title: "24 virtual hours of each trouble",
        columns: ["trouble", "attempts", "busiest hour", "log lines", "after its end"],
        rows: lived.map((day) => [
          day.name,
          day.attempts,
          day.busiestHour,
          day.lines,
          afterwards(day),
        ]),
      },
    });
  },
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

function afterwards({ isBlocked, openedAfterMs, attempts }: TroubleDay): string {
  if (isBlocked) return "a person is needed";
  if (attempts === 0) return "was open all the time";
  return openedAfterMs === null ? "not open" : `open after ${(openedAfterMs / 1_000).toFixed(1)} s`;
}
