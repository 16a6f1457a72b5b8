import { randomBytes } from "node:crypto";
import { describeSendCause, SEND_CAUSES, type SendCauseId } from "../core/index.ts";
import type { Effect, Input, RawError, SelfIdentity } from "../events/index.ts";
import type { SendCapture, SendOutcome, SendRequest } from "./account.ts";
import {
  type GroupInfo,
  type Jid,
  type Journal,
  type LiveSocket,
  type MediaProblem,
  type OutboundCustody,
  type OutgoingContent,
  type Pseudonymiser,
  SendFailure,
} from "./ports.ts";

type Settle = Extract<Effect, { kind: "send.settle" }>;

/** Who waits for the end of a logical send; shared between generations of this code, so that a reload loses no caller. */
export type SendWaiters = Map<string, Set<(outcome: SendOutcome) => void>>;

/** What is under way and which caller has to be told before it leaves; shared as the waiters are. */
export type SendsInFlight = Map<string, InFlight>;

interface InFlight {
  readonly messageId: string | null;
  readonly chat: Jid;
  readonly content: OutgoingContent;
  /** Of the caller, until it was asked. */
  beforeWrite: (() => Promise<void>) | null;
  /** An attempt of this process began. */
  begun: boolean;
  group: GroupInfo | null;
}

/**
 * The plugin's word for every logical send: its message id is fixed before the first attempt and kept in the journal, the core decides when and
 * through which socket, and the caller hears the end once. What has no message id (typing, read receipts, queries) is not kept.
 */
export class SendCustody {
  readonly #journal: Journal;
  readonly #pseudonyms: Pseudonymiser;
  readonly #post: (input: Input) => void;
  readonly #socket: (socketId: number) => LiveSocket | undefined;
  readonly #waiters: SendWaiters;
  readonly #inFlight: SendsInFlight;
  /** By chat, copies of files under way: what follows in the chat must not overtake them. */
  readonly #copying = new Map<Jid, Promise<void>>();
  #goOn: (() => void) | null = null;

  constructor(options: {
    readonly journal: Journal;
    readonly pseudonyms: Pseudonymiser;
    readonly waiters: SendWaiters;
    readonly inFlight: SendsInFlight;
    post(input: Input): void;
    socket(socketId: number): LiveSocket | undefined;
  }) {
    this.#journal = options.journal;
    this.#pseudonyms = options.pseudonyms;
    this.#waiters = options.waiters;
    this.#inFlight = options.inFlight;
    this.#post = options.post;
    this.#socket = options.socket;
  }

  /** Never rejects. The same `sendId` again joins the send under way, or answers from the journal. */
  send(request: SendRequest, capture: SendCapture): Promise<SendOutcome> {
    const { sendId } = request;
    const isUnderWay = this.#waiters.has(sendId);
    const known = isUnderWay ? null : this.#journal.custody(sendId);
    const end = known === null ? null : endOf(known);
    if (end !== null) return Promise.resolve(end);
    return new Promise((resolve) => {
      this.#wait(request, resolve);
      if (!isUnderWay) this.#take(request, capture, known);
    });
  }

  /**
   * Goes on with what a crash or restart of the gateway left open, under the same message ids and for the number that the journal is of,
   * whichever is linked now.
   */
  resume(capture: SendCapture): void {
    const owner = this.#journal.owner();
    const self = owner.pn === null && owner.lid === null ? capture.self : this.#self(owner);
    const open = this.#journal.openCustody(MAX_RESUMED);
    for (const custody of open) {
      if (this.#inFlight.has(custody.sendId)) continue;
      this.#request(custody.sendId, custody, { ...capture, self }, custody.left);
    }
    // The rest follows when there is room for it again.
    this.#goOn = open.length < MAX_RESUMED ? null : () => this.resume(capture);
  }

  dispatch(sendId: string, socketId: number, renewSessions: boolean): void {
    const entry = this.#entryOf(sendId);
    const socket = this.#socket(socketId);
    if (entry === null || socket === undefined) {
      const why = entry === null ? "nothing is known of this send" : "the socket is gone";
      this.#fail(sendId, socketId, false, { name: "NotConnected", message: why });
      return;
    }
    entry.begun = true;
    void this.#write(sendId, socket, entry, renewSessions);
  }

  /** Never rejects: a failure is a fact for the core. */
  async #write(
    sendId: string,
    socket: LiveSocket,
    entry: InFlight,
    renewSessions: boolean,
  ): Promise<void> {
    const { socketId } = socket;
    const isStored = entry.messageId !== null;
    try {
      await this.#askCaller(entry);
      if (isStored) this.#tell(() => this.#journal.beginAttempt(sendId));
      if (entry.content.operation === "group-query") {
        entry.group = await socket.groupInfo(entry.chat);
      } else {
        await socket.write(sendId, entry.messageId, entry.chat, entry.content, {
          prepared: isStored ? (this.#journal.custody(sendId)?.prepared ?? null) : null,
          onPrepared: (message) => this.#tell(() => this.#journal.keepPrepared(sendId, message)),
          renewSessions,
        });
      }
    } catch (error) {
      const failure =
        error instanceof SendFailure
          ? error
          : new SendFailure(true, { name: "Error", message: String(error) });
      if (isStored && !failure.left) this.#tell(() => this.#journal.nothingLeft(sendId));
      this.#fail(sendId, socketId, failure.left, failure.raw);
      return;
    }
    if (isStored) this.#note(sendId, "written", null);
    this.#post({ kind: "send.written", sendId, socketId });
  }

  /** @throws SendFailure when the caller keeps its message back */
  async #askCaller(entry: InFlight): Promise<void> {
    const { beforeWrite } = entry;
    if (beforeWrite === null) return;
    entry.beforeWrite = null;
    try {
      await beforeWrite();
    } catch (error) {
      throw new SendFailure(false, { name: "ClaimLost", message: String(error) }, { cause: error });
    }
  }

  settle({ sendId, outcome, causeId, left }: Settle): void {
    const entry = this.#entryOf(sendId);
    this.#inFlight.delete(sendId);
    const messageId = entry?.messageId ?? null;
    if (messageId !== null) {
      if (outcome === "acked") this.#note(sendId, "acked", null);
      else this.#note(sendId, "failed", causeId ?? outcome);
    }
    this.#answer(
      sendId,
      outcome === "acked"
        ? { outcome, messageId, ...(entry?.group ? { group: entry.group } : {}) }
        : { outcome, messageId, causeId, sentence: sentenceOf(outcome, causeId), left },
    );
    if (this.#goOn !== null && this.#inFlight.size < MAX_RESUMED / 2) this.#goOn();
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

  #answer(sendId: string, outcome: SendOutcome): void {
    const waiting = this.#waiters.get(sendId);
    this.#waiters.delete(sendId);
    for (const resolve of waiting ?? []) resolve(outcome);
  }

  #note(sendId: string, state: OutboundCustody["state"], error: string | null): void {
    this.#tell(() => this.#journal.updateCustody(sendId, state, error));
  }

  /** A journal that fails must not keep a caller waiting: the failure is reported, the send goes on. */
  #tell(write: () => void): void {
    try {
      write();
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

  #take(request: SendRequest, capture: SendCapture, known: OutboundCustody | null): void {
    const { sendId, chat, content, beforeWrite } = request;
    if (!isKept(content)) {
      this.#request(sendId, { messageId: null, chat, content }, capture, false, beforeWrite);
      return;
    }
    const ahead = this.#copying.get(chat);
    const isUploaded = (known?.prepared ?? null) !== null;
    if (ahead === undefined && (content.operation !== "media" || isUploaded)) {
      this.#takeWith(request, content, capture);
      return;
    }
    const turn = this.#takeInTurn(ahead, request, capture).finally(() => {
      if (this.#copying.get(chat) === turn) this.#copying.delete(chat);
    });
    this.#copying.set(chat, turn);
  }

  /** The bytes first: once the send is in the journal, everything it needs is there, too. Never rejects. */
  async #takeInTurn(
    ahead: Promise<void> | undefined,
    request: SendRequest,
    capture: SendCapture,
  ): Promise<void> {
    const { sendId, content } = request;
    if (content.operation !== "media") {
      await ahead;
      this.#takeWith(request, content, capture);
      return;
    }
    const kept = await this.#journal.keepMedia(sendId, request.bytes ?? content.path);
    await ahead;
    if ("problem" in kept) this.#settleUnsent(sendId, MEDIA_CAUSES[kept.problem]);
    else this.#takeWith(request, { ...content, path: kept.path }, capture);
  }

  #takeWith(request: SendRequest, content: OutgoingContent, capture: SendCapture): void {
    const custody = this.#takeCustody(request.sendId, request.chat, content);
    if (custody === null) return;
    this.#request(request.sendId, custody, capture, custody.left, request.beforeWrite);
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
      this.#settleUnsent(sendId, null);
      return null;
    }
  }

  #settleUnsent(sendId: string, causeId: SendCauseId | null): void {
    this.settle({ kind: "send.settle", sendId, outcome: "failed", causeId, left: false });
  }

  #request(
    sendId: string,
    { messageId, chat, content }: Pick<InFlight, "messageId" | "chat" | "content">,
    capture: SendCapture,
    left: boolean,
    beforeWrite?: () => Promise<void>,
  ): void {
    const mayAsk = beforeWrite ?? null;
    this.#inFlight.set(sendId, {
      messageId,
      chat,
      content,
      beforeWrite: mayAsk,
      begun: false,
      group: null,
    });
    const target = this.#targetOf(content);
    this.#post({
      kind: "send.requested",
      sendId,
      controllerId: capture.controllerId,
      chat: this.#pseudonyms.address(chat),
      operation: content.operation,
      messageId,
      self: capture.self,
      ...(left ? { left } : {}),
      ...(target === null ? {} : { target }),
    });
  }

  /** The send of our own that this one refers to, if we know it. */
  #targetOf(content: OutgoingContent): string | null {
    if (!("targetMessageId" in content) || content.targetMessageId === undefined) return null;
    return this.#journal.custodyByMessageId(content.targetMessageId)?.sendId ?? null;
  }

  #wait(request: SendRequest, resolve: (outcome: SendOutcome) => void): void {
    const { sendId, signal } = request;
    const waiting = this.#waiters.get(sendId) ?? new Set();
    const cancel = (): void => {
      const entry = this.#inFlight.get(sendId);
      if (entry?.begun === true && waiting.delete(answer)) {
        // It may have left and stays in custody; only this caller goes.
        const { messageId } = entry;
        const sentence = sentenceOf("cancelled", null);
        answer({ outcome: "cancelled", messageId, causeId: null, sentence, left: true });
      }
      this.#post({ kind: "send.cancelled", sendId });
    };
    const answer = (outcome: SendOutcome): void => {
      // A caller's signal often outlives its sends.
      signal?.removeEventListener("abort", cancel);
      resolve(outcome);
    };
    waiting.add(answer);
    this.#waiters.set(sendId, waiting);
    if (signal?.aborted === true) queueMicrotask(cancel);
    else signal?.addEventListener("abort", cancel, { once: true });
  }

  #entryOf(sendId: string): InFlight | null {
    const entry = this.#inFlight.get(sendId);
    if (entry !== undefined) return entry;
    const custody = this.#journal.custody(sendId);
    if (custody === null) return null;
    return { ...custody, beforeWrite: null, begun: false, group: null };
  }

  #self(owner: { readonly pn: Jid | null; readonly lid: Jid | null }): SelfIdentity {
    return this.#pseudonyms.self(owner);
  }

  #fail(sendId: string, socketId: number, left: boolean, error: RawError): void {
    const scrubbed = this.#pseudonyms.error(error);
    this.#post({ kind: "send.failed", sendId, socketId, left, error: scrubbed });
  }
}

/** How many sends of an earlier process are continued at a time; as many follow when half of them are settled. */
const MAX_RESUMED = 500;

const MEDIA_CAUSES = {
  full: "media-store-full",
  unreadable: "media-unreadable",
  disk: null,
} as const satisfies Record<MediaProblem, SendCauseId | null>;

/** What the journal knows to be over for good. A send that failed otherwise may be tried again under its id. */
function endOf({ state, messageId, lastError, left }: OutboundCustody): SendOutcome | null {
  if (state === "acked" || state === "delivered") return { outcome: "acked", messageId };
  if (state !== "failed" || lastError === null || !FINAL.has(lastError)) return null;
  const sentence = sentenceOf("refused", lastError);
  return { outcome: "refused", messageId, causeId: lastError, sentence, left };
}

/** Whatever asks again later asks for the number of then. */
const FINAL: ReadonlySet<string> = new Set([
  "identity-mismatch",
  "identity-ambiguous",
] satisfies SendCauseId[]);

function isKept(content: OutgoingContent): boolean {
  return (
    content.operation !== "typing" &&
    content.operation !== "read-receipt" &&
    content.operation !== "group-query"
  );
}

/** The form WhatsApp Web and the library give their ids: the phone recognises a linked device by `3EB0`. */
function newMessageId(): string {
  return `3EB0${randomBytes(9).toString("hex").toUpperCase()}`;
}

function sentenceOf(outcome: Settle["outcome"], causeId: string | null): string {
  if (causeId !== null && Object.hasOwn(SEND_CAUSES, causeId)) {
    return describeSendCause(causeId) ?? causeId;
  }
  return outcome === "cancelled"
    ? "The send was cancelled."
    : "The message could not be kept safe in the journal; nothing was sent. See the account's status.";
}
