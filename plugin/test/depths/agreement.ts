import type { AccountId, Effect, LogRecord, RuleId } from "../../src/events/index.ts";

/** One decided effect, from a record or from a fold. */
export interface Decided {
  readonly account: AccountId;
  readonly rule: RuleId;
  readonly effect: Effect;
}

/** The decisions among the records that a plugin wrote. */
export function decidedIn(records: readonly LogRecord[]): readonly Decided[] {
  return records.flatMap((record) =>
    record.dir === "out" ? [{ account: record.account, rule: record.rule, effect: record }] : [],
  );
}

/**
 * What has to agree between the depths: for each account the sequence of rules and causes that ended, opened or blocked a connection,
 * moved a send, closed an offline delivery or decided over a message. Times, ids, attempt counts and who was first, timer or
 * probe, are of the depth and not of the decision; a decision that repeats in a row counts once.
 */
export function sequencesOf(decided: readonly Decided[]): Map<AccountId, string[]> {
  const sequences = new Map<AccountId, string[]>();
  for (const each of decided) {
    const decision = nameOf(each);
    if (decision === null) continue;
    const sequence = sequences.get(each.account) ?? [];
    if (sequence.at(-1) !== decision) sequence.push(decision);
    sequences.set(each.account, sequence);
  }
  return sequences;
}

/** How an attempt came about differs with the timing of each depth; that it came, the next end or opening shows. */
const OF_THE_DEPTH: ReadonlySet<string> = new Set([
  "status/refresh",
  "reconnect/due",
  "probe/reachable",
  "connect/budget",
  "owner/acquired",
  "close/restart",
  "refresh/retry",
]);

function nameOf({ rule, effect }: Decided): string | null {
  switch (effect.kind) {
    case "status.publish":
      if (OF_THE_DEPTH.has(rule)) return null;
      return effect.causeId === null ? rule : `${rule} ${effect.causeId}`;
    case "send.settle":
      return effect.causeId === null ? rule : `${rule} ${effect.causeId}`;
    case "send.dispatch":
    case "message.admit":
    case "drops.report":
    case "invariant.report":
      return rule;
    case "send.hold":
      return effect.why === "chat-busy" ? null : rule;
    case "drain.close":
      return effect.announced === 0 ? null : rule;
    case "outage.report":
      return `${rule} ${effect.causeId}`;
    default:
      return null;
  }
}

export interface Disagreement {
  readonly account: AccountId;
  /** Place in the account's sequence, from 0. */
  readonly index: number;
  readonly expected: string | null;
  readonly actual: string | null;
}

export interface Agreement {
  readonly decisions: number;
  readonly exact: number;
  readonly disagreements: readonly Disagreement[];
}

/** Compares two runs account by account; `expected` is the shallower one. */
export function compareSequences(
  expected: ReadonlyMap<AccountId, readonly string[]>,
  actual: ReadonlyMap<AccountId, readonly string[]>,
): Agreement {
  const disagreements: Disagreement[] = [];
  let decisions = 0;
  let exact = 0;
  for (const account of new Set([...expected.keys(), ...actual.keys()])) {
    const wanted = expected.get(account) ?? [];
    const got = actual.get(account) ?? [];
    const length = Math.max(wanted.length, got.length);
    decisions += length;
    for (let index = 0; index < length; index += 1) {
      if (wanted[index] === got[index]) {
        exact += 1;
        continue;
      }
      disagreements.push({
        account,
        index,
        expected: wanted[index] ?? null,
        actual: got[index] ?? null,
      });
    }
  }
  return { decisions, exact, disagreements };
}
