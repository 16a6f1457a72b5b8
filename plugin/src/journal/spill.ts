import { DatabaseSync } from "node:sqlite";
import type {
  IncomingMessage,
  Jid,
  JournalledMessage,
  MessageState,
  OutageEntry,
  OutboundCustody,
  SelfAddress,
} from "../runtime/ports.ts";
import { formOf, plainAddress } from "./addresses.ts";
import type { BufferedPlaintext } from "./decrypt-buffer.ts";
import type { HighWaterMark } from "./high-water.ts";
import type { InboundRow } from "./inbound.ts";
import { setMaxBytes } from "./journal-file.ts";
import { faultOf } from "./journal-fault.ts";
import { JournalStore, tablesOf } from "./journal-store.ts";
import type {
  DecryptedStanza,
  Depth,
  JournalOperations,
  MessageEntry,
  MessageQuery,
  SendEntry,
} from "./operations.ts";
import { newCustody } from "./outbound.ts";
import { migrate } from "./schema.ts";
import { Sql } from "./sql.ts";

/** How much is kept in memory while the file cannot be written. */
export interface SpillLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export const DEFAULT_SPILL_LIMITS: SpillLimits = { maxEntries: 20_000, maxBytes: 64 * 1024 * 1024 };

/**
 * The journal while its file cannot be written: the same tables in memory, in front of what can still be read of the file. A row of the
 * file is copied before it is changed; {@link mergeInto} carries everything over once the file is back. What does not fit is counted and goes on
 * without being remembered, because a message that is answered twice is better than one that is never answered.
 */
export class Spill implements JournalOperations {
  readonly #memory: JournalStore;
  readonly #file: () => JournalStore | null;
  readonly #limits: SpillLimits;
  /** Changes to rows that could not be read: they are made when the file is back. */
  readonly #deferred: ((store: JournalStore) => void)[] = [];
  #spilled = 0;
  #dropped = 0;
  /** Of the rows copied from the file, how many the file counts as unsettled. */
  #copiedUnsettled = 0;

  /** @param file the store behind, readable at best; null while there is none */
  constructor(file: () => JournalStore | null, limits: SpillLimits) {
    const sql = new Sql(new DatabaseSync(":memory:"));
    migrate(sql);
    setMaxBytes(sql, limits.maxBytes);
    this.#memory = new JournalStore(sql);
    this.#file = file;
    this.#limits = limits;
  }

  /** Entries that exist only in memory. */
  get spilled(): number {
    return this.#spilled;
  }

  /** Entries that did not fit. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes everything into the file's store, in one transaction. */
  mergeInto(store: JournalStore): void {
    store.sql.transaction(() => {
      store.mergeFrom(tablesOf(this.#memory));
      for (const change of this.#deferred) change(store);
    });
  }

  /** Only tells the file's store what was settled meanwhile, so that it can remove it: a full file needs that before anything can be added. */
  settleIn(store: JournalStore): void {
    const settled = this.#memory.sql.iterate<InboundRow>(
      "SELECT * FROM inbound WHERE state = 'settled'",
    );
    store.sql.transaction(() => {
      for (const row of settled) {
        store.advance(row.message_id, row.chat, row.state, row.reason, row.state_at_ms);
      }
    });
  }

  /** Gives up the texts of settled messages, as the file does when it has no room. Returns how many there were. */
  forgetSettledTexts(): number {
    const { sql } = this.#memory;
    sql.run(
      "DELETE FROM inbound_body WHERE id IN (SELECT id FROM inbound WHERE state = 'settled')",
    );
    return sql.run("UPDATE inbound SET has_body = 0 WHERE state = 'settled' AND has_body = 1");
  }

  close(): void {
    this.#memory.close();
  }

  receive(message: IncomingMessage, nowMs: number): JournalledMessage {
    this.#copyAddresses([
      message.chat,
      message.chatAlternate,
      message.sender,
      message.senderAlternate,
    ]);
    this.#copyMessage(message.messageId);
    const unremembered = (): JournalledMessage => ({
      message,
      conversation: this.#memory.addresses.canonical(plainAddress(message.chat)),
      receivedAtMs: nowMs,
      duplicate: false,
    });
    if (this.#memory.inbound.hasTwin(message)) return this.#memory.receive(message, nowMs);
    return this.#add(() => this.#memory.receive(message, nowMs), unremembered);
  }

  advance(messageId: string, chat: Jid, state: MessageState, reason: string, nowMs: number): void {
    this.#copyAddresses([chat]);
    const isComplete = this.#copyMessage(messageId);
    const found = this.#memory.inbound.advance(messageId, chat, state, reason, nowMs);
    if (!found && !isComplete) {
      this.#defer((store) => store.advance(messageId, chat, state, reason, nowMs));
    }
  }

  unsettled(limit: number, nowMs: number): readonly JournalledMessage[] {
    const behind = this.#peek((file) => file.unsettled(limit, nowMs)) ?? [];
    const isCopied = (entry: JournalledMessage): boolean =>
      this.#memory.inbound.rowsWithId(entry.message.messageId).length > 0;
    return [...behind.filter((entry) => !isCopied(entry)), ...this.#memory.unsettled(limit, nowMs)]
      .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)
      .slice(0, limit);
  }

  pendingContext(limit: number): readonly JournalledMessage[] {
    const behind = this.#peek((file) => file.pendingContext(limit)) ?? [];
    const isCopied = (entry: JournalledMessage): boolean =>
      this.#memory.inbound.rowsWithId(entry.message.messageId).length > 0;
    return [...behind.filter((entry) => !isCopied(entry)), ...this.#memory.pendingContext(limit)]
      .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)
      .slice(-limit);
  }

  markContextShown(messageId: string, chat: Jid): void {
    this.#copyAddresses([chat]);
    this.#copyMessage(messageId);
    this.#memory.markContextShown(messageId, chat);
    // Merging takes over states; what changes here is only the reason.
    this.#defer((store) => store.markContextShown(messageId, chat));
  }

  findMessage(messageId: string, chat: Jid): IncomingMessage | null {
    this.#copyAddresses([chat]);
    return (
      this.#memory.findMessage(messageId, chat) ??
      this.#peek((file) => file.findMessage(messageId, chat)) ??
      null
    );
  }

  findRaw(messageId: string, chat: Jid): string | null {
    this.#copyAddresses([chat]);
    return (
      this.#memory.findRaw(messageId, chat) ??
      this.#peek((file) => file.findRaw(messageId, chat)) ??
      null
    );
  }

  messages(query: MessageQuery): readonly MessageEntry[] {
    if (query.chat !== undefined) this.#copyAddresses([query.chat]);
    const behind = this.#peek((file) => file.messages(query)) ?? [];
    const isCopied = (entry: MessageEntry): boolean =>
      this.#memory.inbound.rowsWithId(entry.messageId).length > 0;
    return [...behind.filter((entry) => !isCopied(entry)), ...this.#memory.messages(query)]
      .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs)
      .slice(-query.limit);
  }

  /** Of what is in memory: counting the file as well would count copied rows twice. */
  counts(): Readonly<Record<MessageState, number>> {
    return this.#memory.counts();
  }

  depth(nowMs: number): Depth {
    const behind = this.#peek((file) => file.depth(nowMs));
    const here = this.#memory.depth(nowMs);
    const ages = [behind?.oldestUnsettledMs, here.oldestUnsettledMs].filter(
      (age) => typeof age === "number",
    );
    return {
      unsettled:
        Math.max(0, (behind?.unsettled ?? this.#copiedUnsettled) - this.#copiedUnsettled) +
        here.unsettled,
      oldestUnsettledMs: ages.length === 0 ? null : Math.max(...ages),
      spilled: this.#spilled,
    };
  }

  takeCustody(entry: SendEntry, nowMs: number): OutboundCustody {
    this.#copySend(entry.sendId);
    const known = this.#memory.custody(entry.sendId);
    if (known !== null) return known;
    return this.#add(
      () => this.#memory.takeCustody(entry, nowMs),
      () => newCustody(entry),
    );
  }

  updateCustody(
    sendId: string,
    state: OutboundCustody["state"],
    error: string | null,
    nowMs: number,
  ): void {
    this.#changeSend(sendId, (store) => store.outbound.update(sendId, state, error, nowMs));
  }

  beginAttempt(sendId: string): void {
    this.#changeSend(sendId, (store) => store.outbound.beginAttempt(sendId));
  }

  nothingLeft(sendId: string): void {
    this.#changeSend(sendId, (store) => store.outbound.nothingLeft(sendId));
  }

  keepPrepared(sendId: string, message: Uint8Array): void {
    this.#changeSend(sendId, (store) => store.outbound.keepPrepared(sendId, message));
  }

  custody(sendId: string): OutboundCustody | null {
    return this.#memory.custody(sendId) ?? this.#peek((file) => file.custody(sendId)) ?? null;
  }

  custodyByMessageId(messageId: string): OutboundCustody | null {
    return (
      this.#memory.custodyByMessageId(messageId) ??
      this.#peek((file) => file.custodyByMessageId(messageId)) ??
      null
    );
  }

  custodyWithPrefix(prefix: string, limit: number): readonly OutboundCustody[] {
    return this.#withSendsBehind((journal) => journal.custodyWithPrefix(prefix, limit), limit);
  }

  openCustody(limit: number): readonly OutboundCustody[] {
    return this.#withSendsBehind((journal) => journal.openCustody(limit), limit);
  }

  /** Of the file; what is in memory came in for the number that is bound now. */
  readOwner(): SelfAddress {
    return this.#peek((file) => file.readOwner()) ?? { pn: null, lid: null };
  }

  learnAddress(a: Jid, b: Jid, nowMs: number): void {
    this.#copyAddresses([a, b]);
    this.#tryToStore(() => this.#memory.learnAddress(a, b, nowMs));
  }

  canonicalAddress(address: Jid): Jid {
    this.#copyAddresses([address]);
    return this.#memory.canonicalAddress(address);
  }

  storePlaintext(stanza: DecryptedStanza, nowMs: number): void {
    this.#add(
      () => this.#memory.storePlaintext(stanza, nowMs),
      () => undefined,
    );
  }

  findPlaintext(ciphertextHash: string): BufferedPlaintext | "handed-over" | null {
    return (
      this.#memory.findPlaintext(ciphertextHash) ??
      this.#peek((file) => file.findPlaintext(ciphertextHash)) ??
      null
    );
  }

  markUpserted(stanzaId: string, nowMs: number): void {
    this.#memory.markUpserted(stanzaId, nowMs);
    this.#defer((store) => store.markUpserted(stanzaId, nowMs));
  }

  pendingPlaintexts(limit: number): readonly BufferedPlaintext[] {
    const behind = this.#peek((file) => file.pendingPlaintexts(limit)) ?? [];
    return [...behind, ...this.#memory.pendingPlaintexts(limit)].slice(0, limit);
  }

  highWater(chat: Jid): HighWaterMark | null {
    this.#copyAddresses([chat]);
    const here = this.#memory.highWater(chat);
    const behind = this.#peek((file) => file.highWater(chat)) ?? null;
    if (here === null || behind === null) return here ?? behind;
    return here.sentAtMs > behind.sentAtMs ? here : behind;
  }

  recentHighWater(limit: number): readonly HighWaterMark[] {
    const newest = new Map<string, HighWaterMark>();
    const behind = this.#peek((file) => file.recentHighWater(limit)) ?? [];
    for (const mark of [...behind, ...this.#memory.recentHighWater(limit)]) {
      const known = newest.get(mark.conversation);
      if (known === undefined || mark.sentAtMs > known.sentAtMs)
        newest.set(mark.conversation, mark);
    }
    return [...newest.values()].toSorted((a, b) => b.sentAtMs - a.sentAtMs).slice(0, limit);
  }

  recordOutage(entry: OutageEntry): void {
    this.#tryToStore(() => this.#memory.recordOutage(entry));
  }

  recentOutages(limit: number): readonly OutageEntry[] {
    const behind = this.#peek((file) => file.recentOutages(limit)) ?? [];
    const here = this.#memory.recentOutages(limit);
    const isRewritten = (entry: OutageEntry): boolean =>
      here.some((newer) => newer.startedAtMs === entry.startedAtMs);
    return [...here, ...behind.filter((entry) => !isRewritten(entry))]
      .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
      .slice(0, limit);
  }

  keep(name: string, value: string): void {
    this.#tryToStore(() => this.#memory.keep(name, value));
  }

  kept(name: string): string | null {
    return this.#memory.kept(name) ?? this.#peek((file) => file.kept(name)) ?? null;
  }

  /** The file's sends, except those that were copied and may have gone on here. */
  #withSendsBehind(
    read: (journal: JournalStore) => readonly OutboundCustody[],
    limit: number,
  ): readonly OutboundCustody[] {
    const behind = this.#peek(read) ?? [];
    const isCopied = (entry: OutboundCustody): boolean =>
      this.#memory.outbound.rowOf(entry.sendId) !== undefined;
    return [...behind.filter((entry) => !isCopied(entry)), ...read(this.#memory)].slice(0, limit);
  }

  /** Adds a message, send or plaintext while there is room, else counts it and takes the way without memory. */
  #add<T>(store: () => T, without: () => T): T {
    if (this.#spilled < this.#limits.maxEntries) {
      const stored = this.#tryToStore(store);
      if (stored !== undefined) {
        this.#spilled += 1;
        return stored.result;
      }
    }
    this.#dropped += 1;
    return without();
  }

  /** Undefined when the memory's byte limit is reached; any other error is a defect and goes on. */
  #tryToStore<T>(store: () => T): { readonly result: T } | undefined {
    try {
      return { result: store() };
    } catch (error) {
      if (faultOf(error).id !== "full") throw error;
      return undefined;
    }
  }

  #defer(change: (store: JournalStore) => void): void {
    if (this.#deferred.length < this.#limits.maxEntries) this.#deferred.push(change);
    else this.#dropped += 1;
  }

  /** Asks the file; undefined when it cannot be read either. */
  #peek<T>(read: (file: JournalStore) => T): T | undefined {
    const file = this.#file();
    if (file === null) return undefined;
    try {
      return read(file);
    } catch (error) {
      faultOf(error);
      return undefined;
    }
  }

  /** Brings the file's rows of this id to memory. False when the file could not be asked. */
  #copyMessage(messageId: string): boolean {
    if (this.#memory.inbound.rowsWithId(messageId).length > 0) return true;
    const rows = this.#peek((file) => file.inbound.rowsWithId(messageId));
    for (const row of rows ?? []) {
      this.#memory.inbound.insert(row);
      if (row.state !== "settled") this.#copiedUnsettled += 1;
    }
    return rows !== undefined;
  }

  #changeSend(sendId: string, change: (store: JournalStore) => boolean): void {
    const isComplete = this.#copySend(sendId);
    if (!change(this.#memory) && !isComplete) this.#defer((store) => void change(store));
  }

  #copySend(sendId: string): boolean {
    if (this.#memory.outbound.rowOf(sendId) !== undefined) return true;
    const found = this.#peek((file) => ({ row: file.outbound.rowOf(sendId) }));
    if (found?.row !== undefined) this.#memory.outbound.merge(found.row);
    return found !== undefined;
  }

  /** Pairs that the file knows, so that two addresses of one person are compared as they always were. */
  #copyAddresses(addresses: readonly (Jid | null)[]): void {
    for (const address of addresses) {
      const plain = address === null ? null : plainAddress(address);
      if (plain === null || formOf(plain) === "other") continue;
      const forms = this.#peek((file) => file.addresses.formsOf(plain)) ?? [];
      const lid = forms.find((form) => formOf(form) === "lid");
      if (lid === undefined) continue;
      for (const pn of forms) {
        if (pn !== lid) this.#memory.addresses.learn(pn, lid, 0);
      }
    }
  }
}
