import type { AccountRuntime } from "../runtime/account.ts";
import type { Journal, Timers } from "../runtime/ports.ts";
import type { StoredMessagesQuery } from "./composition.ts";
import type { Settings } from "./config/settings.ts";
import { processSlot } from "./process-slot.ts";

/** An account that runs in this gateway, as the other parts of the channel need it. */
export interface AccountAtWork {
  readonly accountId: string;
  readonly authDir: string;
  readonly runtime: AccountRuntime;
  readonly journal: Journal;
  journalStatus(): object;
  messages(query: StoredMessagesQuery): readonly object[];
  /** New settings of this account; takes effect from the next decision on, no socket is closed. */
  applySettings(settings: Settings): void;
}

/**
 * Accounts of this gateway by id, whichever loaded copy of the plugin runs them: the host may ask one copy to send for an account that
 * another one started.
 */
export class AccountsAtWork {
  readonly #accounts = processSlot<AccountAtWork>("accounts-at-work/1");
  /** Stopped, with a successor promised. */
  readonly #between = processSlot<AccountAtWork>("accounts-between/1");

  get(accountId: string): AccountAtWork | null {
    return this.#accounts.get(accountId) ?? null;
  }

  /**
   * Who takes a message for the account: the one at work, or between two controllers the one before, which keeps it for its successor. Null
   * when none is expected.
   */
  custodian(accountId: string): AccountAtWork | null {
    return this.get(accountId) ?? this.#between.get(accountId) ?? null;
  }

  all(): readonly AccountAtWork[] {
    return [...this.#accounts.values()];
  }

  add(account: AccountAtWork): void {
    this.#accounts.set(account.accountId, account);
    this.#between.delete(account.accountId);
  }

  /** As {@link remove}, but what is sent until a successor is there finds somebody who keeps it; for as long as a reply may wait. */
  awaitSuccessor(account: AccountAtWork, timers: Timers, waitMs: number): void {
    const { accountId } = account;
    if (this.#accounts.get(accountId) !== account) return;
    this.#accounts.delete(accountId);
    this.#between.set(accountId, account);
    timers.start(waitMs, () => {
      if (this.#between.get(accountId) === account) this.#between.delete(accountId);
    });
  }

  /** Removes exactly this one: a successor of the same id may already have taken its place. */
  remove(account: AccountAtWork): void {
    if (this.#accounts.get(account.accountId) === account) this.#accounts.delete(account.accountId);
  }
}
