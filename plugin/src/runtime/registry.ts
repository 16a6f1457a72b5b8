import type { AccountId, ControllerId } from "../events/index.ts";
import type { ConnectionController } from "./connection-controller.ts";
import type { RegistryStore, Timers } from "./ports.ts";

/*
 * What outlives one generation of the plugin's code, per account: who is in charge, who is still on the way out, and the next controller number. It
 * lives in the host's store; a module variable would begin anew with every reload, and two controllers would fight.
 */

/** Raised whenever the shape of an entry, of a handover or of the core's state changes: a newer code then begins afresh. */
const FORMAT = "whatsapp-continuity/registry/2";

/** The controller in charge of an account, reachable for every generation of this code. */
export interface InCharge {
  /** Identity of the runtime that made it. */
  readonly owner: object;
  readonly controller: Pick<
    ConnectionController,
    | "state"
    | "policy"
    | "self"
    | "lastClose"
    | "holder"
    | "sockets"
    | "send"
    | "giveUp"
    | "capture"
    | "handOver"
  >;
  /** Ends what its runtime watches for it; before a handover. */
  unwatch(): void;
}

export interface RegistryEntry {
  readonly format: typeof FORMAT;
  nextControllerId: ControllerId;
  inCharge: InCharge | null;
  /** Monotonic times at which a broken controller was replaced, of the last hour. */
  readonly replacements: number[];
  /** Stops under way: resolved when socket and lock are gone. */
  readonly predecessors: Map<ControllerId, Promise<void>>;
}

/** The account's entry, a fresh one where there is none that this code can read. */
export function registryEntry(store: RegistryStore, accountId: AccountId): RegistryEntry {
  const found = store.get(accountId);
  if (isEntry(found)) return found;
  const entry: RegistryEntry = {
    format: FORMAT,
    nextControllerId: 1,
    inCharge: null,
    replacements: [],
    predecessors: new Map(),
  };
  store.set(accountId, entry);
  return entry;
}

function isEntry(value: unknown): value is RegistryEntry {
  return (
    typeof value === "object" && value !== null && "format" in value && value.format === FORMAT
  );
}

/** Notes a stop until it is done, so that a successor waits for it instead of finding the directory busy. */
export function notePredecessor(
  entry: RegistryEntry,
  controllerId: ControllerId,
  stopped: Promise<void>,
): void {
  entry.predecessors.set(controllerId, stopped);
  const forget = (): void => {
    entry.predecessors.delete(controllerId);
  };
  stopped.then(forget, forget);
}

/** Waits for stops under way, but not longer than the limit. */
export async function predecessorsGone(
  entry: RegistryEntry,
  timers: Timers,
  limitMs: number,
): Promise<void> {
  if (entry.predecessors.size === 0) return;
  let cancel: () => void = () => undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = timers.start(limitMs, resolve);
  });
  try {
    await Promise.race([Promise.allSettled(entry.predecessors.values()), limit]);
  } finally {
    cancel();
  }
}
