import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock, Timers } from "../runtime/ports.ts";
import { journalPath } from "./account-folder.ts";
import { type AccountJournal, openJournal, type OpenJournalOptions } from "./account-journal.ts";
import { START_MS } from "./message.test-support.ts";

export * from "./message.test-support.ts";

/** A clock that stands until it is moved, with timers that go by it. */
export class HandClock implements Clock, Timers {
  nowMs = 0;
  readonly #timers = new Set<{ dueMs: number; run: () => void }>();

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return START_MS + this.nowMs;
  }

  start(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(byMs: number): void {
    const endMs = this.nowMs + byMs;
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
    }
    this.nowMs = endMs;
  }
}

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
