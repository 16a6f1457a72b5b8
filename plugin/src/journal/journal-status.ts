import type { MessageState } from "../runtime/ports.ts";
import type { JournalFault } from "./journal-fault.ts";
import type { Durability } from "./journal-file.ts";

/** How the journal is, for status, RPC and logs. Holds no path and no address. */
export interface JournalStatus {
  /** `spilling`: the file cannot be used, entries are kept in memory. */
  readonly state: "ok" | "spilling" | "closed";
  readonly fault: JournalFault | null;
  /** What an entry survives that is written now; `nothing` while it is kept in memory. */
  readonly survives: Durability | "nothing";
  /** Wall clock time since when it spills. */
  readonly sinceMs: number | null;
  readonly unsettled: number;
  readonly oldestUnsettledMs: number | null;
  /** Entries that exist only in memory now. */
  readonly spilled: number;
  /** Entries since start that fitted nowhere: they were handled, but nothing remembers them. */
  readonly dropped: number;
  readonly counts: Readonly<Record<MessageState, number>>;
  readonly sizeBytes: number;
  /** Files that wait to be sent, and how many sends since start found no room for theirs. */
  readonly media: { readonly files: number; readonly bytes: number; readonly refused: number };
  readonly quarantine: {
    /** Files that lie beside the journal. */
    readonly files: number;
    /** Why the last one was set aside by this process; null when none was. */
    readonly lastReason: "corrupt" | "another-number" | null;
    /** Messages and sends that were taken over from it. */
    readonly salvaged: number;
  };
}
