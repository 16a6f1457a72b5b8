import type { AccountId, LogRecord, RuleId } from "openclaw-whatsapp-continuity-plugin/events";
import type {
  Decision,
  Divergence,
  IncidentText,
  ReplayResult,
} from "openclaw-whatsapp-continuity-plugin/replay";
import type { Change } from "./changes.ts";

/** Which code decides: the copy in the extension, or a workspace's own. */
export interface CodeIdentity {
  readonly origin: "bundled" | "workspace";
  readonly version: string;
  /** Digest of the sources that decide; two copies with one version may differ. */
  readonly digest: string;
  /** The plugin's folder; null for the bundled copy. */
  readonly folder: string | null;
}

/** Differing decisions that are told one by one; the rest is counted. */
export const MAX_DIVERGENCES = 20;

/** What does not change while one walks through an incident. Everything is plain data, so that it may come from another process. */
export interface OpenedIncident {
  readonly code: CodeIdentity;
  readonly title: string | null;
  /** Version of the plugin that wrote the log. */
  readonly recordedBy: string | null;
  readonly accounts: readonly AccountId[];
  /** `lines[i]`: line of the i-th record, from 1. */
  readonly lines: readonly number[];
  /** `accountOf[i]`: index into `accounts`; -1 for headers. */
  readonly accountOf: readonly number[];
  /** Whether one stops at the i-th record when stepping: facts and what the world did, but no recorded decisions. */
  readonly isStep: readonly boolean[];
  readonly result: ReplayResult;
  /** The first decisions that are not as expected, at most {@link MAX_DIVERGENCES}. */
  readonly divergences: readonly Divergence[];
  /** Why the golden was not used, in one sentence. */
  readonly goldenProblem: string | null;
}

/** A running timer. `startedBy` is the record whose decision started it; null when that lies before the log. */
export interface RunningTimer {
  readonly timer: string;
  readonly timerId: number;
  readonly subject: string | null;
  readonly startedBy: number | null;
  readonly dueAt: number | null;
  readonly dueInMs: number | null;
}

/** One decided effect with its words. */
export interface DecidedEffect {
  readonly rule: RuleId;
  readonly effect: Decision["effects"][number]["effect"];
  readonly text: string;
}

/** Everything there is to see at one record, after it was applied. */
export interface PlaceView {
  readonly index: number;
  readonly record: LogRecord;
  /** Words for the record. */
  readonly title: string;
  readonly rule: RuleId | null;
  readonly effects: readonly DecidedEffect[];
  readonly before: unknown;
  readonly state: unknown;
  readonly changes: readonly Change[];
  readonly timers: readonly RunningTimer[];
  readonly policy: unknown;
  readonly breach: Decision["breach"];
  /** The cause in force, from the catalogue. */
  readonly cause: CauseView | null;
  /** Set where the decision is not the expected one, or comes after the first such. */
  readonly divergence: Divergence | null;
  /** Records that led here, the nearest first: what caused a recorded decision, what started a timer. */
  readonly because: readonly Because[];
}

export interface CauseView {
  readonly id: string;
  readonly class: string;
  readonly sentence: string;
  readonly action: string;
}

/** One step back along the chain of causes. */
export interface Because {
  readonly index: number;
  readonly title: string;
}

export const EXCEPTION_FILTERS = ["divergence", "invariant", "dropped", "permanent"] as const;
export type ExceptionFilter = (typeof EXCEPTION_FILTERS)[number];

/** Where to stop, as a person wrote it. Ids are the client's. */
export interface StopRules {
  readonly lines: readonly LineStop[];
  /** By rule or kind; `*` stands for anything. */
  readonly names: readonly NameStop[];
  readonly data: readonly DataStop[];
  readonly filters: readonly FilterStop[];
}
interface Conditional {
  readonly id: number;
  readonly condition: string | null;
  readonly hitCondition: string | null;
}
export interface LineStop extends Conditional {
  readonly index: number;
  readonly logMessage: string | null;
}
export interface NameStop extends Conditional {
  readonly pattern: string;
}
export interface DataStop extends Conditional {
  readonly account: AccountId;
  /** Below `state`. */
  readonly path: string;
}
export interface FilterStop {
  readonly filter: ExceptionFilter;
  readonly condition: string | null;
}

export type StopReason = "breakpoint" | "function breakpoint" | "data breakpoint" | "exception";

/** One place where the rules stop. */
export interface Stop {
  readonly index: number;
  readonly reason: StopReason;
  readonly ids: readonly number[];
  readonly text: string | null;
}

/** Every place where given rules stop, in order: running on and back are then look-ups. */
export interface StopTable {
  readonly stops: readonly Stop[];
  readonly logs: readonly { readonly index: number; readonly text: string }[];
}

/** Bad input in words for people, with the place where it is. */
export class ReplayProblem extends Error {
  readonly line: number | null;
  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}

/** Replays one incident with one copy of the code; in this process or in one of its own. */
export interface ReplayEngine {
  /** Which copy decides. */
  readonly origin: CodeIdentity["origin"];
  /** @throws ReplayProblem when the incident or the code cannot be used */
  open(incident: IncidentText): Promise<OpenedIncident>;
  /** @throws ReplayProblem when a condition cannot be understood */
  stopTable(rules: StopRules): Promise<StopTable>;
  view(index: number): Promise<PlaceView>;
  /** What the golden would be. @throws ReplayProblem */
  golden(incident: IncidentText): Promise<string>;
  /** Called when the process of the engine ends by itself. */
  onEnd(listener: (why: string) => void): void;
  dispose(): void;
}
