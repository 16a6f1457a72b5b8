import { createChannelHistoryWindow, type HistoryEntry } from "openclaw/plugin-sdk/reply-history";
import type { JournalledMessage } from "../../runtime/ports.ts";
import type { Person } from "./parties.ts";

/** A message kept as context, with its author for the rules on whose words may be shown, and where the journal has it. */
export interface PendingEntry extends HistoryEntry {
  readonly author: Person;
  readonly stored: JournalledMessage;
}

/** Conversations that may have pending messages at once; the one that was silent longest is forgotten first. */
const MAX_CONVERSATIONS = 500;

/**
 * Messages that were read but not answered (no mention, or late), kept as context for the next turn of their conversation. The window is the
 * host's and lives in memory; the journal knows which messages no turn has shown yet, so that the next start finds them again.
 */
export interface PendingHistory {
  remember(conversation: string, entry: PendingEntry, limit: number): void;
  /** What is pending, oldest first. */
  peek(conversation: string): readonly PendingEntry[];
  /** Forgets what the finished turn has shown, and nothing that came meanwhile. */
  consume(conversation: string, shown: readonly PendingEntry[], limit: number): void;
}

/** @param onShown told of each message that a turn has shown */
export function createPendingHistory(
  onShown: (message: JournalledMessage) => void,
): PendingHistory {
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
    peek: (conversation) => [...(historyMap.get(conversation) ?? [])],
    consume(conversation, shown, limit) {
      const seen = new Set(shown);
      const rest = (historyMap.get(conversation) ?? []).filter((entry) => !seen.has(entry));
      window.clear({ historyKey: conversation, limit });
      for (const entry of rest) window.record({ historyKey: conversation, limit, entry });
      for (const entry of shown) onShown(entry.stored);
    },
  };
}
