import type { Clock, SelfAddress, Timers } from "../runtime/ports.ts";
import { plainAddress } from "./addresses.ts";
import {
  JournalFile,
  quarantine,
  quarantined,
  removeDatabase,
  salvage,
  setDurability,
  setMaxBytes,
} from "./journal-file.ts";
import { faultOf, type JournalFault } from "./journal-fault.ts";
import type { JournalStatus } from "./journal-status.ts";
import { isSomebodyElse } from "./journal-store.ts";
import type { JournalOperations } from "./operations.ts";
import {
  type JournalSettings,
  purgeStep,
  type Retention,
  retentionOf,
  truncateWal,
} from "./retention.ts";
import { DEFAULT_SPILL_LIMITS, Spill, type SpillLimits } from "./spill.ts";

/** The journal's status without the files beside it. */
export type VaultStatus = Omit<JournalStatus, "media">;

export interface VaultOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: JournalSettings;
  readonly spillLimits?: SpillLimits;
  readonly onChange?: (status: VaultStatus) => void;
}

/** How long a write waits for another program's lock: the event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 250;
/** While spilling the file is only asked, never waited for. */
const SPILLING_BUSY_TIMEOUT_MS = 0;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
const CLEAN_UP_EVERY_MS = 60_000;
/** While there is something to remove: step after step, with the event loop free in between. */
const NEXT_STEP_MS = 50;
/** A disk that damages each new file too must not be filled with them. */
const REPLACE_EVERY_MS = 60_000;
/** Making room may take several tries, each of which frees something. */
const MAX_RETURN_TRIES = 4;
/** Steps taken at once when a write found no room. */
const STEPS_TO_MAKE_ROOM = 8;
/** Cause of a send that was captured for a number which is not linked any more; see the core's catalogue of send causes. */
const DISOWNED = "identity-mismatch";
/** How far above its limit the file may grow while entries are removed from it. */
const ROOM_TO_REMOVE = 1.25;

/**
 * Keeps an account's journal usable whatever happens to its file: opens it, falls back to memory and returns, sets damaged and foreign files
 * aside, and cleans up. Late calls after {@link close} still reach the file: a turn may end after its account was stopped.
 */
export class JournalVault {
  readonly #options: VaultOptions;
  #settings: JournalSettings;
  #retention: Retention;
  #file: JournalFile | null = null;
  /** There while {@link #fault} is. */
  #spill: Spill | null = null;
  #fault: JournalFault | null = null;
  #sinceMs: number | null = null;
  #retryDelayMs = FIRST_RETRY_MS;
  #retryAtMs = 0;
  #dropped = 0;
  #owner: SelfAddress = { pn: null, lid: null };
  #quarantine: Omit<JournalStatus["quarantine"], "files"> = { lastReason: null, salvaged: 0 };
  #nextReplaceAtMs = Number.NEGATIVE_INFINITY;
  #wasPurged = false;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#retention = retentionOf(options.settings);
    this.#attempt(() => {
      this.#file = this.#open();
      this.#file.store.inbound.settleAdopted(options.clock.wallMs());
    });
    this.#schedule(this.#fault === null ? NEXT_STEP_MS : this.#retryDelayMs);
  }

  /** Runs one operation, on the file or, when that fails, in memory. Throws only what is a defect of ours. */
  use<T>(operation: (journal: JournalOperations) => T): T {
    if (this.#closed) return this.#useOnce(operation);
    this.#returnWhenDue();
    if (this.#fault === null) {
      const done = this.#attempt(() => operation(this.#openFile().store));
      if (done !== undefined) return done.result;
    }
    if (this.#fault === null) {
      // A damaged file was replaced, or room was made: the operation can be done now.
      const done = this.#attempt(() => operation(this.#openFile().store));
      if (done !== undefined) return done.result;
    }
    return operation(this.#spilling());
  }

  bindOwner(self: SelfAddress): "same" | "another" {
    const owner = {
      pn: self.pn === null ? null : plainAddress(self.pn),
      lid: self.lid === null ? null : plainAddress(self.lid),
    };
    // What is in memory was received for the number that was bound before.
    if (isSomebodyElse(this.#owner, owner)) this.#endSpill();
    this.#owner = owner;
    let verdict: "same" | "another" = "same";
    this.#attempt(() => {
      verdict = this.#claim(this.#openFile());
    });
    return verdict;
  }

  purge(): void {
    this.#endSpill();
    this.#file?.abandon();
    this.#file = null;
    this.#fault = null;
    this.#owner = { pn: null, lid: null };
    this.#quarantine = { lastReason: null, salvaged: 0 };
    this.#attempt(() => {
      for (const old of quarantined(this.#options.path)) removeDatabase(old.path);
      removeDatabase(this.#options.path);
      if (!this.#closed) this.#file = this.#open();
    });
  }

  configure(settings: JournalSettings): void {
    this.#settings = settings;
    this.#retention = retentionOf(settings);
    if (this.#closed) return;
    const file = this.#file;
    if (file !== null) {
      this.#quietly(() => setMaxBytes(file.store.sql, this.#retention.maxBytes));
      this.#quietly(() => setDurability(file.store.sql, settings.survives ?? "process-crash"));
    }
    this.#retryAtMs = 0;
    this.#schedule(NEXT_STEP_MS);
  }

  status(): VaultStatus {
    const nowMs = this.#options.clock.wallMs();
    const figures = this.use((journal) => ({
      ...journal.depth(nowMs),
      counts: journal.counts(),
    }));
    return {
      state: this.#closed ? "closed" : this.#fault === null ? "ok" : "spilling",
      fault: this.#fault,
      survives: this.#survives(),
      sinceMs: this.#sinceMs,
      ...figures,
      dropped: this.#dropped + (this.#spill?.dropped ?? 0),
      sizeBytes: this.#figure(() => this.#file?.sizeBytes() ?? 0),
      quarantine: {
        files: this.#figure(() => quarantined(this.#options.path).length),
        ...this.#quarantine,
      },
    };
  }

  #survives(): JournalStatus["survives"] {
    const file = this.#file;
    if (this.#closed) return this.#settings.survives ?? "process-crash";
    if (file === null || this.#fault !== null) return "nothing";
    let survives: JournalStatus["survives"] = "nothing";
    this.#quietly(() => {
      survives = file.durability();
    });
    return survives;
  }

  /** Writes what is in memory if that is possible now, and closes the file in order. */
  close(): void {
    if (this.#closed) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#retryAtMs = 0;
    this.#returnWhenDue();
    this.#closed = true;
    if (this.#fault === null) this.#attempt(() => this.#openFile().close());
    this.#endSpill();
    this.#file?.abandon();
    this.#file = null;
  }

  /** Opens the file; a damaged one and one of another number are set aside first. */
  #open(): JournalFile {
    try {
      return this.#openPath();
    } catch (error) {
      if (faultOf(error).id !== "corrupt") throw error;
      return this.#replace("corrupt");
    }
  }

  #openPath(): JournalFile {
    return JournalFile.open({
      path: this.#options.path,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      maxBytes: this.#retention.maxBytes,
      durability: this.#settings.survives ?? "process-crash",
    });
  }

  /** The open file. Every caller is in a state in which there is one, or wants it to be tried. */
  #openFile(): JournalFile {
    this.#file ??= this.#open();
    return this.#file;
  }

  #replace(reason: "corrupt" | "another-number"): JournalFile {
    const nowMs = this.#options.clock.monotonicMs();
    if (reason === "corrupt") {
      if (nowMs < this.#nextReplaceAtMs) throw new RepeatedDamage();
      this.#nextReplaceAtMs = nowMs + REPLACE_EVERY_MS;
    }
    this.#file?.abandon();
    this.#file = null;
    const aside = quarantine(this.#options.path);
    const file = this.#openPath();
    this.#file = file;
    const salvaged = reason === "corrupt" ? file.store.mergeFrom(salvage(aside)) : 0;
    this.#quarantine = { lastReason: reason, salvaged };
    return file;
  }

  #claim(file: JournalFile): "same" | "another" {
    const isAnother = file.store.belongsToAnother(this.#owner);
    const claimed = isAnother ? this.#replaceOfAnother(file) : file;
    claimed.store.writeOwner(this.#owner);
    if (isAnother) this.#announce();
    return isAnother ? "another" : "same";
  }

  /** Of the number before, only the ids of what must not leave any more are remembered. */
  #replaceOfAnother(file: JournalFile): JournalFile {
    const disowned = file.store.outbound.disown(DISOWNED, this.#options.clock.wallMs());
    const fresh = this.#replace("another-number");
    fresh.store.sql.transaction(() => {
      for (const row of disowned) fresh.store.outbound.merge(row);
    });
    return fresh;
  }

  /** Undefined when the work failed because of the file; what follows from that is decided here. */
  #attempt<T>(work: () => T): { readonly result: T } | undefined {
    try {
      return { result: work() };
    } catch (error) {
      this.#onFault(faultOf(error));
      return undefined;
    }
  }

  #onFault(fault: JournalFault): void {
    if (fault.id === "full" && this.#makeRoom()) return;
    if (fault.id === "corrupt" && this.#file !== null) {
      try {
        this.#replace("corrupt");
        this.#announce();
        return;
      } catch (error) {
        this.#fail(faultOf(error));
        return;
      }
    }
    this.#fail(fault);
  }

  #fail(fault: JournalFault): void {
    const isNew = this.#fault?.id !== fault.id;
    this.#fault = fault;
    this.#sinceMs ??= this.#options.clock.wallMs();
    this.#retryAtMs = this.#options.clock.monotonicMs() + this.#retryDelayMs;
    this.#quietly(() => this.#file?.setBusyTimeout(SPILLING_BUSY_TIMEOUT_MS));
    if (this.#closed) return;
    this.#spilling();
    this.#schedule(this.#retryDelayMs);
    this.#retryDelayMs = Math.min(MAX_RETRY_MS, this.#retryDelayMs * 2);
    if (isNew) this.#announce();
  }

  #makeRoom(): boolean {
    const file = this.#file;
    if (file === null) return false;
    let freed = 0;
    const { maxBytes } = this.#retention;
    this.#quietly(() => {
      // Removing writes too, for a moment.
      setMaxBytes(file.store.sql, maxBytes * ROOM_TO_REMOVE);
      this.#spill?.settleIn(file.store);
      for (let step = 0; step < STEPS_TO_MAKE_ROOM; step += 1) {
        freed += purgeStep(file.store, this.#retention, this.#options.clock.wallMs());
      }
    });
    this.#quietly(() => setMaxBytes(file.store.sql, maxBytes));
    if (freed === 0) freed = this.#spill?.forgetSettledTexts() ?? 0;
    return freed > 0;
  }

  #spilling(): Spill {
    this.#spill ??= new Spill(
      () => this.#file?.store ?? null,
      this.#options.spillLimits ?? DEFAULT_SPILL_LIMITS,
    );
    return this.#spill;
  }

  #endSpill(): void {
    if (this.#spill === null) return;
    this.#dropped += this.#spill.dropped;
    this.#spill.close();
    this.#spill = null;
  }

  /** Back to the file, with everything that was written in memory; or the next try later. */
  #returnWhenDue(): void {
    if (this.#fault === null || this.#options.clock.monotonicMs() < this.#retryAtMs) return;
    for (let tries = 0; tries < MAX_RETURN_TRIES; tries += 1) {
      const returned = this.#attempt(() => {
        this.#claim(this.#openFile());
        const file = this.#openFile();
        this.#spill?.mergeInto(file.store);
        file.setBusyTimeout(BUSY_TIMEOUT_MS);
      });
      if (returned !== undefined) {
        this.#recovered();
        return;
      }
      // Unless a new time was set, the file was replaced or room was made: that is worth another try.
      if (this.#options.clock.monotonicMs() < this.#retryAtMs) return;
    }
  }

  #recovered(): void {
    this.#endSpill();
    this.#fault = null;
    this.#sinceMs = null;
    this.#retryDelayMs = FIRST_RETRY_MS;
    this.#announce();
  }

  /** After {@link close}: opens, does it, closes. Rare, so it may be slow. */
  #useOnce<T>(operation: (journal: JournalOperations) => T): T {
    let file: JournalFile | null = null;
    try {
      file = this.#openPath();
      const result = operation(file.store);
      file.close();
      return result;
    } catch (error) {
      this.#fault = faultOf(error);
      file?.abandon();
      this.#dropped += 1;
      const memory = new Spill(() => null, this.#options.spillLimits ?? DEFAULT_SPILL_LIMITS);
      try {
        return operation(memory);
      } finally {
        memory.close();
      }
    }
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.timers.start(delayMs, () => this.#tick());
  }

  #tick(): void {
    this.#cancelTimer = null;
    this.#returnWhenDue();
    if (this.#fault !== null) {
      if (this.#cancelTimer === null) this.#schedule(this.#retryDelayMs);
      return;
    }
    const changed = this.#attempt(() => this.#cleanUp())?.result ?? 0;
    if (this.#cancelTimer === null) this.#schedule(changed > 0 ? NEXT_STEP_MS : CLEAN_UP_EVERY_MS);
  }

  #cleanUp(): number {
    const file = this.#openFile();
    if (!file.isInPlace()) {
      file.restore();
      this.#file = null;
      return 1;
    }
    const nowMs = this.#options.clock.wallMs();
    const changed = purgeStep(file.store, this.#retention, nowMs);
    if (changed === 0 && this.#wasPurged) truncateWal(file.store);
    this.#wasPurged = changed > 0;
    for (const old of quarantined(this.#options.path)) {
      if (old.modifiedAtMs < nowMs - this.#retention.retentionMs) removeDatabase(old.path);
    }
    return changed;
  }

  /** A number for status; 0 where the file system does not say. */
  #figure(read: () => number): number {
    let figure = 0;
    this.#quietly(() => {
      figure = read();
    });
    return figure;
  }

  #announce(): void {
    this.#options.onChange?.(this.status());
  }

  /** For steps that only help: their failure is the fault that is being handled already. */
  #quietly(work: () => void): void {
    try {
      work();
    } catch (error) {
      faultOf(error);
    }
  }
}

/** A new file was damaged within a minute, so the disk is: shown as such, and tried again later. */
class RepeatedDamage extends Error {
  /** SQLite's code for an input/output error. */
  readonly errcode = 10;
  constructor() {
    super("a new journal file was damaged at once");
    this.name = "RepeatedDamage";
  }
}
