import type { Effect, Input } from "../events/index.ts";
import type {
  BurstMessage,
  ChannelPort,
  Clock,
  IncomingMessage,
  Journal,
  JournalledMessage,
  MessageEnd,
  Pseudonymiser,
  SelfAddress,
  SocketInput,
} from "./ports.ts";

type Admitted = Extract<Effect, { kind: "message.admit" }>;

/** What the channel handles at a time. More stays in the journal and comes when there is room. */
const MAX_UNDER_WAY = 500;
/** A channel that rejects this many takes none; the rest waits for the next start. */
const MAX_REJECTED = 1_000;

interface UnderWay {
  readonly entry: JournalledMessage;
  /** Before that it waits for the core's decision. */
  isWithChannel: boolean;
}
/** Journalled and not yet decided or with the agent, by message id and chat pseudonym; shared between generations of this code. */
export type MessagesUnderWay = Map<string, UnderWay>;
type Decided = BurstMessage & { readonly key: string; readonly underWay: UnderWay };

/**
 * From the socket's event to the agent: into the journal first and synchronously, then past the core's judgement, then to the channel. Every
 * message ends in a state with a reason; one that the channel rejects stays unsettled and is admitted again after a restart.
 */
export class InboundIntake {
  readonly #journal: Journal;
  readonly #channel: ChannelPort;
  readonly #clock: Clock;
  readonly #pseudonyms: Pseudonymiser;
  readonly #post: (input: Input) => void;
  readonly #self: () => SelfAddress;
  readonly #entries: MessagesUnderWay;
  /** Rejected by the channel since the last start: not offered again before the next one, or a channel that rejects would be asked without end. */
  readonly #rejected = new Set<string>();
  /** Decided as parts of one burst, which is complete within the step. */
  #burst: Decided[] = [];
  #hasMore = false;
  #isSealed = false;

  constructor(options: {
    readonly journal: Journal;
    readonly channel: ChannelPort;
    readonly clock: Clock;
    readonly pseudonyms: Pseudonymiser;
    readonly underWay: MessagesUnderWay;
    post(input: Input): void;
    self(): SelfAddress;
  }) {
    this.#entries = options.underWay;
    this.#journal = options.journal;
    this.#channel = options.channel;
    this.#clock = options.clock;
    this.#pseudonyms = options.pseudonyms;
    this.#post = options.post;
    this.#self = options.self;
  }

  /** Called from inside the socket's event: the message is in the journal when this returns. */
  take(message: IncomingMessage): void {
    // Between devices, not between people; it may hold keys, so not even the journal sees it.
    if (message.content.type === "protocol") {
      const { socketId, messageId, via } = message;
      this.#post({ kind: "message.skipped", socketId, messageId, via, why: "between-devices" });
      return;
    }
    this.#feed(this.#receive(message));
    if (message.via === "live" || message.via === "offline") this.#noteQuote(message);
  }

  /** A quote of a message that neither came nor left from here: the core judges whether that means anything. */
  #noteQuote({ chat, chatKind, quoted }: IncomingMessage): void {
    if (quoted === null || (chatKind !== "direct" && chatKind !== "group")) return;
    const { messageId } = quoted;
    const isKnown =
      this.#journal.findRaw(messageId, chat) !== null ||
      this.#journal.custodyByMessageId(messageId) !== null;
    if (isKnown) return;
    this.#post({
      kind: "gap.suspected",
      chat: this.#pseudonyms.address(this.#journal.canonicalAddress(chat)),
      evidence: "quote-unknown",
      messageId,
    });
  }

  /**
   * A message whose receipt did not reach the server comes again and cannot be decrypted twice. When the journal has it, nothing is missing;
   * that it came again is still on record.
   */
  isRedelivery(orphan: Extract<SocketInput, { kind: "message.orphaned" }>): boolean {
    const { messageId, chat, socketId, why } = orphan;
    if (why !== "key-used" || chat === null) return false;
    if (this.#journal.findRaw(messageId, chat) === null) return false;
    this.#post({
      kind: "message.journalled",
      socketId,
      messageId,
      chat: this.#pseudonyms.address(chat),
      chatKind: chat.endsWith("@g.us") ? "group" : "direct",
      via: "offline",
      ageMs: null,
      fromMe: false,
      mentioned: false,
      duplicate: true,
    });
    return true;
  }

  /** Messages that a crash, a stop or a rejection left unsettled, oldest first; called at a start. */
  resume(): void {
    this.#rejected.clear();
    this.#feedUnsettled();
  }

  #feedUnsettled(): void {
    const limit = MAX_UNDER_WAY + this.#rejected.size;
    const waiting = this.#journal.unsettled(limit);
    this.#hasMore = waiting.length === limit;
    for (const entry of waiting) {
      const key = keyOf(entry.message.messageId, this.#pseudonyms.address(entry.conversation));
      if (this.#entries.has(key) || this.#rejected.has(key)) continue;
      this.#feed({ ...entry, duplicate: false });
    }
  }

  /** Decided by nobody any more: the account is somebody else's, or its state is lost and the journal brings them again. */
  forgetUndecided(): void {
    for (const [key, { isWithChannel }] of this.#entries) {
      if (!isWithChannel) this.#entries.delete(key);
    }
    this.#burst = [];
  }

  /** Hands a message over; one of a burst waits for the others, whose decisions follow in the same step. */
  admit({ messageId, chat, as, late, burst }: Omit<Admitted, "kind">): void {
    const key = keyOf(messageId, chat);
    const underWay = this.#entries.get(key);
    if (underWay === undefined || underWay.isWithChannel || this.#isSealed) return;
    underWay.isWithChannel = true;
    const decided: Decided = { key, underWay, entry: underWay.entry, as, late };
    if (burst !== undefined) {
      this.#burst.push(decided);
      return;
    }
    const { entry } = decided;
    void this.#handOver([decided], async () => [await this.#channel.admit(entry, as, late)]);
  }

  /** Everything of the burst is decided: one turn, in the order of the messages' own times. */
  admitBurst(): void {
    const burst = this.#burst.toSorted((one, other) => timeOf(one.entry) - timeOf(other.entry));
    this.#burst = [];
    if (burst.length === 0 || this.#isSealed) return;
    void this.#handOver(burst, () =>
      this.#channel.admitBurst(burst.map(({ entry, as, late }) => ({ entry, as, late }))),
    );
  }

  /** Never rejects: whatever fails on the way becomes a fact. */
  async #handOver(
    messages: readonly Decided[],
    handOver: () => Promise<readonly MessageEnd[]>,
  ): Promise<void> {
    try {
      for (const { entry, as } of messages) this.#advance(entry, "admitted", as);
      const ends = await handOver();
      for (const [index, { entry }] of messages.entries()) {
        const { state, reason } = ends[index] ?? { state: "failed", reason: "not-told" };
        this.#advance(entry, "settled", `${state}: ${reason}`);
        const scrubbed = this.#pseudonyms.text(reason);
        const { messageId } = entry.message;
        this.#post({ kind: "message.settled", messageId, state, reason: scrubbed });
      }
    } catch (error) {
      for (const { key } of messages) {
        if (this.#rejected.size < MAX_REJECTED) this.#rejected.add(key);
      }
      this.#reportFault("MessageNotAdmitted", error);
    } finally {
      for (const { key } of messages) this.#entries.delete(key);
      this.#refill();
    }
  }

  #advance({ message }: JournalledMessage, state: "admitted" | "settled", reason: string): void {
    this.#journal.advance(message.messageId, message.chat, state, reason);
  }

  /** A successor goes on; what is with the agent already ends here and is known to the successor. */
  seal(): void {
    this.#isSealed = true;
  }

  #receive(message: IncomingMessage): JournalledMessage {
    try {
      return this.#journal.receive(message, this.#clock.wallMs());
    } catch (error) {
      // Better answered without a memory than lost with one: a journal that fails is reported and the message goes on.
      this.#reportFault("JournalFailed", error);
      return {
        message,
        conversation: message.chat,
        receivedAtMs: this.#clock.wallMs(),
        duplicate: false,
      };
    }
  }

  #feed(entry: JournalledMessage): void {
    const { message } = entry;
    const chat = this.#pseudonyms.address(entry.conversation);
    if (!entry.duplicate) {
      if (this.#entries.size >= MAX_UNDER_WAY) {
        this.#hasMore = true;
        return;
      }
      const key = keyOf(message.messageId, chat);
      this.#entries.set(key, { entry, isWithChannel: false });
    }
    this.#post({
      kind: "message.journalled",
      socketId: message.socketId,
      messageId: message.messageId,
      chat,
      chatKind: message.chatKind,
      via: message.via,
      ageMs: this.#ageOf(message),
      fromMe: message.fromMe,
      mentioned: isAddressedTo(message, this.#self()),
      duplicate: entry.duplicate,
    });
  }

  #ageOf(message: IncomingMessage): number | null {
    if (message.sentAtMs === null) return null;
    return Math.max(0, Math.round(this.#clock.wallMs() - message.sentAtMs));
  }

  #refill(): void {
    if (!this.#hasMore || this.#isSealed || this.#entries.size > MAX_UNDER_WAY / 2) return;
    if (this.#rejected.size < MAX_REJECTED) this.#feedUnsettled();
  }

  #reportFault(name: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#post({
      kind: "fault.raised",
      origin: "effect",
      socketId: null,
      error: this.#pseudonyms.error({ name, message }),
    });
  }
}

/** The message's own time; of one without, when it came. */
function timeOf({ message, receivedAtMs }: JournalledMessage): number {
  return message.sentAtMs ?? receivedAtMs;
}

function keyOf(messageId: string, chat: string): string {
  return `${messageId} ${chat}`;
}

/** Mentioned by address, or quoting something we wrote: the same two ways that the channel's mention gate knows natively. */
function isAddressedTo(message: IncomingMessage, self: SelfAddress): boolean {
  const isSelf = (jid: string | null): boolean =>
    jid !== null && (jid === self.pn || jid === self.lid);
  return message.mentions.some(isSelf) || isSelf(message.quoted?.sender ?? null);
}
