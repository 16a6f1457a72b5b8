import type { Journal } from "./ports.ts";

const NAME = "owner-notices";
const FORMAT = 1;

/** A chat in a notice to the owner. */
export interface NoticedChat {
  readonly conversation: string;
  /** As the owner knows it from the phone. */
  readonly label: string;
  readonly messages: number;
}

/** What the owner still has to be told of. It lives in the journal, because the messages themselves are settled before the notice is written. */
export interface KeptNotice {
  /** Fixed before anything is sent, so that a notice that had left before a crash does not leave twice. */
  readonly sendId: string;
  readonly chats: readonly NoticedChat[];
  /** Messages of chats beyond those. */
  readonly uncounted: number;
  /** Counted already; bounded. A crash between counting and settling brings a message again. */
  readonly messageIds: readonly string[];
}

export type NoticeJournal = Pick<Journal, "keep" | "kept" | "custody">;

/**
 * Notices that were not sent yet. Those in custody leave by themselves, and are forgotten here: their sends are forgotten one day, too, and would
 * then look as if they had never been.
 */
export function readNotices(journal: NoticeJournal): readonly KeptNotice[] {
  const kept = parse(journal.kept(NAME));
  const unsent = kept.filter(({ sendId }) => journal.custody(sendId) === null);
  if (unsent.length < kept.length) keepNotices(journal, unsent);
  return unsent;
}

function parse(text: string | null): readonly KeptNotice[] {
  if (text === null) return [];
  try {
    const kept = JSON.parse(text) as { format?: unknown; notices?: readonly KeptNotice[] };
    // Another version's notices are its own.
    return kept.format === FORMAT ? (kept.notices ?? []) : [];
  } catch {
    return [];
  }
}

export function keepNotices(journal: Pick<Journal, "keep">, notices: readonly KeptNotice[]): void {
  journal.keep(NAME, JSON.stringify({ format: FORMAT, notices }));
}

export function countNoticed({ chats, uncounted }: KeptNotice): number {
  return chats.reduce((sum, chat) => sum + chat.messages, uncounted);
}
