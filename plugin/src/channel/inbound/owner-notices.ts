/** Chats that one notice names; the others are counted. */
const MAX_NAMED = 20;
/** Chats that are counted apart. */
const MAX_CHATS = 1_000;

/**
 * Messages that were too old to be answered, gathered until the owner is told in one notice. A message is counted when its sender passed the
 * account's rules, so strangers are not reported.
 */
export class OwnerNotices {
  #chats = new Map<string, { label: string; messages: number }>();
  #uncounted = 0;
  readonly #underWay = new Set<Promise<unknown>>();

  /** The notice waits for what is still being looked at. */
  waitFor<Result>(looking: Promise<Result>): Promise<Result> {
    this.#underWay.add(looking);
    const forget = (): void => void this.#underWay.delete(looking);
    looking.then(forget, forget);
    return looking;
  }

  /** @param label the chat as the owner knows it from the phone */
  note(conversation: string, label: string): void {
    const chat = this.#chats.get(conversation);
    if (chat !== undefined) chat.messages += 1;
    else if (this.#chats.size < MAX_CHATS) this.#chats.set(conversation, { label, messages: 1 });
    else this.#uncounted += 1;
  }

  /** The notice about everything since the last one, or null when there is nothing to tell. */
  async take(maxAgeMinutes: number): Promise<string | null> {
    await Promise.allSettled(this.#underWay);
    const chats = [...this.#chats.values()];
    const messages = chats.reduce((sum, chat) => sum + chat.messages, this.#uncounted);
    this.#chats = new Map();
    this.#uncounted = 0;
    if (messages === 0) return null;
    const named = chats.slice(0, MAX_NAMED).map((chat) => `- ${chat.label}: ${chat.messages}`);
    const more = chats.length - named.length;
    return [
      `${counted(messages, "message")} in ${counted(chats.length, "chat")} came while WhatsApp was not connected and ` +
        `${messages === 1 ? "was" : "were"} too old to be answered (older than ${maxAgeMinutes} min):`,
      ...named,
      ...(more > 0 ? [`- and ${counted(more, "more chat")}`] : []),
      "They are context for the next answer in their chat. Write there yourself where one is needed.",
    ].join("\n");
  }
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
