import type { AccountId } from "openclaw-whatsapp-continuity-plugin/events";
import { type AccountView, foldAccount, initialAccountView } from "./account-view.ts";
import type { FeedBatch, StreamGap } from "./feed-item.ts";
import { RecordBuffer } from "./record-buffer.ts";

/** Holes remembered per feed. */
const MAX_GAPS = 1_000;
/** Accounts of one gateway; a log with more invented names does not fill the memory. */
const MAX_ACCOUNTS = 200;

/** Everything known of one feed: its records, its accounts as they stand, and where something is missing. */
export class FeedModel {
  readonly buffer: RecordBuffer;
  readonly #accounts = new Map<AccountId, AccountView>();
  #gaps: StreamGap[] = [];

  constructor(maxRecords?: number) {
    this.buffer = new RecordBuffer(maxRecords);
  }

  get accounts(): readonly AccountView[] {
    return [...this.#accounts.values()];
  }
  get gaps(): readonly StreamGap[] {
    return this.#gaps;
  }

  account(id: AccountId): AccountView | undefined {
    return this.#accounts.get(id);
  }

  append({ records, gaps }: FeedBatch): void {
    for (const timed of records) {
      this.buffer.append(timed);
      if (timed.record.kind === "log.header") continue;
      const { account } = timed.record;
      const known = this.#accounts.get(account);
      if (known === undefined && this.#accounts.size >= MAX_ACCOUNTS) continue;
      const before = known ?? initialAccountView(account, timed.wallMs);
      this.#accounts.set(account, foldAccount(before, timed));
    }
    if (gaps.length > 0) this.#gaps = [...this.#gaps, ...gaps].slice(-MAX_GAPS);
  }
}
