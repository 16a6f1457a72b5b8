import { nextRandom, type RngState, seedRng } from "../../src/core/rng.ts";
import type { LogRecord } from "../../src/events/index.ts";
import type { Finding } from "./auditor.ts";
import { CoreRun } from "./core-run.ts";
import { type Trouble, TROUBLES } from "./troubles.ts";

export interface StoryResult {
  readonly seed: number;
  readonly violations: readonly Finding[];
  readonly troubles: number;
  readonly attempts: number;
  readonly busiestHour: number;
  /** Most lines in the gateway's log within a day. */
  readonly linesOfWorstDay: number;
  readonly slowestReturnMs: number;
  /** Only when they were asked for. */
  readonly records: readonly LogRecord[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LINES_PER_DAY = 200;
/** The longest wait of a patient cause is ten minutes, of the others the even share of the hourly budget. */
const RETURN_MS = 3 * MINUTE;
const PATIENT_RETURN_MS = 12 * MINUTE;
const PERSON_ACTS_AFTER_MS = 5 * MINUTE;

const NAMES = Object.keys(TROUBLES) as (keyof typeof TROUBLES)[];
const PATIENT: ReadonlySet<string> = new Set(["upgrade429", "login401", "ban402"]);

/**
 * Days of an account with random troubles of random length, with people who write, restarts of the account, stalls and clock jumps in between.
 * The same seed tells the same story.
 */
export function tellCoreStory(
  seed: number,
  days: number,
  options: { readonly keepsRecords?: boolean } = {},
): StoryResult {
  return new CoreStory(seed, days, options.keepsRecords ?? false).tell();
}

class CoreStory {
  readonly #seed: number;
  readonly #endsAt: number;
  readonly #run: CoreRun;
  #rng: RngState;
  #troubles = 0;
  #messages = 0;

  constructor(seed: number, days: number, keepsRecords: boolean) {
    this.#seed = seed;
    this.#endsAt = days * DAY;
    this.#run = new CoreRun(`simulation ${seed}`, { keepsRecords });
    this.#rng = seedRng(`world of ${seed}`);
  }

  tell(): StoryResult {
    const run = this.#run.start();
    run.runUntil(10 * MINUTE);
    while (run.now < this.#endsAt) {
      this.#spend(this.#between(20 * MINUTE, 6 * HOUR));
      this.#strike(NAMES[Math.floor(this.#chance() * NAMES.length)] ?? "quiet");
    }
    const linesOfWorstDay = busiestDay(run.logTimes);
    if (linesOfWorstDay > LINES_PER_DAY) {
      run.auditor.violated(`${linesOfWorstDay} log lines in a day`, run.now);
    }
    const { auditor, records } = run;
    return {
      seed: this.#seed,
      violations: auditor.violations,
      troubles: this.#troubles,
      attempts: auditor.attempts.length,
      busiestHour: auditor.busiestHour(),
      linesOfWorstDay,
      slowestReturnMs: Math.max(0, ...auditor.openedAfterMs),
      records,
    };
  }

  #strike(name: keyof typeof TROUBLES): void {
    const { auditor } = this.#run;
    const trouble: Trouble = TROUBLES[name];
    this.#troubles += 1;
    auditor.expectNothing();
    auditor.mayBlock(trouble.mayBlock === true);
    const end = trouble.begin(this.#run);
    this.#spend(this.#between(5 * SECOND, 4 * HOUR));
    end();
    if (trouble.mayBlock === true) {
      this.#run.runUntil(this.#run.now + PERSON_ACTS_AFTER_MS);
      if (auditor.isBlocked) this.#run.tell({ kind: "operator.acted", act: "restart" });
    }
    const isPatient = PATIENT.has(name);
    auditor.expectOpen(this.#run.now, isPatient ? PATIENT_RETURN_MS : RETURN_MS);
    this.#run.runUntil(this.#run.now + PATIENT_RETURN_MS + MINUTE);
    auditor.mayBlock(false);
  }

  /** Time in which people write and the machine has its moments. */
  #spend(durationMs: number): void {
    const until = this.#run.now + durationMs;
    while (this.#run.now < until) {
      this.#run.runUntil(Math.min(until, this.#run.now + this.#between(MINUTE, 2 * HOUR)));
      const chance = this.#chance();
      if (chance < 0.7) this.#write();
      else if (chance < 0.8) this.#run.tell({ kind: "loop.stalled", stallMs: 4_000 });
      else if (chance < 0.9) this.#run.tell({ kind: "clock.jumped", jumpMs: HOUR });
      else if (chance < 0.95) this.#restart();
    }
  }

  #write(): void {
    this.#messages += 1;
    const input = this.#run.world.deliver({
      messageId: `message-${this.#messages}`,
      chat: "user-3",
      chatKind: "direct",
      mentioned: false,
      fromMe: false,
      sentAt: this.#run.now,
    });
    if (input !== null) this.#run.tell(input);
  }

  /** The gateway restarts the account, as after a change of its config. */
  #restart(): void {
    const { controllerId } = this.#run.world;
    this.#run.tell({ kind: "controller.stopped", controllerId, reason: "restart" });
    this.#run.start();
  }

  /** Short times are as likely as long ones. */
  #between(leastMs: number, mostMs: number): number {
    return Math.round(leastMs * (mostMs / leastMs) ** this.#chance());
  }

  #chance(): number {
    const { value, next } = nextRandom(this.#rng);
    this.#rng = next;
    return value;
  }
}

function busiestDay(times: readonly number[]): number {
  const days = Map.groupBy(times, (at) => Math.floor(at / DAY));
  return Math.max(0, ...[...days.values()].map((lines) => lines.length));
}
