import { randomBytes } from "node:crypto";
import { SEND_CAUSES } from "../core/index.ts";
import type { Effect, Input, RawError, SelfIdentity } from "../events/index.ts";
import type { SendOutcome, SendRequest } from "./account.ts";
import {
  type Jid,
  type Journal,
  type LiveSocket,
  type OutboundCustody,
  type OutgoingContent,
  type Pseudonymiser,
  SendFailure,
} from "./ports.ts";

type Settle = Extract<Effect, { kind: "send.settle" }>;

/** Who waits for the end of a logical send; shared between generations of this code, so that a reload loses no caller. */
export type SendWaiters = Map<string, Set<(outcome: SendOutcome) => void>>;

interface InFlight {
  readonly messageId: string | null;
  readonly chat: Jid;
  readonly content: OutgoingContent;
}

/**
 * The plugin's word for every logical send: its message id is fixed before the first attempt and kept in the journal, the core decides when and
 * through which socket, and the caller hears the end once. What has no message id (typing, read receipts) is not kept.
 */
export class SendCustody {
  readonly #journal: Journal;
  readonly #pseudonyms: Pseudonymiser;
  readonly #post: (input: Input) => void;
  readonly #socket: (socketId: number) => LiveSocket | undefined;
  readonly #waiters: SendWaiters;
  readonly #inFlight = new Map<string, InFlight>();

  constructor(options: {
    readonly journal: Journal;
    readonly pseudonyms: Pseudonymiser;
    readonly waiters: SendWaiters;
    post(input: Input): void;
    socket(socketId: number): LiveSocket | undefined;
  }) {
    this.#journal = options.journal;
    this.#pseudonyms = options.pseudonyms;
    this.#waiters = options.waiters;
    this.#post = options.post;
    this.#socket = options.socket;
  }

  /** Never rejects. The same `sendId` again joins the send under way, or answers from the journal. */
  send(
    request: SendRequest,
    capture: { readonly controllerId: number; readonly self: SelfIdentity | null },
  ): Promise<SendOutcome> {
    const { sendId } = request;
    const isUnderWay = this.#waiters.has(sendId);
    const known = isUnderWay ? null : this.#journal.custody(sendId);
    if (known?.state === "acked" || known?.state === "delivered") {
      return Promise.resolve({ outcome: "acked", messageId: known.messageId });
    }
    return new Promise((resolve) => {
      this.#wait(request, resolve);
      if (!isUnderWay) this.#take(request, capture);
    });
  }

  /** Goes on with what a crash or restart of the gateway left open, under the same message ids. */
  resume(capture: { readonly controllerId: number; readonly self: SelfIdentity | null }): void {
    for (const custody of this.#journal.openCustody(MAX_RESUMED)) {
      if (!this.#inFlight.has(custody.sendId)) this.#request(custody.sendId, custody, capture);
    }
  }

  dispatch(sendId: string, socketId: number): void {
    const entry = this.#entryOf(sendId);
    const socket = this.#socket(socketId);
    if (entry === null || socket === undefined) {
      const why = entry === null ? "nothing is known of this send" : "the socket is gone";
      this.#fail(sendId, socketId, false, { name: "NotConnected", message: why });
      return;
    }
    void this.#write(sendId, socket, entry);
  }

  /** Never rejects: a failure is a fact for the core. */
  async #write(sendId: string, socket: LiveSocket, entry: InFlight): Promise<void> {
    const { socketId } = socket;
    try {
      await socket.write(sendId, entry.messageId, entry.chat, entry.content);
    } catch (error) {
      if (error instanceof SendFailure) this.#fail(sendId, socketId, error.left, error.raw);
      else this.#fail(sendId, socketId, true, { name: "Error", message: String(error) });
      return;
    }
    if (entry.messageId !== null) this.#note(sendId, "written", null);
    this.#post({ kind: "send.written", sendId, socketId });
  }

  settle({ sendId, outcome, causeId, left }: Settle): void {
    const entry = this.#entryOf(sendId);
    this.#inFlight.delete(sendId);
    const messageId = entry?.messageId ?? null;
    if (messageId !== null) {
      if (outcome === "acked") this.#note(sendId, "acked", null);
      else this.#note(sendId, "failed", causeId ?? outcome);
    }
    const result: SendOutcome =
      outcome === "acked"
        ? { outcome, messageId }
        : { outcome, messageId, causeId, sentence: sentenceOf(outcome, causeId), left };
    const waiting = this.#waiters.get(sendId);
    this.#waiters.delete(sendId);
    for (const resolve of waiting ?? []) resolve(result);
  }

  /** Acks and receipts that come after the end, e.g. for a send that expired although it had left, correct the journal. */
  noteConfirmed(sendId: string, state: "acked" | "delivered"): void {
    const custody = this.#journal.custody(sendId);
    if (custody === null || custody.state === "delivered" || custody.state === state) return;
    this.#note(sendId, state, null);
  }

  /** Ends those waiting for something that no journal could bring back; after a replacement nobody else would. */
  dropUnkept(): void {
    for (const sendId of this.#waiters.keys()) {
      if (this.#journal.custody(sendId) !== null) continue;
      this.settle({ kind: "send.settle", sendId, outcome: "failed", causeId: null, left: true });
    }
  }

  /** A journal that fails must not keep a caller waiting: the failure is reported, the send goes on. */
  #note(sendId: string, state: OutboundCustody["state"], error: string | null): void {
    try {
      this.#journal.updateCustody(sendId, state, error);
    } catch (failure) {
      this.#reportJournal(failure);
    }
  }

  #reportJournal(failure: unknown): void {
    const message = failure instanceof Error ? failure.message : String(failure);
    this.#post({
      kind: "fault.raised",
      origin: "effect",
      socketId: null,
      error: this.#pseudonyms.error({ name: "JournalFailed", message }),
    });
  }

  #take(
    request: SendRequest,
    capture: { readonly controllerId: number; readonly self: SelfIdentity | null },
  ): void {
    const { sendId, chat, content } = request;
    if (!isKept(content)) {
      this.#request(sendId, { messageId: null, chat, content }, capture);
      return;
    }
    const custody = this.#takeCustody(sendId, chat, content);
    if (custody !== null) this.#request(sendId, custody, capture);
  }

  #takeCustody(sendId: string, chat: Jid, content: OutgoingContent): OutboundCustody | null {
    try {
      const messageId = newMessageId();
      const custody = this.#journal.takeCustody({ sendId, messageId, chat, content });
      // A retry of something that had failed keeps its id: it may have reached the other side after all.
      if (custody.state === "failed") this.#journal.updateCustody(sendId, "queued", null);
      return custody;
    } catch (error) {
      this.#reportJournal(error);
      // Without a kept id a retry could arrive twice; the caller keeps the message and asks again.
      this.settle({
        kind: "send.settle",
        sendId,
        outcome: "failed",
        causeId: null,
        left: false,
      });
      return null;
    }
  }

  #request(
    sendId: string,
    entry: InFlight,
    capture: { readonly controllerId: number; readonly self: SelfIdentity | null },
  ): void {
    this.#inFlight.set(sendId, entry);
    this.#post({
      kind: "send.requested",
      sendId,
      controllerId: capture.controllerId,
      chat: this.#pseudonyms.address(entry.chat),
      operation: entry.content.operation,
      messageId: entry.messageId,
      self: capture.self,
    });
  }

  #wait(request: SendRequest, resolve: (outcome: SendOutcome) => void): void {
    const { sendId, signal } = request;
    const cancel = (): void => this.#post({ kind: "send.cancelled", sendId });
    const waiting = this.#waiters.get(sendId) ?? new Set();
    waiting.add((outcome) => {
      // A caller's signal often outlives its sends.
      signal?.removeEventListener("abort", cancel);
      resolve(outcome);
    });
    this.#waiters.set(sendId, waiting);
    if (signal?.aborted === true) queueMicrotask(cancel);
    else signal?.addEventListener("abort", cancel, { once: true });
  }

  #entryOf(sendId: string): InFlight | null {
    return this.#inFlight.get(sendId) ?? this.#journal.custody(sendId);
  }

  #fail(sendId: string, socketId: number, left: boolean, error: RawError): void {
    const scrubbed = this.#pseudonyms.error(error);
    this.#post({ kind: "send.failed", sendId, socketId, left, error: scrubbed });
  }
}

const MAX_RESUMED = 500;

function isKept(content: OutgoingContent): boolean {
  return content.operation !== "typing" && content.operation !== "read-receipt";
}

/** The form WhatsApp Web and the library give their ids: the phone recognises a linked device by `3EB0`. */
function newMessageId(): string {
  return `3EB0${randomBytes(9).toString("hex").toUpperCase()}`;
}

function sentenceOf(outcome: Settle["outcome"], causeId: string | null): string {
  if (causeId !== null && Object.hasOwn(SEND_CAUSES, causeId)) {
    const { sentence, action } = SEND_CAUSES[causeId as keyof typeof SEND_CAUSES];
    return `${sentence} ${action}.`;
  }
  return outcome === "cancelled"
    ? "The send was cancelled."
    : "The message could not be kept safe in the journal; nothing was sent. See the account's status.";
}
