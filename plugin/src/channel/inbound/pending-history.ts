import { createChannelHistoryWindow, type HistoryEntry } from "openclaw/plugin-sdk/reply-history";
import type { Person } from "./parties.ts";

/** A message kept as context, with its author for the rules on whose words may be shown. */
export interface PendingEntry extends HistoryEntry {
  readonly author: Person;
}

/** Conversations that may have pending messages at once; the one that was silent longest is forgotten first. */
const MAX_CONVERSATIONS = 500;

/**
 * Messages that were read but not answered (no mention, or late), kept as context for the next turn of their conversation. They live in
 * memory only: the journal has them, and context that survives a restart would be older than people expect.
 */
export interface PendingHistory {
  remember(conversation: string, entry: PendingEntry, limit: number): void;
  /** What is pending, oldest first. */
  peek(conversation: string): readonly PendingEntry[];
  /** Forgets what the finished turn has seen. */
  consume(conversation: string, limit: number): void;
}

export function createPendingHistory(): PendingHistory {
  const historyMap = new Map<string, PendingEntry[]>();
  const window = createChannelHistoryWindow({ historyMap });
  return {
    remember(conversation, entry, limit) {
      window.record({ historyKey: conversation, limit, entry });
      const entries = historyMap.get(conversation);
      if (entries === undefined) return;
      historyMap.delete(conversation);
      historyMap.set(conversation, entries);
      for (const oldest of historyMap.keys()) {
        if (historyMap.size <= MAX_CONVERSATIONS) break;
        historyMap.delete(oldest);
      }
    },
    peek: (conversation) => historyMap.get(conversation) ?? [],
    consume: (conversation, limit) => window.clear({ historyKey: conversation, limit }),
  };
}
