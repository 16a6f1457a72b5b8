/**
 * Goal: a whole day of any one trouble costs few attempts and few lines, and the account is back soon after it.
 * Method: the real core and the real gateway log against a small world in virtual time; an auditor that knows nothing of the core's state.
 */
import { describe, expect, it } from "vitest";
import { CoreRun } from "./core-run.ts";
import { type Trouble, TROUBLES } from "./troubles.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SETTLE = 10 * MINUTE;
/** The longest wait of a cause without a profile of its own: half of the hourly budget of scheduled attempts is handed out evenly. */
const PACE_MS = 3 * MINUTE;

/** What a day of it may lead to: most attempts, and the time to an open connection after it. */
const DAYS: readonly (readonly [
  keyof typeof TROUBLES,
  { attempts: number; openWithinMs: number | null },
])[] = [
  ["dns", { attempts: 48 * 24, openWithinMs: 4_000 }],
  ["refused", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["upgrade503", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["upgrade429", { attempts: 24 * 24, openWithinMs: 12 * MINUTE }],
  ["noAnswer", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["neverAnswered", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["login503", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["blackHole", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["login401", { attempts: 4, openWithinMs: null }],
  ["external440", { attempts: 0, openWithinMs: null }],
  ["flapping", { attempts: 48 * 24, openWithinMs: PACE_MS }],
  ["restarts", { attempts: 60 * 24, openWithinMs: PACE_MS }],
  ["quiet", { attempts: 0, openWithinMs: 0 }],
];

function dayOf(trouble: Trouble, openWithinMs: number | null) {
  const run = new CoreRun(`day of ${trouble.name}`).start();
  run.runUntil(SETTLE);
  expect(run.isOpen).toBe(true);
  if (trouble.mayBlock === true) run.auditor.mayBlock(true);
  const [attemptsBefore, linesBefore] = [run.auditor.attempts.length, run.logTimes.length];
  const end = trouble.begin(run);
  run.runUntil(SETTLE + DAY);
  const attempts = run.auditor.attempts.length - attemptsBefore;
  const lines = run.logTimes.length - linesBefore;
  end();
  if (openWithinMs !== null) run.auditor.expectOpen(run.now, openWithinMs);
  run.runUntil(SETTLE + DAY + 2 * HOUR);
  return { run, attempts, lines };
}

describe("a day of", () => {
  it.each(DAYS)("%s", (name, { attempts: mostAttempts, openWithinMs }) => {
    const { run, attempts, lines } = dayOf(TROUBLES[name], openWithinMs);
    const { auditor } = run;
    expect(auditor.violations).toEqual([]);
    expect(auditor.busiestHour()).toBeLessThanOrEqual(60);
    expect(attempts).toBeLessThanOrEqual(mostAttempts);
    expect(lines).toBeLessThanOrEqual(200);
    expect(auditor.isOpen).toBe(openWithinMs !== null);
    expect(auditor.isBlocked).toBe(openWithinMs === null);
  });
});

describe("an outage of any length is over within minutes of its end", () => {
  const lengths = Array.from({ length: 18 }, (_, index) => (1 + 7 * index) * MINUTE);

  it.each(["refused", "neverAnswered", "upgrade503", "login503", "blackHole", "flapping"] as const)(
    "%s",
    (name) => {
      const opened = lengths.map((lengthMs) => {
        const run = new CoreRun(`${name} for ${lengthMs}`).start();
        run.runUntil(SETTLE);
        const end = TROUBLES[name].begin(run);
        run.runUntil(SETTLE + lengthMs);
        end();
        run.auditor.expectOpen(run.now, PACE_MS);
        run.runUntil(run.now + HOUR);
        expect(run.auditor.violations).toEqual([]);
        return run.auditor.openedAfterMs[0];
      });
      expect(opened).not.toContain(undefined);
    },
  );
});

it("twenty seconds of HTTP 503 are over within fifteen", () => {
  const opened = Array.from({ length: 40 }, (_, seed) => {
    const run = new CoreRun(`short ${seed}`).start();
    run.runUntil(SETTLE);
    const end = TROUBLES.upgrade503.begin(run);
    run.runUntil(SETTLE + 20_000);
    end();
    run.auditor.expectOpen(run.now, 15_000);
    run.runUntil(run.now + MINUTE);
    expect(run.auditor.violations).toEqual([]);
    return run.auditor.openedAfterMs[0];
  });
  expect(opened).not.toContain(undefined);
});
