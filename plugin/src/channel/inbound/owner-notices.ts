import {
  countNoticed,
  keepNotices,
  type KeptNotice,
  type NoticeJournal,
  readNotices,
} from "../../runtime/kept-notices.ts";

/** Chats that one notice names; the others are counted. */
const MAX_NAMED = 20;
/** Chats that are counted apart. */
const MAX_CHATS = 1_000;
/** Messages that are not counted twice. */
const MAX_IDS = 500;

/** A notice on its way to the owner. */
export interface Notice {
  readonly sendId: string;
  readonly text: string;
  readonly kept: KeptNotice;
}

export interface OwnerNoticesParts {
  /** A function because the journal is opened after what admits to it. */
  journal(): NoticeJournal;
  /** Of a new logical send. */
  newSendId(): string;
}

/**
 * Messages that were too old to be answered, gathered until the owner is told in one notice. A message is counted when its sender passed the
 * account's rules, so strangers are not reported. What is gathered is in the journal with the first message, and leaves it when the custody of sends
 * has the notice.
 */
export class OwnerNotices {
  readonly #parts: OwnerNoticesParts;
  /** Taken, and not in custody yet. */
  #leaving: KeptNotice | null = null;
  /** Null until the journal was asked for what an earlier process left. */
  #gathered: KeptNotice | null = null;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: OwnerNoticesParts) {
    this.#parts = parts;
  }

  /** The notice waits for what is still being looked at. */
  waitFor<Result>(looking: Promise<Result>): Promise<Result> {
    this.#underWay.add(looking);
    const forget = (): void => void this.#underWay.delete(looking);
    looking.then(forget, forget);
    return looking;
  }

  /** @param label the chat as the owner knows it from the phone */
  note(conversation: string, label: string, messageId: string): void {
    const notice = this.#open();
    if (notice.messageIds.includes(messageId)) return;
    const { chats } = notice;
    const index = chats.findIndex((chat) => chat.conversation === conversation);
    const known = chats[index];
    const hasRoom = known !== undefined || chats.length < MAX_CHATS;
    this.#gathered = {
      ...notice,
      messageIds: [...notice.messageIds, messageId].slice(-MAX_IDS),
      uncounted: notice.uncounted + (hasRoom ? 0 : 1),
      chats:
        known !== undefined
          ? chats.with(index, { ...known, messages: known.messages + 1 })
          : hasRoom
            ? [...chats, { conversation, label, messages: 1 }]
            : chats,
    };
    this.#keep();
  }

  /** Resolves when nothing is being looked at any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** The notice about everything since the last one, or null when there is nothing to tell. It stays in the journal until {@link told}. */
  take(maxAgeMinutes: number): Notice | null {
    const kept = this.#open();
    if (countNoticed(kept) === 0 || this.#leaving !== null) return null;
    this.#leaving = kept;
    this.#gathered = this.#empty();
    return { sendId: kept.sendId, text: textOf(kept, maxAgeMinutes), kept };
  }

  /** The custody has it, or it reached its end: the journal of sends is its memory now. */
  told(): void {
    this.#leaving = null;
    this.#keep();
  }

  /** It could not be sent and nothing of it left: it is told with the next one, at the latest after the next start, under another id. */
  putBack(): void {
    const back = this.#leaving;
    this.#leaving = null;
    if (back === null) return;
    this.#gathered = merge([this.#open(), { ...back, sendId: this.#parts.newSendId() }]);
    this.#keep();
  }

  #open(): KeptNotice {
    this.#gathered ??= merge([this.#empty(), ...readNotices(this.#parts.journal())]);
    return this.#gathered;
  }

  #empty(): KeptNotice {
    return { sendId: this.#parts.newSendId(), chats: [], uncounted: 0, messageIds: [] };
  }

  #keep(): void {
    const notices = [this.#leaving, this.#gathered].filter((notice) => notice !== null);
    keepNotices(
      this.#parts.journal(),
      notices.filter((notice) => countNoticed(notice) > 0),
    );
  }
}

/** The oldest one that has anything to tell gives its id. */
function merge(notices: readonly KeptNotice[]): KeptNotice {
  const [first, ...others] = notices;
  if (first === undefined) throw new Error("nothing to merge");
  return others.reduce((one, other) => {
    if (countNoticed(one) === 0) return other;
    const known = new Map(one.chats.map((chat) => [chat.conversation, chat]));
    for (const chat of other.chats) {
      const messages = (known.get(chat.conversation)?.messages ?? 0) + chat.messages;
      known.set(chat.conversation, { ...chat, messages });
    }
    return {
      sendId: one.sendId,
      chats: [...known.values()].slice(0, MAX_CHATS),
      uncounted: one.uncounted + other.uncounted,
      messageIds: [...one.messageIds, ...other.messageIds].slice(-MAX_IDS),
    };
  }, first);
}

function textOf(notice: KeptNotice, maxAgeMinutes: number): string {
  const { chats } = notice;
  const messages = countNoticed(notice);
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

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
