import type { AccountId } from "../events/index.ts";
import { parsePolicy, type Policy, serialisePolicy } from "./policy.ts";
import type { AccountState, Phase } from "./state.ts";
import { initialState } from "./transition.ts";

/** Where an account stood at one place of a log: enough to go on folding from there. */
export interface Checkpoint {
  readonly state: AccountState;
  readonly policy: Policy;
}

type Json = Readonly<Record<string, unknown>>;

/** A checkpoint as JSON data. The account's name is left out: a captured incident gives it another one. */
export function serialiseCheckpoint({ state, policy }: Checkpoint): Json {
  const { account: _account, ...rest } = state;
  return { policy: serialisePolicy(policy), state: rest };
}

/**
 * Reads what {@link serialiseCheckpoint} wrote. Total, like everything that reads a log: what this version does not know is left out and
 * what an older version did not have begins as in a fresh account.
 */
export function restoreCheckpoint(account: AccountId, seed: string, value: unknown): Checkpoint {
  const given = asObject(value);
  const fresh = initialState(account, seed);
  const kept = asObject(given["state"]);
  const entries = Object.entries(fresh).map(([key, fallback]: [string, unknown]) => [
    key,
    key === "account" ? account : key === "connection" ? fallback : restored(fallback, kept[key]),
  ]);
  const { policy } = given;
  return {
    // Field by field of the type that the fresh state has.
    state: {
      ...(Object.fromEntries(entries) as AccountState),
      connection: isConnection(kept["connection"]) ? kept["connection"] : fresh.connection,
    },
    policy: parsePolicy(typeof policy === "string" ? policy : "{}"),
  };
}

/** The given value where it is of the same sort; slices keep the fields they know, one level deep. */
function restored(fallback: unknown, given: unknown): unknown {
  if (given === undefined) return fallback;
  if (fallback === null) return given;
  if (Array.isArray(fallback)) return Array.isArray(given) ? given : fallback;
  if (typeof fallback !== "object") return typeof given === typeof fallback ? given : fallback;
  const fields = asObject(given);
  return Object.fromEntries(
    Object.entries(fallback).map(([key, value]) => [key, restoredField(value, fields[key])]),
  );
}

function restoredField(fallback: unknown, given: unknown): unknown {
  const isAbsent = given === undefined;
  const isOtherSort = Array.isArray(fallback) !== Array.isArray(given) && fallback !== null;
  return isAbsent || isOtherSort ? fallback : given;
}

const PHASES: Readonly<Record<Phase, true>> = {
  idle: true,
  claiming: true,
  connecting: true,
  open: true,
  waiting: true,
  inspecting: true,
  blocked: true,
  stopped: true,
};

function isConnection(value: unknown): value is AccountState["connection"] {
  const { phase } = asObject(value);
  return typeof phase === "string" && Object.hasOwn(PHASES, phase);
}

function asObject(value: unknown): Json {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Json) : {};
}
