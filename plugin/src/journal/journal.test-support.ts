import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { HandClock } from "../runtime/hand-clock.test-support.ts";
import { journalPath } from "./account-folder.ts";
import { type AccountJournal, openJournal, type OpenJournalOptions } from "./account-journal.ts";

export * from "./message.test-support.ts";

export interface JournalRig {
  readonly stateDir: string;
  readonly path: string;
  readonly clock: HandClock;
  /** Opens it (again); closed by itself at the end of the test. */
  open(options?: Partial<OpenJournalOptions>): AccountJournal;
}

export function journalRig(accountId = "default"): JournalRig {
  const stateDir = mkdtempSync(join(tmpdir(), "journal-"));
  const clock = new HandClock();
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  return {
    stateDir,
    path: journalPath(stateDir, accountId),
    clock,
    open: (options = {}) => {
      const journal = openJournal({
        stateDir,
        accountId,
        clock,
        timers: clock,
        settings: { retentionDays: 14, maxMegabytes: 256 },
        ...options,
      });
      onTestFinished(() => journal.close());
      return journal;
    },
  };
}
