import type { RawError, SocketId } from "../events/index.ts";
import {
  type GroupInfo,
  type HistoryPage,
  type HistoryRequest,
  type IncomingMessage,
  type Jid,
  type LiveSocket,
  type OutgoingContent,
  type SelfAddress,
  SendFailure,
  type SocketFactory,
  type SocketInput,
  type SocketListener,
  type WriteAttempt,
} from "../runtime/ports.ts";
import { MediaUnavailable } from "../runtime/ports/media.ts";
import { type AuthState, openAuthState } from "./auth-state.ts";
import { addressForms } from "./address-forms.ts";
import { selfOf } from "./credential-store.ts";
import { DurableDecryption } from "./durable-decryption.ts";
import { attachConnection } from "./connection-listeners.ts";
import { GroupCache, toGroupInfo } from "./group-cache.ts";
import { attachHistory, type HistoryWatch } from "./history-pages.ts";
import { attachInbound, type InboundWatch } from "./inbound-listeners.ts";
import { type Baileys, loadBaileys, type WASocket } from "./library.ts";
import { createQuietLogger, type LibraryFact } from "./quiet-logger.ts";
import { attachOutbound } from "./outbound-listeners.ts";
import { renewMedia } from "./media-renewal.ts";
import { planOutgoing } from "./outgoing.ts";
import { isPreparedOnce, writePrepared } from "./prepared-message.ts";
import { rawErrorOf } from "./raw-error.ts";
import { cutConnection, rawWebSocketOf } from "./raw-websocket.ts";
import { renewRecipients } from "./session-renewal.ts";
import { socketConfig } from "./socket-config.ts";
import type { SocketFactoryOptions, SocketTiming } from "./socket-options.ts";
import { countPreKeys, offlineBatch, presence, transportPing } from "./stanzas.ts";
import { WriteLedger } from "./write-ledger.ts";

type OpenRequest = Parameters<SocketFactory["open"]>[0];

/** What exists from the moment the library's socket does. */
interface Live {
  readonly baileys: Baileys;
  readonly sock: WASocket;
  readonly auth: AuthState;
  readonly inbound: InboundWatch;
  readonly history: HistoryWatch;
}

/** A pairing needs a QR code that nobody asked for: the credentials vanished between the controller's look and now. */
class CredentialsMissing extends Error {
  constructor() {
    super("No linked device in the credentials folder");
    this.name = "CredentialsMissing";
  }
}

/**
 * One WebSocket to WhatsApp. Reports `socket.closed` exactly once, whatever happens: a failure to create it, the library's own end, our
 * teardown, or a teardown that the library does not finish in time.
 */
export class BaileysSocket implements LiveSocket {
  readonly socketId: SocketId;
  readonly #options: SocketFactoryOptions;
  readonly #timing: SocketTiming;
  readonly #request: OpenRequest;
  readonly #listener: SocketListener;
  readonly #writes = new WriteLedger();
  readonly #groups: GroupCache;
  #live: Live | null = null;
  #closing = false;
  #ended = false;
  #cutTimer: NodeJS.Timeout | undefined;
  #teardownTimer: NodeJS.Timeout | undefined;
  #lastFrameAt: number;

  constructor(options: SocketFactoryOptions, timing: SocketTiming, request: OpenRequest) {
    this.#options = options;
    this.#timing = timing;
    this.#request = request;
    this.#listener = request.listener;
    this.socketId = request.socketId;
    this.#groups = new GroupCache(options.clock);
    this.#lastFrameAt = options.clock.monotonicMs();
  }

  /** Starts creating the socket; failures come as `socket.closed`. */
  begin(): void {
    this.#create().catch((error: unknown) => this.#finish("remote", error));
  }

  async #create(): Promise<void> {
    const baileys = await (this.#options.loadLibrary ?? loadBaileys)();
    const auth = await openAuthState(baileys, this.#request.authDir);
    if (this.#ended) return;
    if (auth.state.creds.me === undefined && !this.#request.pairing) throw new CredentialsMissing();
    const logger = createQuietLogger(
      (fact) => this.#onLibraryFact(fact),
      (warning) => this.#options.onLibraryWarning?.(warning),
    );
    const decryption = new DurableDecryption(baileys, this.#options.journal, this.#options.clock);
    const sock = baileys.makeWASocket(
      socketConfig({
        baileys,
        options: this.#options,
        timing: this.#timing,
        auth,
        logger,
        makeSignalRepository: decryption.makeSignalRepository,
        groupMetadata: (chat) => this.#groups.get(chat),
      }),
    );
    // From here to the end of this function nothing is awaited: no event can come before its listener.
    this.#live = { baileys, sock, auth, ...this.#attach(baileys, sock, auth, decryption) };
  }

  #attach(
    baileys: Baileys,
    sock: WASocket,
    auth: AuthState,
    decryption: DurableDecryption,
  ): Pick<Live, "inbound" | "history"> {
    const report = (input: SocketInput): void => this.#report(input);
    const seam = {
      baileys,
      sock,
      socketId: this.socketId,
      listener: {
        onInput: (input: SocketInput) => this.#listener.onInput(input),
        onQr: (qr: string) => this.#listener.onQr(qr),
        onSelf: (self: SelfAddress) => this.#listener.onSelf(self),
        onMessage: (message: IncomingMessage) => {
          this.#listener.onMessage(message);
          decryption.handedOver(message.messageId);
        },
        onHistory: (page: HistoryPage) => this.#listener.onHistory(page),
      },
      report,
      isEnded: () => this.#ended,
      self: () => selfOf(auth.state.creds),
    };
    decryption.attach(seam);
    sock.ws.on("frame", () => {
      this.#lastFrameAt = this.#options.clock.monotonicMs();
    });
    attachConnection(seam, {
      auth,
      onClose: (error) => this.#finish(this.#closing ? "local" : "remote", error),
      onEnd: () => this.#cutSoon(sock),
    });
    attachOutbound(seam, {
      writes: this.#writes,
      journal: this.#options.journal,
    });
    this.#groups.follow(sock);
    const { clock, journal, env } = this.#options;
    const inbound = attachInbound(seam, { clock, journal });
    // After the messages: what an answer brings comes behind the stanza that carried it.
    return { inbound, history: attachHistory(seam, { clock, journal, env }) };
  }

  #onLibraryFact(fact: LibraryFact): void {
    switch (fact.type) {
      case "stanza":
        this.#writes.markLeft(fact.messageId);
        return;
      case "receipt":
      case "undecryptable":
        this.#live?.inbound.onLibraryFact(fact);
        return;
    }
  }

  // --- the end ----------------------------------------------------------------------------------

  close(_reason: string): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    const live = this.#live;
    if (live === null) {
      this.#finish("local", null);
      return;
    }
    live.sock.ev.flush();
    this.#teardownTimer = setTimeout(() => this.#finish("local", null), this.#timing.teardownMs);
    // `end` awaits the answer to its close frame; cutting the connection answers it at once.
    live.sock.end(undefined).catch((error: unknown) => this.#finish("local", error));
    cutConnection(live.sock);
  }

  async logout(): Promise<void> {
    const live = this.#live;
    if (live === null || this.#ended) return;
    this.#closing = true;
    await withLimit(live.sock.logout(), this.#timing.logoutMs).catch((error: unknown) => {
      // The link may be dead; the files are removed all the same, and the phone shows the device until it expires there.
      this.#options.onLibraryWarning?.({
        level: "warn",
        message: `unlinking on the server failed: ${rawErrorOf(error).name}`,
      });
    });
    this.#closing = false;
    this.close("logout");
  }

  /** The library began to end the socket by itself: it must not wait 30 s for a dead server's close frame. */
  #cutSoon(sock: WASocket): void {
    this.#cutTimer ??= setTimeout(() => cutConnection(sock), this.#timing.closeFrameMs);
  }

  #finish(origin: "remote" | "local", error: unknown): void {
    if (this.#ended) return;
    const live = this.#live;
    if (live !== null) {
      live.sock.ev.flush();
      live.inbound.close();
    }
    this.#ended = true;
    clearTimeout(this.#cutTimer);
    clearTimeout(this.#teardownTimer);
    const facts = error === null || error === undefined ? null : rawErrorOf(error);
    this.#writes.failAll(facts ?? { name: "SocketClosed", message: "the socket was closed" });
    if (live !== null) {
      releaseSocket(live.sock);
    }
    this.#live = null;
    this.#listener.onInput({
      kind: "socket.closed",
      socketId: this.socketId,
      origin,
      error: facts,
    });
  }

  /** After the end nothing of this socket is reported any more, so that `socket.closed` is its last word. */
  #report(input: SocketInput): void {
    if (!this.#ended) this.#listener.onInput(input);
  }

  // --- writing ----------------------------------------------------------------------------------

  async write(
    sendId: string,
    messageId: string | null,
    to: Jid,
    content: OutgoingContent,
    attempt: WriteAttempt = FIRST_ATTEMPT,
  ): Promise<void> {
    const live = this.#live;
    if (live === null || this.#closing || !live.sock.ws.isOpen) {
      throw new SendFailure(false, { name: "NotConnected", message: "the socket is not open" });
    }
    const plan = planOutgoing(live.baileys, to, content, messageId);
    if (plan.type === "impossible") {
      throw new SendFailure(false, { name: "NotSendable", message: plan.why });
    }
    await this.#writes.track(sendId, messageId, async () => {
      if (attempt.renewSessions) await renewRecipients(live.sock, to, this.#participantsOf(to));
      switch (plan.type) {
        case "message":
          if (messageId !== null && isPreparedOnce(content)) {
            await writePrepared(live, to, plan, messageId, attempt);
          } else await live.sock.sendMessage(to, plan.content, plan.options);
          return;
        case "typing":
          await live.sock.sendPresenceUpdate(plan.state, to);
          return;
        case "read-receipt":
          await live.sock.readMessages(plan.keys);
          return;
      }
    });
  }

  /** Of a group as it is known; empty for a person. */
  #participantsOf(chat: Jid): readonly Jid[] {
    return this.#groups.get(chat)?.participants.map(({ id }) => id) ?? [];
  }

  async renewMedia(raw: string): Promise<string> {
    const live = this.#live;
    if (live === null || this.#ended) throw new MediaUnavailable("expired");
    return renewMedia(live.baileys, live.sock, raw);
  }

  ping(pingId: number, probe: "transport" | "session"): void {
    const { socketId } = this;
    const sentAt = this.#options.clock.monotonicMs();
    const stanza = probe === "transport" ? transportPing() : countPreKeys();
    this.#query(stanza).then(
      () => {
        const rttMs = Math.max(0, Math.round(this.#options.clock.monotonicMs() - sentAt));
        this.#report({ kind: "ping.answered", socketId, pingId, rttMs });
      },
      (error: unknown) => {
        this.#report({ kind: "ping.failed", socketId, pingId, error: rawErrorOf(error) });
      },
    );
  }

  sampleLiveness(): void {
    const raw = this.#live === null ? null : rawWebSocketOf(this.#live.sock);
    this.#report({
      kind: "liveness.sampled",
      socketId: this.socketId,
      frameAgeMs: this.frameAgeMs(),
      bufferedBytes: raw?.bufferedAmount ?? 0,
    });
  }

  frameAgeMs(): number {
    return Math.max(0, Math.round(this.#options.clock.monotonicMs() - this.#lastFrameAt));
  }

  sendKeepalive(mode: "presence-unavailable" | "presence-available" | "iq" | "off"): void {
    if (mode === "off") return;
    const { socketId } = this;
    this.#writeKeepalive(mode).then(
      () => this.#report({ kind: "keepalive.written", socketId, mode, written: true }),
      (error: unknown) => {
        const raw = rawErrorOf(error);
        this.#report({ kind: "keepalive.written", socketId, mode, written: false, error: raw });
      },
    );
  }

  async #writeKeepalive(mode: "presence-unavailable" | "presence-available" | "iq"): Promise<void> {
    const live = this.#required();
    if (mode === "iq") {
      // The answer shows up as a frame; what counts here is that the server saw a request.
      const stanza = countPreKeys();
      const id = live.sock.generateMessageTag();
      await live.sock.sendNode({ ...stanza, attrs: { ...stanza.attrs, id } });
      return;
    }
    // Not `sendPresenceUpdate`: without a push name, as after a fresh pairing, rc14 drops the stanza silently.
    const state = mode === "presence-available" ? "available" : "unavailable";
    await live.sock.sendNode(presence(state, live.sock.user?.name));
  }

  pullOffline(batch: number): void {
    const live = this.#live;
    if (live === null || !live.sock.ws.isOpen) return;
    live.sock.sendNode(offlineBatch(batch)).catch((error: unknown) => {
      this.#report(this.#fault(error));
    });
  }

  resetSessions(messageId: string): void {
    const live = this.#live;
    const authors = live?.inbound.unreadableAuthors(messageId) ?? [];
    if (live === null || authors.length === 0) return;
    renewSessions(live.sock, authors).catch((error: unknown) => {
      this.#report(this.#fault(error));
    });
  }

  requestPlaceholder(messageId: string): void {
    const live = this.#live;
    const key = live?.inbound.keyOf(messageId);
    if (live === null || key === undefined) return;
    live.sock.requestPlaceholderResend(key).catch((error: unknown) => {
      this.#report(this.#fault(error));
    });
  }

  async requestHistory(request: HistoryRequest): Promise<void> {
    const live = this.#required();
    const { chat, addressing } = request;
    const forms = addressForms(this.#request.authDir, chat);
    // Where only one form is known the second try is a repetition of the first.
    const asked = addressing === null ? chat : (forms[addressing] ?? chat);
    await live.history.ask(request, asked);
  }

  // --- looking up -------------------------------------------------------------------------------

  async groupInfo(chat: Jid): Promise<GroupInfo> {
    const cached = this.#groups.get(chat);
    if (cached !== undefined) return toGroupInfo(cached);
    const metadata = await this.#required().sock.groupMetadata(chat);
    this.#groups.set(metadata);
    return toGroupInfo(metadata);
  }

  async resolveAddress(jid: Jid): Promise<{ readonly pn: Jid | null; readonly lid: Jid | null }> {
    return addressForms(this.#request.authDir, jid);
  }

  /** rc14's `query` answers a timeout with nothing instead of an error. */
  async #query(stanza: Parameters<WASocket["query"]>[0]): Promise<void> {
    const answer: unknown = await this.#required().sock.query(stanza, this.#timing.queryMs);
    if (answer === undefined) throw new SendFailure(true, TIMED_OUT);
  }

  #required(): Live {
    if (this.#live === null || this.#ended) {
      throw new SendFailure(false, { name: "NotConnected", message: "the socket is not open" });
    }
    return this.#live;
  }

  #fault(error: unknown): SocketInput {
    return {
      kind: "fault.raised",
      origin: "effect",
      socketId: this.socketId,
      error: rawErrorOf(error),
    };
  }
}

const FIRST_ATTEMPT: WriteAttempt = {
  prepared: null,
  onPrepared: () => undefined,
  renewSessions: false,
};
const TIMED_OUT: RawError = { name: "TimedOut", message: "no answer in time" };

/**
 * Lets go of everything a finished socket holds. The library's `end` removes the listeners by which its own queries would notice, so
 * they would wait out their minute; an error event ends them now.
 */
function releaseSocket(sock: WASocket): void {
  cutConnection(sock);
  sock.ws.emit("error", new Error("the socket was closed"));
  sock.ws.removeAllListeners();
  // A WebSocket that was cut while connecting still emits an error, which Node would treat as uncaught without a listener.
  sock.ws.on("error", () => undefined);
}

/**
 * A session that is out of step is forgotten, and a new one begun with keys from the server. The other side learns of it by the library's next
 * retry receipt, which then carries our keys.
 */
async function renewSessions(sock: WASocket, authors: readonly string[]): Promise<void> {
  await sock.signalRepository.deleteSession([...authors]);
  await sock.assertSessions([...authors], true);
}

async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
