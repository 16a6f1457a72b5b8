import {
  createInboundDebouncer,
  resolveInboundDebounceMs,
} from "openclaw/plugin-sdk/channel-inbound";
import { isControlCommandMessage } from "openclaw/plugin-sdk/command-detection";
import type { BurstMessage } from "../../runtime/ports.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { admitBurst, admitMessage } from "./admit.ts";
import type { Admission, InboundHost } from "./admitted-message.ts";

/** Somebody who goes on typing is answered after so many pauses at the latest. */
const MAX_PAUSES = 6;

interface Waiting {
  readonly message: BurstMessage;
  readonly settle: (end: Admission) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * People send one thought in several messages. Where `messages.inbound.debounceMs` is set, texts of one person in one chat are gathered until a
 * pause of that length and go to the agent as one turn, by the host's own debouncer. Whatever is no text, a command, or late goes at once, after
 * what waits before it. Until the turn has begun the messages are unsettled in the journal: a crash loses none of them.
 */
export class Debounce {
  readonly #host: InboundHost;
  readonly #waiting = new Set<Waiting>();
  readonly #debouncer: ReturnType<typeof createInboundDebouncer<Waiting>>;

  constructor(host: InboundHost) {
    this.#host = host;
    this.#debouncer = createInboundDebouncer<Waiting>({
      debounceMs: 0,
      resolveDebounceMs: () => this.#debounceMs(),
      maxWaitMs: () => MAX_PAUSES * this.#debounceMs(),
      buildKey: ({ message: { entry } }) => `${entry.conversation} ${entry.message.sender}`,
      shouldDebounce: ({ message }) => this.#isGathered(message),
      onFlush: (items, createFlush) => createFlush({ dispatch: () => this.#admit(items) }),
    });
  }

  /** See `admitMessage`. */
  admit(message: BurstMessage): Promise<Admission> {
    if (this.#debounceMs() === 0 && this.#waiting.size === 0) {
      return admitMessage(this.#host, message);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Admission>();
    const waiting: Waiting = { message, settle: resolve, fail: reject };
    this.#waiting.add(waiting);
    this.#debouncer.enqueue(waiting).catch(reject);
    return promise.finally(() => this.#waiting.delete(waiting));
  }

  /** The account ends: what waits comes again with its next start. */
  close(): void {
    for (const { fail } of this.#waiting) fail(new Error("The account ended."));
    this.#waiting.clear();
  }

  async #admit(items: readonly Waiting[]): Promise<void> {
    // Given up by `close` while it waited.
    const open = items.filter((item) => this.#waiting.has(item));
    const messages = open.map(({ message }) => message);
    const [first] = messages;
    if (first === undefined) return;
    try {
      const ends =
        messages.length === 1
          ? [await admitMessage(this.#host, first)]
          : await admitBurst(this.#host, messages, "typing");
      for (const [index, { settle }] of open.entries()) {
        settle(ends[index] ?? { state: "failed", reason: "not-told" });
      }
    } catch (error) {
      for (const { fail } of open) fail(error);
    }
  }

  #isGathered({ entry, as, late }: BurstMessage): boolean {
    const { content } = entry.message;
    if (as !== "reply" || late || content.type !== "text") return false;
    return !isControlCommandMessage(content.text, this.#host.config());
  }

  #debounceMs(): number {
    return resolveInboundDebounceMs({ cfg: this.#host.config(), channel: CHANNEL_ID });
  }
}
