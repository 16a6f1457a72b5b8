import type { Clock, Jid, Journal } from "../runtime/ports.ts";
import { intakeOf } from "./incoming-message.ts";
import type { BinaryNode, WAMessage, WAMessageKey } from "./library.ts";
import type { LibraryFact } from "./quiet-logger.ts";
import { rawErrorOf } from "./raw-error.ts";
import type { SocketSeam } from "./socket-seam.ts";

/** What the rest of the socket asks about what came in. */
export interface InboundWatch {
  /** Key of a message stanza seen on this socket, for asking the phone for it again. */
  keyOf(messageId: string): WAMessageKey | undefined;
  /** Who wrote the stanzas without a message of the chat to which this one belongs; the most recent, bounded. */
  unreadableAuthors(messageId: string): readonly Jid[];
  onLibraryFact(fact: Exclude<LibraryFact, { type: "stanza" }>): void;
  /** The socket ends: stanzas that were receipted and brought no message are named, because nobody will send them again. */
  close(): void;
}

const MAX_STANZAS = 5_000;
const STANZA_CLASSES = ["message", "receipt", "notification", "call"] as const;

interface StanzaNote {
  readonly key: WAMessageKey;
  receipted: boolean;
  /** What was reported of it: a message (or nothing for anybody), or the reason why there is none. */
  reported: "message" | "orphan" | null;
}

/**
 * Everything that arrives, in the order of the wire: stanzas before decryption, then messages, each handed over synchronously inside the
 * library's event so that it is in the journal before anything else happens.
 */
export function attachInbound(
  seam: SocketSeam,
  parts: { readonly clock: Clock; readonly journal: Pick<Journal, "learnAddress"> },
): InboundWatch {
  const stanzas = new Map<string, StanzaNote>();
  const { sock, socketId, report } = seam;

  attachDrain(seam);
  sock.ws.on("CB:message", (node: BinaryNode) => {
    note(stanzas, node);
    const { id, from } = node.attrs;
    // rc14 refuses these without a word (`handleMessage`).
    if (id === undefined || from === undefined || !isBotMessage(node)) return;
    const chat = seam.baileys.jidNormalizedUser(from);
    orphan(seam, stanzas, { messageId: id, chat, why: "undecryptable" });
  });
  sock.ev.on("messages.upsert", ({ messages, type }) => {
    const via = type === "append" ? "offline" : "live";
    for (const message of messages) take(seam, parts.clock, stanzas, message, via);
  });
  // A message whose content came later, e.g. the phone's answer to a placeholder request.
  sock.ev.on("messages.update", (updates) => {
    for (const { key, update } of updates) {
      if (update.message === null || update.message === undefined) continue;
      take(seam, parts.clock, stanzas, { ...update, key }, "live");
    }
  });
  sock.ev.on("lid-mapping.update", ({ pn, lid }) => {
    parts.journal.learnAddress(
      seam.baileys.jidNormalizedUser(pn),
      seam.baileys.jidNormalizedUser(lid),
    );
  });

  return {
    keyOf: (messageId) => stanzas.get(messageId)?.key,
    unreadableAuthors: (messageId) => unreadableAuthors(stanzas, messageId),
    onLibraryFact(fact) {
      switch (fact.type) {
        case "receipt":
          for (const stanzaId of fact.messageIds) receipted(seam, stanzas, stanzaId);
          return;
        case "undecryptable":
          orphan(seam, stanzas, {
            messageId: fact.messageId,
            chat: fact.chat === null ? null : seam.baileys.jidNormalizedUser(fact.chat),
            why: isKeyUsed(seam, fact.error) ? "key-used" : "undecryptable",
          });
          return;
      }
    },
    close() {
      for (const [messageId, stanza] of stanzas) {
        if (!stanza.receipted || stanza.reported !== null) continue;
        const chat = stanza.key.remoteJid ?? null;
        report({ kind: "message.orphaned", socketId, messageId, chat, why: "no-upsert" });
      }
      stanzas.clear();
    },
  };
}

const MAX_AUTHORS = 10;

function unreadableAuthors(
  stanzas: ReadonlyMap<string, StanzaNote>,
  messageId: string,
): readonly Jid[] {
  const chat = stanzas.get(messageId)?.key.remoteJid;
  const authors = [...stanzas.values()]
    .filter(({ key, reported }) => reported === "orphan" && key.remoteJid === chat)
    .flatMap(({ key }) => key.participant ?? key.remoteJid ?? []);
  return [...new Set(authors)].slice(-MAX_AUTHORS);
}

function attachDrain({ sock, socketId, report }: SocketSeam): void {
  sock.ws.on("CB:ib,,offline_preview", (node: BinaryNode) => {
    const attrs = childAttributes(node, "offline_preview");
    report({
      kind: "drain.previewed",
      socketId,
      announced: countOf(attrs["count"]),
      messages: countOf(attrs["message"]),
      receipts: countOf(attrs["receipt"]),
      notifications: countOf(attrs["notification"]),
    });
  });
  sock.ws.on("CB:ib,,offline", (node: BinaryNode) => {
    const attrs = childAttributes(node, "offline");
    report({ kind: "drain.ended", socketId, delivered: countOf(attrs["count"]) });
  });
  for (const stanzaClass of STANZA_CLASSES) {
    sock.ws.on(`CB:${stanzaClass}`, ({ attrs }: BinaryNode) => {
      if (attrs["offline"] === undefined || attrs["id"] === undefined) return;
      report({
        kind: "stanza.received",
        socketId,
        stanzaId: attrs["id"],
        class: attrs["from"] === "status@broadcast" ? "status" : stanzaClass,
      });
    });
  }
}

/** One message: journalled by the listener before this returns. A failure there concerns this message only, and is visible. */
function take(
  seam: SocketSeam,
  clock: Clock,
  stanzas: Map<string, StanzaNote>,
  raw: WAMessage,
  via: "live" | "offline",
): void {
  if (seam.isEnded()) return;
  try {
    const intake = intakeOf(seam.baileys, raw, {
      socketId: seam.socketId,
      via,
      self: seam.self(),
      nowMs: clock.wallMs(),
    });
    switch (intake.type) {
      case "message":
        markReported(stanzas, intake.message.messageId, "message");
        seam.listener.onMessage(intake.message);
        return;
      case "orphan":
        // A failed decryption was reported when it failed; its stub comes after the retry request, when the stanza may have been sent again.
        if (intake.why === "unavailable") orphan(seam, stanzas, intake);
        return;
      case "nothing":
        skip(seam, stanzas, raw.key.id ?? "", via);
        return;
    }
  } catch (error) {
    seam.report({
      kind: "fault.raised",
      origin: "listener",
      socketId: seam.socketId,
      error: rawErrorOf(error),
    });
  }
}

/** Group events and other stubs are no message stanzas, so there is nothing to be accounted for. */
function skip(
  seam: SocketSeam,
  stanzas: Map<string, StanzaNote>,
  messageId: string,
  via: "live" | "offline",
): void {
  const stanza = stanzas.get(messageId);
  if (stanza === undefined || stanza.reported !== null) return;
  stanza.reported = "message";
  const { socketId } = seam;
  seam.report({ kind: "message.skipped", socketId, messageId, via, why: "no-content" });
}

function orphan(
  seam: SocketSeam,
  stanzas: Map<string, StanzaNote>,
  found: {
    readonly messageId: string;
    readonly chat: Jid | null;
    readonly why: "undecryptable" | "unavailable" | "key-used";
  },
): void {
  // One stanza may hold several ciphertexts, and the copy of a message that was read is no orphan.
  if ((stanzas.get(found.messageId)?.reported ?? null) !== null) return;
  markReported(stanzas, found.messageId, "orphan");
  const { messageId, chat, why } = found;
  seam.report({ kind: "message.orphaned", socketId: seam.socketId, messageId, chat, why });
}

function receipted(seam: SocketSeam, stanzas: Map<string, StanzaNote>, stanzaId: string): void {
  // The line is written before the stanza; on a dead socket the write fails.
  if (!seam.sock.ws.isOpen) return;
  const stanza = stanzas.get(stanzaId);
  if (stanza !== undefined) stanza.receipted = true;
  seam.report({ kind: "stanza.receipted", socketId: seam.socketId, stanzaId });
}

function note(stanzas: Map<string, StanzaNote>, node: BinaryNode): void {
  const { id, from, participant, recipient } = node.attrs;
  if (id === undefined || from === undefined) return;
  // A stanza that is sent again because it could not be read has the same id and is judged anew.
  if (stanzas.get(id)?.reported === "message") return;
  stanzas.delete(id);
  stanzas.set(id, {
    key: {
      id,
      remoteJid: recipient ?? from,
      fromMe: recipient !== undefined,
      ...(participant === undefined ? {} : { participant }),
    },
    receipted: false,
    reported: null,
  });
  if (stanzas.size <= MAX_STANZAS) return;
  const [oldest] = stanzas.keys();
  if (oldest !== undefined) stanzas.delete(oldest);
}

function markReported(
  stanzas: Map<string, StanzaNote>,
  messageId: string,
  as: "message" | "orphan",
): void {
  const stanza = stanzas.get(messageId);
  if (stanza !== undefined) stanza.reported = as;
}

function isBotMessage({ content }: BinaryNode): boolean {
  if (!Array.isArray(content)) return false;
  return content.find(({ tag }) => tag === "enc")?.attrs["type"] === "msmsg";
}

function isKeyUsed(seam: SocketSeam, error: unknown): boolean {
  return error instanceof Error && error.message === seam.baileys.MISSING_KEYS_ERROR_TEXT;
}

function childAttributes(node: BinaryNode, tag: string): Readonly<Record<string, string>> {
  if (!Array.isArray(node.content)) return {};
  return node.content.find((child) => child.tag === tag)?.attrs ?? {};
}

function countOf(text: string | undefined): number {
  const value = Number(text ?? "0");
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
