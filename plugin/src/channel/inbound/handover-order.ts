/**
 * Messages of one conversation begin in the order in which they were admitted, however long finding out about each of them takes. Conversations
 * do not wait for each other, and nobody waits for a turn to end: only for the one before to have begun.
 */
export class HandoverOrder {
  readonly #last = new Map<string, Promise<void>>();

  /** @param prepare everything that takes time; what it returns is called when those before have begun */
  async inTurn<Result>(
    conversation: string,
    prepare: () => Promise<() => Promise<Result>>,
  ): Promise<Result> {
    const before = this.#last.get(conversation);
    const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
    this.#last.set(conversation, begun);
    let result: Promise<Result>;
    try {
      const begin = await prepare();
      await before;
      result = begin();
    } finally {
      onBegun();
      if (this.#last.get(conversation) === begun) this.#last.delete(conversation);
    }
    return await result;
  }
}
