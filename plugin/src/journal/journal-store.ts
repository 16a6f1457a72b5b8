import type {
  IncomingMessage,
  Jid,
  JournalledMessage,
  MessageState,
  OutageEntry,
  OutboundCustody,
  SelfAddress,
} from "../runtime/ports.ts";
import { Addresses, formOf, plainAddress } from "./addresses.ts";
import {
  type BufferedPlaintext,
  type BufferRow,
  DecryptBuffer,
  type DecryptedRow,
} from "./decrypt-buffer.ts";
import { HighWater, type HighWaterMark, type HighWaterRow } from "./high-water.ts";
import { Inbound, type InboundRow } from "./inbound.ts";
import type {
  DecryptedStanza,
  Depth,
  JournalOperations,
  MessageEntry,
  MessageQuery,
  SendEntry,
} from "./operations.ts";
import { type OutageRow, Outages } from "./outages.ts";
import { Outbound, type OutboundRow } from "./outbound.ts";
import type { Sql } from "./sql.ts";

/**
 * The tables of one journal, wherever they are: in the account's file, or in memory while the file cannot be written. Every method is one
 * transaction or part of the caller's.
 */
export class JournalStore implements JournalOperations {
  readonly sql: Sql;
  readonly addresses: Addresses;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly #decryptBuffer: DecryptBuffer;
  readonly #highWater: HighWater;
  readonly #outages: Outages;

  /** @param sql a database with the current schema */
  constructor(sql: Sql) {
    this.sql = sql;
    this.addresses = new Addresses(sql);
    this.inbound = new Inbound(sql, this.addresses);
    this.outbound = new Outbound(sql);
    this.#decryptBuffer = new DecryptBuffer(sql);
    this.#highWater = new HighWater(sql, this.addresses);
    this.#outages = new Outages(sql);
  }

  receive(message: IncomingMessage, nowMs: number): JournalledMessage {
    return this.sql.transaction(() => {
      for (const [address, alternate] of addressPairs(message)) {
        this.learnAddress(address, alternate, nowMs);
      }
      const entry = this.inbound.receive(message, nowMs);
      if (!entry.duplicate) this.#highWater.raise(message, nowMs);
      return entry;
    });
  }

  advance(messageId: string, chat: Jid, state: MessageState, reason: string, nowMs: number): void {
    this.inbound.advance(messageId, chat, state, reason, nowMs);
  }

  unsettled(limit: number, nowMs: number): readonly JournalledMessage[] {
    return this.inbound.unsettled(limit, nowMs);
  }

  pendingContext(limit: number): readonly JournalledMessage[] {
    return this.inbound.pendingContext(limit);
  }

  markContextShown(messageId: string, chat: Jid): void {
    this.inbound.markContextShown(messageId, chat);
  }

  findMessage(messageId: string, chat: Jid): IncomingMessage | null {
    return this.inbound.findMessage(messageId, chat);
  }

  findRaw(messageId: string, chat: Jid): string | null {
    return this.inbound.findRaw(messageId, chat);
  }

  messages(query: MessageQuery): readonly MessageEntry[] {
    return this.inbound.messages(query);
  }

  counts(): Readonly<Record<MessageState, number>> {
    return this.inbound.counts();
  }

  depth(nowMs: number): Depth {
    const { unsettled, oldestReceivedAtMs } = this.inbound.depth();
    const oldestUnsettledMs =
      oldestReceivedAtMs === null ? null : Math.max(0, nowMs - oldestReceivedAtMs);
    return { unsettled, oldestUnsettledMs, spilled: 0 };
  }

  takeCustody(entry: SendEntry, nowMs: number): OutboundCustody {
    return this.outbound.take(entry, nowMs);
  }

  updateCustody(
    sendId: string,
    state: OutboundCustody["state"],
    error: string | null,
    nowMs: number,
  ): void {
    this.outbound.update(sendId, state, error, nowMs);
  }

  beginAttempt(sendId: string): void {
    this.outbound.beginAttempt(sendId);
  }

  nothingLeft(sendId: string): void {
    this.outbound.nothingLeft(sendId);
  }

  keepPrepared(sendId: string, message: Uint8Array): void {
    this.outbound.keepPrepared(sendId, message);
  }

  custody(sendId: string): OutboundCustody | null {
    return this.outbound.find(sendId);
  }

  custodyByMessageId(messageId: string): OutboundCustody | null {
    return this.outbound.findByMessageId(messageId);
  }

  custodyWithPrefix(prefix: string, limit: number): readonly OutboundCustody[] {
    return this.outbound.withPrefix(prefix, limit);
  }

  openCustody(limit: number): readonly OutboundCustody[] {
    return this.outbound.open(limit);
  }

  /** Learns a pair in either order; anything that is not one PN and one LID is no pair. */
  learnAddress(a: Jid, b: Jid, nowMs: number): void {
    const [left, right] = [plainAddress(a), plainAddress(b)];
    const [pn, lid] = formOf(left) === "pn" ? [left, right] : [right, left];
    if (formOf(pn) !== "pn" || formOf(lid) !== "lid") return;
    this.sql.transaction(() => {
      if (this.addresses.learn(pn, lid, nowMs) !== "new") return;
      this.inbound.settleTwins(pn, lid, nowMs);
      this.#highWater.join(pn, lid);
    });
  }

  canonicalAddress(address: Jid): Jid {
    return this.addresses.canonical(plainAddress(address));
  }

  storePlaintext(stanza: DecryptedStanza, nowMs: number): void {
    this.#decryptBuffer.store(stanza, nowMs);
  }

  findPlaintext(ciphertextHash: string): BufferedPlaintext | "handed-over" | null {
    return this.#decryptBuffer.find(ciphertextHash);
  }

  markUpserted(stanzaId: string, nowMs: number): void {
    this.#decryptBuffer.markUpserted(stanzaId, nowMs);
  }

  pendingPlaintexts(limit: number): readonly BufferedPlaintext[] {
    return this.#decryptBuffer.pending(limit);
  }

  highWater(chat: Jid): HighWaterMark | null {
    return this.#highWater.of(chat);
  }

  recentHighWater(limit: number): readonly HighWaterMark[] {
    return this.#highWater.recent(limit);
  }

  recordOutage(entry: OutageEntry): void {
    this.#outages.record(entry);
  }

  recentOutages(limit: number): readonly OutageEntry[] {
    return this.#outages.recent(limit);
  }

  /** Parts of the plugin keep small memories of their own here, each under its name. */
  keep(name: string, value: string): void {
    this.writeMeta(`${KEPT}${name}`, value);
  }

  kept(name: string): string | null {
    return this.readMeta(`${KEPT}${name}`);
  }

  /** Whether this journal is somebody else's. */
  belongsToAnother(self: SelfAddress): boolean {
    return isSomebodyElse(this.readOwner(), self);
  }

  /** Whose messages these are, as last confirmed at login. */
  readOwner(): SelfAddress {
    return { pn: this.readMeta(OWNER_PN), lid: this.readMeta(OWNER_LID) };
  }

  writeOwner(self: SelfAddress): void {
    if (self.pn !== null) this.writeMeta(OWNER_PN, self.pn);
    if (self.lid !== null) this.writeMeta(OWNER_LID, self.lid);
  }

  readMeta(name: string): string | null {
    return (
      this.sql.get<{ value: string }>("SELECT value FROM meta WHERE name = ?", name)?.value ?? null
    );
  }

  writeMeta(name: string, value: string): void {
    this.sql.run(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
  }

  /**
   * Takes over what another store has: the spill when the file can be written again, or what can still be read of a damaged file. Returns how many
   * messages and sends were in it.
   */
  mergeFrom(other: TableReader): number {
    return this.sql.transaction(() => {
      const owner = this.readOwner();
      for (const { name, value } of other.rows<MetaRow>("meta")) {
        if (name === OWNER_PN && owner.pn === null) this.writeMeta(name, value);
        if (name === OWNER_LID && owner.lid === null) this.writeMeta(name, value);
        if (name.startsWith(KEPT)) this.writeMeta(name, value);
      }
      for (const row of other.rows<AddressRow>("address")) {
        this.learnAddress(row.pn, row.lid, row.seen_at_ms);
      }
      let taken = 0;
      for (const row of other.rows<InboundRow>("message")) {
        this.inbound.merge(row);
        taken += 1;
      }
      for (const row of other.rows<OutboundRow>("outbound")) {
        this.outbound.merge(row);
        taken += 1;
      }
      for (const row of other.rows<DecryptedRow>("decrypted")) this.#decryptBuffer.remember(row);
      for (const row of other.rows<BufferRow>("decrypt_buffer")) this.#decryptBuffer.merge(row);
      for (const row of other.rows<HighWaterRow>("high_water")) this.#highWater.merge(row);
      for (const row of other.rows<OutageRow>("outage")) this.#outages.merge(row);
      return taken;
    });
  }

  close(): void {
    this.sql.close();
  }
}

/**
 * One matching address suffices to be the same: a person keeps the hidden id when the number changes, and a number that was set up again may
 * have a new hidden id. What cannot be compared does not speak against it.
 */
export function isSomebodyElse(known: SelfAddress, given: SelfAddress): boolean {
  const pairs = [
    [known.pn, given.pn],
    [known.lid, given.lid],
  ].filter(([one, other]) => one !== null && other !== null);
  return pairs.length > 0 && pairs.every(([one, other]) => one !== other);
}

const OWNER_PN = "self-pn";
const OWNER_LID = "self-lid";
const KEPT = "kept:";

/** Tables whose rows can be carried from one store to another. */
export const MERGED_TABLES = {
  meta: "SELECT rowid AS position, * FROM meta",
  address: "SELECT rowid AS position, * FROM address",
  message: "SELECT id AS position, * FROM message",
  outbound: "SELECT rowid AS position, * FROM outbound",
  decrypted: "SELECT rowid AS position, * FROM decrypted",
  decrypt_buffer: "SELECT rowid AS position, * FROM decrypt_buffer",
  high_water: "SELECT rowid AS position, * FROM high_water",
  outage: "SELECT rowid AS position, * FROM outage",
} as const;
export type MergedTable = keyof typeof MERGED_TABLES;

export interface TableReader {
  rows<T extends object>(table: MergedTable): Iterable<T>;
}

interface MetaRow {
  readonly name: string;
  readonly value: string;
}

interface AddressRow {
  readonly pn: string;
  readonly lid: string;
  readonly seen_at_ms: number;
}

/** Reads a healthy store, in the order in which rows were written. */
export function tablesOf({ sql }: JournalStore): TableReader {
  return {
    rows: <T extends object>(table: MergedTable): Iterable<T> =>
      sql.iterate<T>(`${MERGED_TABLES[table]} ORDER BY position`),
  };
}

function addressPairs(message: IncomingMessage): [Jid, Jid][] {
  const pairs: [Jid, Jid][] = [];
  if (message.chatAlternate !== null) pairs.push([message.chat, message.chatAlternate]);
  if (message.senderAlternate !== null) pairs.push([message.sender, message.senderAlternate]);
  return pairs;
}
