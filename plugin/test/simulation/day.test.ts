/**
 * Goal: a whole day of any one trouble costs few attempts and few lines, and the account is back soon after it.
 * Method: the real core and the real gateway log against a small world in virtual time; an auditor that knows nothing of the core's state.
 */
import { describe, expect, it } from "vitest";
import { CoreRun } from "./core-run.ts";
import { liveTroubleDay, PACE_MS, SETTLE_MS, TROUBLE_NAMES } from "./trouble-day.ts";
import { TROUBLES } from "./troubles.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("a day of", () => {
  it.each(TROUBLE_NAMES)("%s", (name) => {
    expect(liveTroubleDay(name).violations).toEqual([]);
  });
});

describe("an outage of any length is over within minutes of its end", () => {
  const lengths = Array.from({ length: 18 }, (_, index) => (1 + 7 * index) * MINUTE);

  it.each(["refused", "neverAnswered", "upgrade503", "login503", "blackHole", "flapping"] as const)(
    "%s",
    (name) => {
      const opened = lengths.map((lengthMs) => {
        const run = new CoreRun(`${name} for ${lengthMs}`).start();
        run.runUntil(SETTLE_MS);
        const end = TROUBLES[name].begin(run);
        run.runUntil(SETTLE_MS + lengthMs);
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
    run.runUntil(SETTLE_MS);
    const end = TROUBLES.upgrade503.begin(run);
    run.runUntil(SETTLE_MS + 20_000);
    end();
    run.auditor.expectOpen(run.now, 15_000);
    run.runUntil(run.now + MINUTE);
    expect(run.auditor.violations).toEqual([]);
    return run.auditor.openedAfterMs[0];
  });
  expect(opened).not.toContain(undefined);
});
