import type { AccountId } from "openclaw-whatsapp-continuity-plugin/events";
import { type AccountView, foldAccount, initialAccountView } from "./account-view.ts";
import type { RecordBuffer } from "./record-buffer.ts";

type Views = Readonly<Record<AccountId, AccountView>>;

/** Records between two checkpoints: what a step back costs at most. */
const CHECKPOINT_EVERY = 2_048;

/** How the accounts stood at any record of a buffer. Going back folds again from the nearest checkpoint. */
export class AccountHistory {
  readonly #buffer: RecordBuffer;
  /** The views before record number `n`, for every checkpoint `n`. */
  readonly #checkpoints = new Map<number, Views>();

  constructor(buffer: RecordBuffer) {
    this.#buffer = buffer;
  }

  /** The account after the given record; null when it was not heard of before. */
  at(number: number, account: AccountId): AccountView | null {
    const views = this.#viewsAfter(number);
    return Object.hasOwn(views, account) ? (views[account] ?? null) : null;
  }

  #viewsAfter(number: number): Views {
    const wanted = Math.min(number, this.#buffer.end - 1) + 1;
    let from = Math.max(
      this.#buffer.first,
      Math.floor(wanted / CHECKPOINT_EVERY) * CHECKPOINT_EVERY,
    );
    while (from > this.#buffer.first && !this.#checkpoints.has(from)) from -= CHECKPOINT_EVERY;
    from = Math.max(from, this.#buffer.first);
    let views: Views = this.#checkpoints.get(from) ?? {};
    for (let n = from; n < wanted; n += 1) {
      if (n % CHECKPOINT_EVERY === 0) this.#checkpoints.set(n, views);
      views = this.#fold(views, n);
    }
    return views;
  }

  #fold(views: Views, number: number): Views {
    const timed = this.#buffer.at(number);
    if (timed === undefined || timed.record.kind === "log.header") return views;
    const { account } = timed.record;
    const known = Object.hasOwn(views, account) ? views[account] : undefined;
    const before = known ?? initialAccountView(account, timed.wallMs);
    return { ...views, [account]: foldAccount(before, timed) };
  }
}
