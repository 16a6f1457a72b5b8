import type { AccountState, Policy } from "../core/index.ts";
import type { AccountId, LogRecord } from "../events/index.ts";
import { currentCore, type ReplayCore } from "./core-port.ts";
import { beginFold, type Decision, foldedAccount, foldRecord, type FoldState } from "./fold.ts";

/** Records between two checkpoints: what a step back costs at most, in transitions. */
const CHECKPOINT_EVERY = 256;
/** Above this number of checkpoints every other one is dropped and the distance doubles. */
const MAX_CHECKPOINTS = 2_048;

export interface CursorOptions<S> {
  readonly core: ReplayCore<S>;
  /** Replays under this policy whatever the log says; null follows the log. */
  readonly policy: Policy | null;
}

/**
 * A place in a log that can be moved in both directions. Going back folds again from the nearest checkpoint, so the state at a
 * record is the same however one got there.
 */
export class ReplayCursor<S> {
  readonly records: readonly LogRecord[];
  readonly #core: ReplayCore<S>;
  readonly #policy: Policy | null;
  #every = CHECKPOINT_EVERY;
  /** `#checkpoints[i]`: the fold after the first `i * #every` records. */
  #checkpoints: FoldState<S>[];
  #fold: FoldState<S>;
  #applied = 0;
  #decision: Decision | null = null;

  constructor(records: readonly LogRecord[], options: CursorOptions<S>) {
    this.records = records;
    this.#core = options.core;
    this.#policy = options.policy;
    this.#fold = beginFold<S>(options.policy);
    this.#checkpoints = [this.#fold];
  }

  /** Index of the record applied last; -1 before the first. */
  get index(): number {
    return this.#applied - 1;
  }

  /** The record applied last. */
  get record(): LogRecord | null {
    return this.records[this.index] ?? null;
  }

  /** What the core decides for the record applied last; null when that was no input. */
  get decision(): Decision | null {
    return this.#decision;
  }

  get accounts(): readonly AccountId[] {
    return Object.keys(this.#fold.accounts);
  }

  /** State of an account after the record applied last; null before its first input. */
  stateOf(account: AccountId): S | null {
    return foldedAccount(this.#fold, account)?.state ?? null;
  }

  /** The policy an account's decisions are made under at this place. */
  policyOf(account: AccountId): Policy {
    return foldedAccount(this.#fold, account)?.policy ?? this.#fold.policy;
  }

  /** Applies the next record; false at the end. */
  next(): boolean {
    const record = this.records[this.#applied];
    if (record === undefined) return false;
    const { fold, decision } = foldRecord(this.#core, this.#fold, record, this.#policy);
    this.#fold = fold;
    this.#decision = decision;
    this.#applied += 1;
    this.#keepCheckpoint();
    return true;
  }

  /** Goes back by one record; false at the beginning. */
  previous(): boolean {
    if (this.#applied === 0) return false;
    this.seek(this.index - 1);
    return true;
  }

  /**
   * Moves to the state after the record at `index`, clamped to the log; -1 is before the first.
   */
  seek(index: number): void {
    const target = Math.min(Math.max(Math.trunc(index), -1), this.records.length - 1) + 1;
    // The decision of a record is made while it is applied, so at least the last one is folded again.
    const from = Math.max(target - 1, 0);
    if (target <= this.#applied || from - this.#applied > this.#every) this.#restore(from);
    while (this.#applied < target && this.next());
    if (target === 0) this.#decision = null;
  }

  /** Moves to the record with this `seq` (of the given run, by default any); false when there is none. */
  seekSeq(seq: number, boot: string | null = null): boolean {
    const index = this.records.findIndex(
      (record) => record.seq === seq && (boot === null || record.boot === boot),
    );
    if (index < 0) return false;
    this.seek(index);
    return true;
  }

  #restore(applied: number): void {
    const at = Math.min(Math.floor(applied / this.#every), this.#checkpoints.length - 1);
    // Going forward from here is shorter than from the last checkpoint.
    if (this.#applied <= applied && this.#applied >= at * this.#every) return;
    this.#fold = this.#checkpoints[at] ?? beginFold<S>(this.#policy);
    this.#applied = at * this.#every;
    this.#decision = null;
  }

  #keepCheckpoint(): void {
    if (this.#applied !== this.#checkpoints.length * this.#every) return;
    this.#checkpoints.push(this.#fold);
    if (this.#checkpoints.length <= MAX_CHECKPOINTS) return;
    this.#checkpoints = this.#checkpoints.filter((_checkpoint, index) => index % 2 === 0);
    this.#every *= 2;
  }
}

/** A cursor over this package's own core. */
export function createCursor(
  records: readonly LogRecord[],
  policy: Policy | null = null,
): ReplayCursor<AccountState> {
  return new ReplayCursor(records, { core: currentCore, policy });
}
