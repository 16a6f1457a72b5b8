import { createHash } from "node:crypto";
import type { Clock, DecryptMemory, IncomingMessage } from "../runtime/ports.ts";
import { intakeOf } from "./incoming-message.ts";
import type {
  Baileys,
  BinaryNode,
  SignalKeyStoreWithTransaction,
  UserFacingSocketConfig,
} from "./library.ts";
import { rawErrorOf } from "./raw-error.ts";
import type { SocketSeam } from "./socket-seam.ts";

type MakeSignalRepository = NonNullable<UserFacingSocketConfig["makeSignalRepository"]>;
type SignalRepository = ReturnType<MakeSignalRepository>;

/** Stanzas whose ciphertexts are remembered until they are decrypted; older ones are stored without their facts. */
const MAX_STANZAS = 2_000;
/** Plaintexts handed over again at one opening; the rest follows at the next. */
const MAX_INJECTED = 500;

interface StanzaFacts {
  readonly stanzaId: string;
  readonly chat: string;
  readonly sender: string;
  readonly stanza: string;
}

/**
 * Closes the window between decryption and hand-over. Decrypting moves the ratchet on, so a stanza can be decrypted once only; rc14 then
 * sends the receipt and hands the message over last. When the socket or the process ends in between, the server sends the stanza again and
 * rc14 throws it away as "Key used already". Here the plaintext is stored inside the same transaction, before the ratchet is written:
 * the redelivered stanza finds it by the hash of its ciphertext, and one that never comes again is handed over at the next opening.
 */
export class DurableDecryption {
  readonly #baileys: Baileys;
  readonly #memory: DecryptMemory;
  readonly #clock: Clock;
  readonly #stanzas = new Map<string, StanzaFacts>();
  /** Decrypted on this socket before it was open: their messages are on their way. Not told by time, because a clock may be set back. */
  #decryptedHere: Set<string> | null = new Set();

  constructor(baileys: Baileys, memory: DecryptMemory, clock: Clock) {
    this.#baileys = baileys;
    this.#memory = memory;
    this.#clock = clock;
  }

  /** Goes into the library's public option of the same name. */
  readonly makeSignalRepository: MakeSignalRepository = (auth, logger, pnToLid) => {
    const { makeSignalRepository } = this.#baileys.DEFAULT_CONNECTION_CONFIG;
    const repository: SignalRepository = makeSignalRepository(auth, logger, pnToLid);
    // The library hands its own transactional store over, which the type leaves open.
    const keys = auth.keys as SignalKeyStoreWithTransaction;
    return {
      ...repository,
      decryptMessage: (options) =>
        this.#decryptOnce(
          options.ciphertext,
          (decrypt) => keys.transaction(decrypt, options.jid),
          () => repository.decryptMessage(options),
        ),
      decryptGroupMessage: (options) =>
        this.#decryptOnce(
          options.msg,
          (decrypt) => keys.transaction(decrypt, options.group),
          () => repository.decryptGroupMessage(options),
        ),
    };
  };

  /** Follows a socket from its creation: which stanza a ciphertext belongs to, and what a former socket left. */
  attach(seam: SocketSeam): void {
    seam.sock.ws.on("CB:message", (node: BinaryNode) => this.#note(node));
    seam.sock.ev.on("connection.update", ({ connection }) => {
      if (connection === "open") this.#injectPending(seam);
    });
  }

  /** The message of this stanza was handed over; its plaintext need not be kept for that any more. */
  handedOver(messageId: string): void {
    this.#memory.markUpserted(messageId);
  }

  async #decryptOnce(
    ciphertext: Uint8Array,
    inTransaction: (decrypt: () => Promise<Uint8Array>) => Promise<Uint8Array>,
    decrypt: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const ciphertextHash = hashOf(ciphertext);
    const known = this.#memory.findPlaintext(ciphertextHash);
    // `handed-over`: nothing is kept of it, so the library answers as it always does and the journal knows the message.
    if (known !== null && known !== "handed-over") return Buffer.from(known.plaintext);
    const facts = this.#stanzas.get(ciphertextHash) ?? UNKNOWN_STANZA;
    // For nobody here, and rc14 would refuse what it cannot read (see EMPTY_MESSAGE).
    if (facts.chat === STATUS_CHAT) return decrypt().catch(() => EMPTY_MESSAGE);
    return inTransaction(async () => {
      const plaintext = await decrypt();
      this.#decryptedHere?.add(ciphertextHash);
      this.#memory.storePlaintext({ ciphertextHash, plaintext, ...facts });
      return plaintext;
    });
  }

  #note(node: BinaryNode): void {
    const { id, from, participant } = node.attrs;
    if (id === undefined || from === undefined || !Array.isArray(node.content)) return;
    const facts: StanzaFacts = {
      stanzaId: id,
      chat: from,
      sender: participant ?? from,
      stanza: JSON.stringify(node.attrs),
    };
    for (const child of node.content) {
      if (child.tag !== "enc" || !(child.content instanceof Uint8Array)) continue;
      this.#stanzas.set(hashOf(child.content), facts);
    }
    while (this.#stanzas.size > MAX_STANZAS) {
      const [oldest] = this.#stanzas.keys();
      if (oldest === undefined) return;
      this.#stanzas.delete(oldest);
    }
  }

  /** What a former socket or process decrypted and never handed over. The journal drops what it knows already. */
  #injectPending(seam: SocketSeam): void {
    const decryptedHere = this.#decryptedHere;
    this.#decryptedHere = null;
    for (const entry of this.#memory.pendingPlaintexts(MAX_INJECTED)) {
      if (decryptedHere?.has(entry.ciphertextHash) !== false) continue;
      try {
        const message = this.#rebuild(seam, entry.stanza, entry.plaintext);
        if (message !== null) seam.listener.onMessage(message);
        // Also those without facts, of which nothing can be made: they must not keep the others from their turn.
        this.#memory.markUpserted(entry.stanzaId);
      } catch (error) {
        // Only this one stays pending; it is tried again at the next opening until its retention ends.
        const { socketId } = seam;
        seam.report({ kind: "fault.raised", origin: "effect", socketId, error: rawErrorOf(error) });
      }
    }
  }

  #rebuild(seam: SocketSeam, stanza: string, plaintext: Uint8Array): IncomingMessage | null {
    if (stanza === UNKNOWN_STANZA.stanza) return null;
    const { baileys } = seam;
    const { pn, lid } = seam.self();
    const attrs = JSON.parse(stanza) as Record<string, string>;
    const { fullMessage } = baileys.decodeMessageNode(
      { tag: "message", attrs },
      pn ?? "",
      lid ?? "",
    );
    const decoded = baileys.proto.Message.decode(baileys.unpadRandomMax16(plaintext));
    fullMessage.message = decoded.deviceSentMessage?.message ?? decoded;
    const intake = intakeOf(baileys, fullMessage, {
      socketId: seam.socketId,
      via: "decrypt-buffer",
      self: seam.self(),
      nowMs: this.#clock.wallMs(),
    });
    return intake.type === "message" ? intake.message : null;
  }
}

const STATUS_CHAT = "status@broadcast";

/**
 * A message without content, padded as on the wire. rc14 answers a status post that it cannot read with a refusal (nack 500); the server is assumed
 * to deliver that one again first at every connection and to hold back what waits behind it (WhiskeySockets/Baileys#2779). Read as empty, it is
 * receipted and gone.
 */
const EMPTY_MESSAGE = Uint8Array.of(1);

const UNKNOWN_STANZA: StanzaFacts = { stanzaId: "", chat: "", sender: "", stanza: "" };

function hashOf(ciphertext: Uint8Array): string {
  return createHash("sha256").update(ciphertext).digest("hex");
}
