import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock, IncomingMessage, Timers } from "../runtime/ports.ts";
import { journalPath } from "./account-folder.ts";
import { type AccountJournal, openJournal, type OpenJournalOptions } from "./account-journal.ts";

/** 2026-01-01, in wall clock milliseconds. */
export const START_MS = Date.UTC(2026, 0, 1);
export const ALICE_PN = "15550100001@s.whatsapp.net";
export const ALICE_LID = "200000000000001@lid";
export const BOB_PN = "15550100002@s.whatsapp.net";
export const BOB_LID = "200000000000002@lid";
export const GROUP = "120363000000000001@g.us";

/** A clock that stands until it is moved, with timers that go by it. */
export class HandClock implements Clock, Timers {
  #nowMs = 0;
  readonly #timers = new Set<{ dueMs: number; run: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return START_MS + this.#nowMs;
  }

  start(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
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

/** A direct text message of Alice. */
export function incoming(changes: Partial<IncomingMessage> = {}): IncomingMessage {
  const messageId = changes.messageId ?? "M1";
  return {
    socketId: 1,
    messageId,
    chat: ALICE_LID,
    chatAlternate: null,
    chatKind: "direct",
    sender: changes.chat ?? ALICE_LID,
    senderAlternate: null,
    fromMe: false,
    pushName: "Alice",
    sentAtMs: START_MS - 1_000,
    via: "live",
    content: { type: "text", text: `hello ${messageId}` },
    mentions: [],
    quoted: null,
    raw: JSON.stringify({ key: { id: messageId } }),
    ...changes,
  };
}

export function idsOf(entries: readonly { readonly message: IncomingMessage }[]): string[] {
  return entries.map((entry) => entry.message.messageId);
}
