import { CoreRun } from "./core-run.ts";
import { type Trouble, TROUBLES } from "./troubles.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The account is open and at rest when the trouble begins. */
export const SETTLE_MS = 10 * MINUTE;
/** The longest wait of a cause without a profile of its own: half of the hourly budget of scheduled attempts is handed out evenly. */
export const PACE_MS = 3 * MINUTE;
const LINES_MAX = 200;

interface Bounds {
  /** Most attempts within the day. */
  readonly attempts: number;
  /** Most time from its end to an open connection; null: a person is needed. */
  readonly openWithinMs: number | null;
}

/** What a day of each trouble may lead to. */
const BOUNDS: Readonly<Record<keyof typeof TROUBLES, Bounds>> = {
  dns: { attempts: 48 * 24, openWithinMs: 4_000 },
  refused: { attempts: 48 * 24, openWithinMs: PACE_MS },
  upgrade503: { attempts: 48 * 24, openWithinMs: PACE_MS },
  upgrade429: { attempts: 24 * 24, openWithinMs: 12 * MINUTE },
  noAnswer: { attempts: 48 * 24, openWithinMs: PACE_MS },
  neverAnswered: { attempts: 48 * 24, openWithinMs: PACE_MS },
  blackHole: { attempts: 48 * 24, openWithinMs: PACE_MS },
  login503: { attempts: 48 * 24, openWithinMs: PACE_MS },
  login401: { attempts: 4, openWithinMs: null },
  // A try each time the ban is said to be over.
  ban402: { attempts: 24 * 6 + 1, openWithinMs: 11 * MINUTE },
  outdated405: { attempts: 2, openWithinMs: null },
  external440: { attempts: 0, openWithinMs: null },
  flapping: { attempts: 48 * 24, openWithinMs: PACE_MS },
  restarts: { attempts: 60 * 24, openWithinMs: PACE_MS },
  quiet: { attempts: 0, openWithinMs: 0 },
};

/** What a day of it came to. */
export interface TroubleDay {
  readonly name: string;
  readonly attempts: number;
  readonly busiestHour: number;
  readonly lines: number;
  /** Null: not open afterwards. */
  readonly openedAfterMs: number | null;
  readonly isBlocked: boolean;
  /** Everything that should have been otherwise. */
  readonly violations: readonly string[];
}

/** Lives 24 virtual hours of a trouble, its end, and two hours more. */
export function liveTroubleDay(key: keyof typeof TROUBLES): TroubleDay {
  const trouble: Trouble = TROUBLES[key];
  const bounds = BOUNDS[key];
  const run = new CoreRun(`day of ${trouble.name}`).start();
  const { auditor } = run;
  run.runUntil(SETTLE_MS);
  const wasOpen = run.isOpen;
  if (trouble.mayBlock === true) auditor.mayBlock(true);
  const [attemptsBefore, linesBefore] = [auditor.attempts.length, run.logTimes.length];
  const end = trouble.begin(run);
  run.runUntil(SETTLE_MS + DAY);
  const attempts = auditor.attempts.length - attemptsBefore;
  const lines = run.logTimes.length - linesBefore;
  end();
  if (bounds.openWithinMs !== null) auditor.expectOpen(run.now, bounds.openWithinMs);
  run.runUntil(SETTLE_MS + DAY + 2 * HOUR);
  const busiestHour = auditor.busiestHour();
  const expectsOpen = bounds.openWithinMs !== null;
  const broken: readonly (readonly [string, boolean])[] = [
    ["not open before the trouble began", !wasOpen],
    [`${attempts} attempts`, attempts > bounds.attempts],
    [`${busiestHour} attempts in an hour`, busiestHour > 60],
    [`${lines} log lines`, lines > LINES_MAX],
    ["not open afterwards", expectsOpen && !auditor.isOpen],
    ["nobody was asked to act", !expectsOpen && !auditor.isBlocked],
  ];
  return {
    name: trouble.name,
    attempts,
    busiestHour,
    lines,
    openedAfterMs: auditor.openedAfterMs[0] ?? null,
    isBlocked: auditor.isBlocked,
    violations: [
      ...auditor.violations.map(({ rule }) => rule),
      ...broken.flatMap(([name, isBroken]) => (isBroken ? [name] : [])),
    ],
  };
}

export const TROUBLE_NAMES = Object.keys(BOUNDS) as readonly (keyof typeof TROUBLES)[];
