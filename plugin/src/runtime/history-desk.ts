import type { AccountState } from "../core/index.ts";
import type { Effect, Input } from "../events/index.ts";
import type {
  Clock,
  HistoryAnchor,
  HistoryPage,
  IncomingMessage,
  Jid,
  Journal,
  LiveSocket,
  Pseudonymiser,
} from "./ports.ts";

type Asked = Extract<Effect, { kind: "history.request" }>;

/** Ends of pages that were no messages for anybody and so are not in the journal. */
const MAX_PAGE_ENDS = 100;
/** Chats whose address is looked up by its pseudonym. */
const MAX_CHATS = 500;
/** WhatsApp's times are whole seconds and clocks drift: at its older end a gap is taken this much wider. */
const SECOND_MS = 1_000;
const EDGE_MS = 2 * SECOND_MS;

interface Surroundings {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly pseudonyms: Pseudonymiser;
  readonly state: () => AccountState;
  readonly socket: (socketId: number) => LiveSocket | undefined;
  readonly take: (message: IncomingMessage) => void;
  readonly post: (input: Input) => void;
}

/**
 * Between the core, which knows chats by pseudonym and messages by id, and the phone, which must be asked with addresses: finds the anchor, puts
 * the question, and takes in of an answer what belongs to the gap.
 */
export class HistoryDesk {
  readonly #around: Surroundings;
  readonly #pageEnds = new Map<string, HistoryAnchor>();
  readonly #chats = new Map<string, Jid>();

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** Carries out a decision to ask. Whatever keeps the question from leaving comes back as `history.failed`. */
  ask(effect: Asked): void {
    this.#ask(effect).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.#failed(effect, this.#around.pseudonyms.text(why));
    });
  }

  async #ask(effect: Asked): Promise<void> {
    const { requestId, anchorMessageId, messages } = effect;
    const chat = this.#addressOf(effect.chat);
    const anchor = chat === null ? null : this.#anchor(anchorMessageId, chat);
    if (chat === null || anchor === null) {
      return this.#failed(effect, "the anchor is not in the journal any more");
    }
    const socket = this.#around.socket(effect.socketId);
    if (socket === undefined) return this.#failed(effect, "the socket is gone");
    const addressing = effect.addressing ?? null;
    await socket.requestHistory({ requestId, chat, addressing, anchor, messages });
  }

  #failed({ requestId, chat }: Asked, why: string): void {
    this.#around.post({ kind: "history.failed", requestId, chat, why });
  }

  /** Called from inside the socket's event: what the page adds is in the journal when this returns. */
  onPage(page: HistoryPage): void {
    const { journal, pseudonyms, clock, post } = this.#around;
    const chat = pseudonyms.address(journal.canonicalAddress(page.chat));
    const since = this.#gapBegins(chat);
    const counts = { recovered: 0, duplicates: 0, older: 0 };
    for (const message of page.messages) {
      const isKnown = journal.findRaw(message.messageId, message.chat) !== null;
      if (isBefore(message, since, isKnown)) {
        counts.older += 1;
      } else if (!this.#isOwnReply(message)) {
        if (message.content.type !== "protocol") counts[isKnown ? "duplicates" : "recovered"] += 1;
        this.#around.take(message);
      }
    }
    const { oldest, requestId, total, endOfHistory } = page;
    if (oldest !== null) this.#rememberEnd(oldest);
    const oldestAgeMs =
      oldest === null || oldest.sentAtMs === null
        ? {}
        : { oldestAgeMs: Math.max(0, Math.round(clock.wallMs() - oldest.sentAtMs)) };
    post({
      kind: "history.answered",
      requestId: requestId ?? "",
      chat,
      messages: total,
      recovered: counts.recovered,
      duplicates: counts.duplicates,
      endOfHistory,
      ...(counts.older === 0 ? {} : { older: counts.older }),
      ...(oldest === null ? {} : { oldestMessageId: oldest.messageId, ...oldestAgeMs }),
    });
  }

  /** Wall clock time before which nothing belongs to the chat's gap; null when nobody wants anything of this chat. */
  #gapBegins(chat: string): number | null {
    const { clock, state } = this.#around;
    const gap = state().backfill.gaps.find((each) => each.chat === chat);
    return gap === undefined ? null : clock.wallMs() - clock.monotonicMs() + gap.since;
  }

  /** What this device wrote was never missed, and the custody knows it. */
  #isOwnReply({ fromMe, messageId }: IncomingMessage): boolean {
    return fromMe && this.#around.journal.custodyByMessageId(messageId) !== null;
  }

  #anchor(messageId: string, chat: Jid): HistoryAnchor | null {
    const end = this.#pageEnds.get(messageId);
    if (end !== undefined) return end;
    return anchorIn(this.#around.journal.findMessage(messageId, chat));
  }

  #rememberEnd(end: HistoryAnchor): void {
    this.#pageEnds.delete(end.messageId);
    this.#pageEnds.set(end.messageId, end);
    if (this.#pageEnds.size <= MAX_PAGE_ENDS) return;
    const [first] = this.#pageEnds.keys();
    if (first !== undefined) this.#pageEnds.delete(first);
  }

  /** The journal knows the chats, the core their pseudonyms. */
  #addressOf(chat: string): Jid | null {
    const known = this.#chats.get(chat);
    if (known !== undefined) return known;
    this.#chats.clear();
    for (const { conversation } of this.#around.journal.recentHighWater(MAX_CHATS)) {
      this.#chats.set(this.#around.pseudonyms.address(conversation), conversation);
    }
    return this.#chats.get(chat) ?? null;
  }
}

/** What is known and was written together with the last message before the gap is that message or a neighbour of it. */
function isBefore({ sentAtMs }: IncomingMessage, since: number | null, isKnown: boolean): boolean {
  if (since === null) return true;
  if (sentAtMs === null) return false;
  return isKnown ? sentAtMs <= since + SECOND_MS : sentAtMs < since - EDGE_MS;
}

function anchorIn(message: IncomingMessage | null): HistoryAnchor | null {
  if (message === null) return null;
  const { messageId, fromMe, sentAtMs } = message;
  return { messageId, fromMe, sentAtMs };
}
