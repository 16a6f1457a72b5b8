/** A message as a contact sent it. */
export interface WaitingMessage {
  readonly messageId: string;
  readonly chat: string;
  readonly chatKind: "direct" | "group" | "self" | "status" | "other";
  readonly fromMe: boolean;
  readonly mentioned: boolean;
  readonly sentAt: number;
}

/**
 * What the server keeps for a device that is away. It delivers again what was not receipted (modelled so; the real server's order is not
 * known).
 */
export class Mailbox {
  #waiting: WaitingMessage[] = [];
  #offered = 0;
  #receipted = 0;
  readonly #seen = new Set<string>();

  get size(): number {
    return this.#waiting.length;
  }

  keep(message: WaitingMessage): void {
    this.#waiting.push(message);
  }

  /** The next messages in order, at most `batch`. */
  next(batch: number): readonly WaitingMessage[] {
    const messages = this.#waiting.slice(this.#offered, this.#offered + batch);
    this.#offered += messages.length;
    return messages;
  }

  /** The device has it; returns how many it receipted on this connection. */
  receipt(message: WaitingMessage): number {
    const index = this.#waiting.indexOf(message);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.#offered = Math.max(0, this.#offered - 1);
    }
    this.#receipted += 1;
    return this.#receipted;
  }

  /** A new connection: delivery starts at the oldest message again. */
  reopen(): void {
    this.#offered = 0;
    this.#receipted = 0;
  }

  isDuplicate(message: WaitingMessage): boolean {
    const known = this.#seen.has(message.messageId);
    this.#seen.add(message.messageId);
    return known;
  }
}
