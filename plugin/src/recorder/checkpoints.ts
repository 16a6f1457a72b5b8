import type { AccountId } from "../events/index.ts";
import type { AccountCheckpoint } from "../runtime/ports.ts";

/** Per account; at one per five minutes more than a day of a quiet account. A busy one turns the ring over sooner. */
const MAX_CHECKPOINTS = 512;

/** The places at which an incident can be cut out of the ring. The oldest give way, and those whose records have left the ring. */
export class Checkpoints {
  readonly #byAccount = new Map<AccountId, AccountCheckpoint[]>();

  /** @param firstSeq sequence number of the oldest record in the ring */
  keep(checkpoint: AccountCheckpoint, firstSeq: number): void {
    const { accountId } = checkpoint;
    const kept = (this.#byAccount.get(accountId) ?? []).filter(
      ({ beforeSeq }) => beforeSeq >= firstSeq,
    );
    this.#byAccount.set(accountId, [...kept, checkpoint].slice(-MAX_CHECKPOINTS));
  }

  /** Of one account, oldest first; all of them can still be used. */
  of(accountId: AccountId, firstSeq: number): readonly AccountCheckpoint[] {
    const kept = this.#byAccount.get(accountId) ?? [];
    return kept.filter(({ beforeSeq }) => beforeSeq >= firstSeq);
  }
}
