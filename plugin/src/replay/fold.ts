import {
  DEFAULT_POLICY,
  type InvariantBreach,
  parsePolicy,
  type Policy,
  type RuledEffect,
} from "../core/index.ts";
import type { AccountId, HeaderRecord, InputRecord, LogRecord, RuleId } from "../events/index.ts";
import type { ReplayCore } from "./core-port.ts";

/** What the core decides for one recorded input. */
export interface Decision {
  readonly input: InputRecord;
  readonly rule: RuleId;
  readonly effects: readonly RuledEffect[];
  /** The invariant that does not hold after it, if any. */
  readonly breach: InvariantBreach | null;
}

/** One account at one place of the log. */
export interface FoldedAccount<S> {
  readonly state: S;
  readonly policy: Policy;
}

/**
 * Where a replay stands. Immutable, so a checkpoint is a reference. A new run (`boot`) is a new process: its accounts start
 * from nothing, with the seed of its header.
 */
export interface FoldState<S> {
  readonly boot: string | null;
  readonly seed: string;
  readonly policy: Policy;
  readonly accounts: Readonly<Record<AccountId, FoldedAccount<S>>>;
}

/**
 * Before the first record.
 *
 * @param policy replays under this policy whatever the log says was configured; null follows the log
 */
export function beginFold<S>(policy: Policy | null = null): FoldState<S> {
  return { boot: null, seed: "", policy: policy ?? DEFAULT_POLICY, accounts: {} };
}

/** Folds the next record. Only inputs decide anything; headers begin a run; the rest passes. */
export function foldRecord<S>(
  core: ReplayCore<S>,
  fold: FoldState<S>,
  record: LogRecord,
  fixedPolicy: Policy | null = null,
): { readonly fold: FoldState<S>; readonly decision: Decision | null } {
  if (record.kind === "log.header") {
    return { fold: onHeader(core, fold, record, fixedPolicy), decision: null };
  }
  if (record.dir !== "in") return { fold, decision: null };
  const known = foldedAccount(fold, record.account) ?? {
    state: core.initialState(record.account, fold.seed),
    policy: fold.policy,
  };
  const { account, decision } = foldInput(core, known, record, fixedPolicy);
  const accounts = { ...fold.accounts, [record.account]: account };
  return { fold: { ...fold, accounts }, decision };
}

function foldInput<S>(
  core: ReplayCore<S>,
  known: FoldedAccount<S>,
  input: InputRecord,
  fixedPolicy: Policy | null,
): { readonly account: FoldedAccount<S>; readonly decision: Decision } {
  const policy =
    input.kind === "policy.changed" && fixedPolicy === null
      ? parsePolicy(input.policy)
      : known.policy;
  const { state, rule, effects } = core.transition(known.state, input, input.at, policy);
  const breach = core.findBreach(state);
  return { account: { state, policy }, decision: { input, rule, effects, breach } };
}

/** What a fold knows of an account; null before its first input. */
export function foldedAccount<S>(fold: FoldState<S>, account: AccountId): FoldedAccount<S> | null {
  // Own keys only: an account may be called like something every object inherits.
  return Object.hasOwn(fold.accounts, account) ? (fold.accounts[account] ?? null) : null;
}

function onHeader<S>(
  core: ReplayCore<S>,
  fold: FoldState<S>,
  header: HeaderRecord,
  fixedPolicy: Policy | null,
): FoldState<S> {
  const isNewRun = header.boot !== fold.boot;
  // A header is repeated within a run so that a reader may start anywhere; only a new run, or a replaced state, starts anew.
  if (!isNewRun && header.checkpoint === undefined) return fold;
  const stood = accountsAt(core, header, fixedPolicy);
  if (!isNewRun) return { ...fold, accounts: { ...fold.accounts, ...stood } };
  return {
    boot: header.boot,
    seed: header.seed,
    policy: fixedPolicy ?? parsePolicy(header.policy ?? "{}"),
    accounts: stood,
  };
}

/** Where the accounts stood when a log that was cut out of a run begins, or where the plugin replaced a state; none otherwise. */
function accountsAt<S>(
  core: ReplayCore<S>,
  header: HeaderRecord,
  fixedPolicy: Policy | null,
): Readonly<Record<AccountId, FoldedAccount<S>>> {
  if (header.checkpoint === undefined) return {};
  const entries = Object.entries(parseCheckpoint(header.checkpoint));
  return Object.fromEntries(
    entries.map(([account, value]) => {
      const { state, policy } = core.restoreCheckpoint(account, header.seed, value);
      return [account, { state, policy: fixedPolicy ?? policy }];
    }),
  );
}

function parseCheckpoint(serialised: string): object {
  try {
    const value: unknown = JSON.parse(serialised);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Folds a whole log and returns every decision, in order. */
export function foldAll<S>(
  core: ReplayCore<S>,
  records: readonly LogRecord[],
  fixedPolicy: Policy | null = null,
): readonly Decision[] {
  const decisions: Decision[] = [];
  let fold = beginFold<S>(fixedPolicy);
  // The same fold as record by record, but nobody looks at what lies between: no copies are made.
  let accounts = new Map<AccountId, FoldedAccount<S>>();
  for (const record of records) {
    if (record.kind === "log.header") {
      const before = fold;
      fold = onHeader(
        core,
        { ...fold, accounts: Object.fromEntries(accounts) },
        record,
        fixedPolicy,
      );
      if (fold.boot !== before.boot || record.checkpoint !== undefined) {
        accounts = new Map(Object.entries(fold.accounts));
      }
    } else if (record.dir === "in") {
      const known = accounts.get(record.account) ?? {
        state: core.initialState(record.account, fold.seed),
        policy: fold.policy,
      };
      const { account, decision } = foldInput(core, known, record, fixedPolicy);
      accounts.set(record.account, account);
      decisions.push(decision);
    }
  }
  return decisions;
}
