import type { AccountId } from "../events/index.ts";
import type {
  Clock,
  IncomingMessage,
  Jid,
  Journal,
  JournalledMessage,
  MediaProblem,
  MessageState,
  OutageEntry,
  OutboundCustody,
  SelfAddress,
  Timers,
} from "../runtime/ports.ts";
import { journalPath, mediaFolder } from "./account-folder.ts";
import type { BufferedPlaintext } from "./decrypt-buffer.ts";
import type { HighWaterMark } from "./high-water.ts";
import type { JournalStatus } from "./journal-status.ts";
import { JournalVault } from "./journal-vault.ts";
import { MediaStore } from "./media-store.ts";
import type {
  DecryptedStanza,
  Depth,
  MessageEntry,
  MessageQuery,
  SendEntry,
} from "./operations.ts";
import type { JournalSettings } from "./retention.ts";
import type { SpillLimits } from "./spill.ts";

export interface OpenJournalOptions {
  /** The gateway's state directory; the journal lies below it in a folder of its own. */
  readonly stateDir: string;
  readonly accountId: AccountId;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: JournalSettings;
  /** @defaultValue {@link DEFAULT_SPILL_LIMITS} */
  readonly spillLimits?: SpillLimits;
  /** Called when the file became unusable or usable again, and when one was set aside. */
  readonly onChange?: (status: JournalStatus) => void;
}

/** The journal of one account with everything that goes beyond the port of the runtime. */
export interface AccountJournal extends Journal {
  /**
   * Says whose messages these are, as soon as the server confirmed it. When the journal belongs to another number it is set aside with all its
   * texts and a new one is begun; `same` otherwise. Either address form suffices to recognise somebody.
   */
  bindOwner(self: SelfAddress): "same" | "another";
  /** Removes everything, also what was set aside: for a logout. The journal can be used further and is empty. */
  purge(): void;
  /** Takes effect with the next clean-up. */
  configure(settings: JournalSettings): void;
  status(): JournalStatus;

  messages(query: MessageQuery): readonly MessageEntry[];
  /** The form that stands for a person or chat: the LID where it is known. For pseudonyms that do not change with the addressing. */
  canonicalAddress(address: Jid): Jid;

  /** Keeps a plaintext until its message is handed over; must return before the ratchet is written. */
  storePlaintext(stanza: DecryptedStanza): void;
  findPlaintext(ciphertextHash: string): BufferedPlaintext | "handed-over" | null;
  markUpserted(stanzaId: string): void;
  pendingPlaintexts(limit: number): readonly BufferedPlaintext[];

  /** The newest message of a chat that is safe, under either of its addresses. */
  highWater(chat: Jid): HighWaterMark | null;
  recentHighWater(limit: number): readonly HighWaterMark[];

  recordOutage(entry: OutageEntry): void;
  recentOutages(limit: number): readonly OutageEntry[];
}

/** Opens an account's journal. Never throws for the state of the disk: the journal works in memory then and says so. */
export function openJournal(options: OpenJournalOptions): AccountJournal {
  return new SqliteJournal(options);
}

/** More open sends than this are no queue any more; their files are left alone. */
const MAX_OPEN = 10_000;

class SqliteJournal implements AccountJournal {
  readonly #clock: Clock;
  readonly #vault: JournalVault;
  readonly #media: MediaStore;
  #settings: JournalSettings;

  constructor(options: OpenJournalOptions) {
    const { stateDir, accountId, onChange, ...rest } = options;
    this.#clock = options.clock;
    this.#settings = options.settings;
    // As much again as the journal itself may have.
    this.#media = new MediaStore(
      mediaFolder(stateDir, accountId),
      () => this.#settings.maxMegabytes * 1024 * 1024,
    );
    this.#vault = new JournalVault({
      ...rest,
      path: journalPath(stateDir, accountId),
      onChange: (status) => onChange?.({ ...status, media: this.#media.status() }),
    });
    this.#sweepMedia();
  }

  /** Only when the journal can say what is still needed. */
  #sweepMedia(): void {
    if (this.#vault.status().state !== "ok") return;
    const open = this.openCustody(MAX_OPEN);
    if (open.length === MAX_OPEN) return;
    this.#media.sweep(
      open.map(({ sendId }) => sendId),
      this.#now(),
    );
  }

  receive(message: IncomingMessage, nowMs: number): JournalledMessage {
    return this.#vault.use((journal) => journal.receive(message, nowMs));
  }

  advance(messageId: string, chat: Jid, state: MessageState, reason: string): void {
    this.#vault.use((journal) => journal.advance(messageId, chat, state, reason, this.#now()));
  }

  unsettled(limit: number): readonly JournalledMessage[] {
    return this.#vault.use((journal) => journal.unsettled(limit, this.#now()));
  }

  pendingContext(limit: number): readonly JournalledMessage[] {
    return this.#vault.use((journal) => journal.pendingContext(limit));
  }

  markContextShown(messageId: string, chat: Jid): void {
    this.#vault.use((journal) => journal.markContextShown(messageId, chat));
  }

  findMessage(messageId: string, chat: Jid): IncomingMessage | null {
    return this.#vault.use((journal) => journal.findMessage(messageId, chat));
  }

  findRaw(messageId: string, chat: Jid): string | null {
    return this.#vault.use((journal) => journal.findRaw(messageId, chat));
  }

  messages(query: MessageQuery): readonly MessageEntry[] {
    return this.#vault.use((journal) => journal.messages(query));
  }

  takeCustody(entry: SendEntry): OutboundCustody {
    return this.#vault.use((journal) => journal.takeCustody(entry, this.#now()));
  }

  updateCustody(sendId: string, state: OutboundCustody["state"], error: string | null): void {
    this.#vault.use((journal) => journal.updateCustody(sendId, state, error, this.#now()));
    if (state !== "queued" && state !== "written") this.#media.discard(sendId);
  }

  beginAttempt(sendId: string): void {
    this.#vault.use((journal) => journal.beginAttempt(sendId));
  }

  nothingLeft(sendId: string): void {
    this.#vault.use((journal) => journal.nothingLeft(sendId));
  }

  keepPrepared(sendId: string, message: Uint8Array): void {
    this.#vault.use((journal) => journal.keepPrepared(sendId, message));
  }

  keepMedia(
    sendId: string,
    source: string | Uint8Array,
  ): Promise<{ readonly path: string } | { readonly problem: MediaProblem }> {
    return this.#media.keep(sendId, source);
  }

  owner(): SelfAddress {
    return this.#vault.use((journal) => journal.readOwner());
  }

  custody(sendId: string): OutboundCustody | null {
    return this.#vault.use((journal) => journal.custody(sendId));
  }

  custodyByMessageId(messageId: string): OutboundCustody | null {
    return this.#vault.use((journal) => journal.custodyByMessageId(messageId));
  }

  custodyWithPrefix(prefix: string, limit: number): readonly OutboundCustody[] {
    return this.#vault.use((journal) => journal.custodyWithPrefix(prefix, limit));
  }

  openCustody(limit: number): readonly OutboundCustody[] {
    return this.#vault.use((journal) => journal.openCustody(limit));
  }

  learnAddress(pn: Jid, lid: Jid): void {
    this.#vault.use((journal) => journal.learnAddress(pn, lid, this.#now()));
  }

  canonicalAddress(address: Jid): Jid {
    return this.#vault.use((journal) => journal.canonicalAddress(address));
  }

  depth(): Depth {
    return this.#vault.use((journal) => journal.depth(this.#now()));
  }

  storePlaintext(stanza: DecryptedStanza): void {
    this.#vault.use((journal) => journal.storePlaintext(stanza, this.#now()));
  }

  findPlaintext(ciphertextHash: string): BufferedPlaintext | "handed-over" | null {
    return this.#vault.use((journal) => journal.findPlaintext(ciphertextHash));
  }

  markUpserted(stanzaId: string): void {
    this.#vault.use((journal) => journal.markUpserted(stanzaId, this.#now()));
  }

  pendingPlaintexts(limit: number): readonly BufferedPlaintext[] {
    return this.#vault.use((journal) => journal.pendingPlaintexts(limit));
  }

  highWater(chat: Jid): HighWaterMark | null {
    return this.#vault.use((journal) => journal.highWater(chat));
  }

  recentHighWater(limit: number): readonly HighWaterMark[] {
    return this.#vault.use((journal) => journal.recentHighWater(limit));
  }

  recordOutage(entry: OutageEntry): void {
    this.#vault.use((journal) => journal.recordOutage(entry));
  }

  recentOutages(limit: number): readonly OutageEntry[] {
    return this.#vault.use((journal) => journal.recentOutages(limit));
  }

  keep(name: string, value: string): void {
    this.#vault.use((journal) => journal.keep(name, value));
  }

  kept(name: string): string | null {
    return this.#vault.use((journal) => journal.kept(name));
  }

  bindOwner(self: SelfAddress): "same" | "another" {
    const verdict = this.#vault.bindOwner(self);
    if (verdict === "another") this.#media.clear();
    return verdict;
  }

  purge(): void {
    this.#vault.purge();
    this.#media.clear();
  }

  configure(settings: JournalSettings): void {
    this.#settings = settings;
    this.#vault.configure(settings);
  }

  status(): JournalStatus {
    return { ...this.#vault.status(), media: this.#media.status() };
  }

  close(): void {
    this.#vault.close();
  }

  #now(): number {
    return this.#clock.wallMs();
  }
}
