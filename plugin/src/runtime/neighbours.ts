import { LIMITS } from "../core/index.ts";
import type { AccountId, Input } from "../events/index.ts";
import type { RegistryStore } from "./ports.ts";

/*
 * Accounts of one gateway share machine, network and address. When one loses an open connection without a reason given, the others are told: those that
 * fell as well know that the cause is common to them, and those that are open ask their link (#63410: both accounts, every time).
 */

/** Beside the accounts' entries; no account id has a colon. */
const KEY = "gateway:drops";
/** Raised whenever the shape changes: another generation of this code then begins a board of its own. */
const FORMAT = "whatsapp-continuity/drops/1";

interface DropBoard {
  readonly format: typeof FORMAT;
  readonly members: Map<AccountId, (input: Input) => void>;
  /** Last unexplained drop of each account, on the monotonic clock of the process. */
  readonly dropped: Map<AccountId, number>;
}

/** Takes part until the returned function is called. */
export function joinNeighbours(
  store: RegistryStore,
  accountId: AccountId,
  post: (input: Input) => void,
): () => void {
  const { members, dropped } = boardOf(store);
  members.set(accountId, post);
  return () => {
    // A successor may have taken the place.
    if (members.get(accountId) !== post) return;
    members.delete(accountId);
    dropped.delete(accountId);
  };
}

/** This account's open connection dropped unexplained at this time. */
export function tellNeighbours(store: RegistryStore, accountId: AccountId, at: number): void {
  const { members, dropped } = boardOf(store);
  dropped.set(accountId, at);
  const fallen = [...dropped].filter(([, time]) => at - time <= LIMITS.commonDropMs);
  for (const [neighbour, post] of members) {
    if (neighbour === accountId) continue;
    const accounts = fallen.filter(([fallenId]) => fallenId !== neighbour).length;
    post({ kind: "neighbour.dropped", accounts });
  }
}

function boardOf(store: RegistryStore): DropBoard {
  const found = store.get(KEY);
  if (isBoard(found)) return found;
  const board: DropBoard = { format: FORMAT, members: new Map(), dropped: new Map() };
  store.set(KEY, board);
  return board;
}

function isBoard(value: unknown): value is DropBoard {
  return (
    typeof value === "object" && value !== null && "format" in value && value.format === FORMAT
  );
}
