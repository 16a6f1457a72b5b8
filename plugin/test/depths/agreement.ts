import type { AccountId, Effect, LogRecord, RuleId } from "../../src/events/index.ts";

/** One decided effect, from a record or from a fold. */
export interface Decided {
  /** The run it belongs to: ids of messages and sends are unique within one. */
  readonly boot: string;
  readonly account: AccountId;
  readonly rule: RuleId;
  readonly effect: Effect;
}

/** The decisions among the records that a plugin wrote. Courtesies of the channel, typing and read receipts, are no part of a story. */
export function decidedIn(records: readonly LogRecord[]): readonly Decided[] {
  const courtesies = new Set(
    records.flatMap((record) =>
      record.kind === "send.requested" && COURTESIES.has(record.operation) ? [record.sendId] : [],
    ),
  );
  return records.flatMap((record) => {
    if (record.dir !== "out" || ("sendId" in record && courtesies.has(record.sendId))) return [];
    return [{ boot: record.boot, account: record.account, rule: record.rule, effect: record }];
  });
}

const COURTESIES: ReadonlySet<string> = new Set(["typing", "read-receipt"]);

/**
 * Decisions in their order, by account and strand. The strands of an account run beside each other: its connection, the offline deliveries, each
 * message and each send, numbered as they first appear. Where they interleave is a matter of time, and times are of the depth.
 */
export type Sequences = ReadonlyMap<AccountId, ReadonlyMap<string, readonly string[]>>;

/**
 * What has to agree between the depths: for each account the sequence of rules and causes that ended, opened or blocked its connection,
 * closed an offline delivery, admitted each message and moved each send. Times, ids, attempt counts and who was first, timer or
 * probe, are of the depth and not of the decision; a decision that repeats in a row, as attempt after attempt does, counts once.
 */
export function sequencesOf(decided: readonly Decided[]): Sequences {
  const accounts = new Map<AccountId, Strands>();
  for (const each of decided) {
    const strands = accounts.get(each.account) ?? new Strands();
    accounts.set(each.account, strands);
    strands.add(each);
  }
  return new Map([...accounts].map(([account, { sequences }]) => [account, sequences]));
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

class Strands {
  readonly sequences = new Map<string, string[]>();
  readonly #messages = new Map<string, string>();
  readonly #sends = new Map<string, string>();

  add({ boot, rule, effect }: Decided): void {
    switch (effect.kind) {
      case "status.publish":
        if (!OF_THE_DEPTH.has(rule)) this.#note("connection", named(rule, effect.causeId));
        return;
      case "outage.report":
        return this.#note("connection", named(rule, effect.causeId));
      case "drops.report":
      case "invariant.report":
        return this.#note("connection", rule);
      case "drain.close":
        // Nothing was announced: most connections begin so.
        if (effect.announced > 0) this.#note("delivery", rule);
        return;
      case "message.admit":
        return this.#note(numbered(this.#messages, `${boot} ${effect.messageId}`, "message"), rule);
      case "send.hold":
        // Whether the one before it in the chat is still under way is a matter of time, here and in the dispatch that follows.
        if (effect.why === "chat-busy") return;
        return this.#note(numbered(this.#sends, `${boot} ${effect.sendId}`, "send"), rule);
      case "send.dispatch": {
        const decision = rule === "sends/next-in-chat" ? "sends/dispatch" : rule;
        return this.#note(numbered(this.#sends, `${boot} ${effect.sendId}`, "send"), decision);
      }
      case "send.settle":
        return this.#note(
          numbered(this.#sends, `${boot} ${effect.sendId}`, "send"),
          named(rule, effect.causeId),
        );
      default:
        return;
    }
  }

  #note(strand: string, decision: string): void {
    const sequence = this.sequences.get(strand) ?? [];
    this.sequences.set(strand, sequence);
    if (sequence.at(-1) !== decision) sequence.push(decision);
  }
}

function named(rule: RuleId, causeId: string | null): string {
  return causeId === null ? rule : `${rule} ${causeId}`;
}

function numbered(known: Map<string, string>, id: string, noun: string): string {
  const strand = known.get(id) ?? `${noun} ${known.size + 1}`;
  known.set(id, strand);
  return strand;
}

export interface Disagreement {
  readonly account: AccountId;
  readonly strand: string;
  /** Place in the strand, from 0. */
  readonly index: number;
  readonly expected: string | null;
  readonly actual: string | null;
}

export interface Agreement {
  readonly decisions: number;
  readonly exact: number;
  readonly disagreements: readonly Disagreement[];
}

/** Compares two runs account by account and strand by strand; `expected` is the shallower one. */
export function compareSequences(expected: Sequences, actual: Sequences): Agreement {
  const disagreements: Disagreement[] = [];
  let decisions = 0;
  for (const account of new Set([...expected.keys(), ...actual.keys()])) {
    const wanted = expected.get(account);
    const got = actual.get(account);
    for (const strand of new Set([...(wanted?.keys() ?? []), ...(got?.keys() ?? [])])) {
      const pairs = inPairs(wanted?.get(strand) ?? [], got?.get(strand) ?? []);
      decisions += pairs.length;
      for (const [index, [shallow, deep]] of pairs.entries()) {
        if (shallow === deep) continue;
        disagreements.push({ account, strand, index, expected: shallow, actual: deep });
      }
    }
  }
  return { decisions, exact: decisions - disagreements.length, disagreements };
}

function inPairs(
  wanted: readonly string[],
  got: readonly string[],
): readonly (readonly [string | null, string | null])[] {
  const length = Math.max(wanted.length, got.length);
  return Array.from({ length }, (_, index) => [wanted[index] ?? null, got[index] ?? null]);
}
