import type { Effect, Input, RawError, SelfIdentity } from "../../events/index.ts";
import { Agent } from "./agent.ts";
import type { Agenda } from "./agenda.ts";
import { Mailbox, type WaitingMessage } from "./mailbox.ts";
import type { FactOf } from "./report.ts";
import { isUnanswered } from "./unanswered-effects.ts";
import { RESOLVED_VERSION, WORLD } from "./world-settings.ts";
import { WorldTimers } from "./world-timers.ts";

/** What the completion tells the core; the story records it and performs what the core decides. */
export interface Storyteller {
  readonly agenda: Agenda;
  now(): number;
  /** An input nobody reported: it must have been so, or is a reasonable guess. */
  assume(input: Input): void;
  /** Whether the report itself times the end of the attempt that begins now. */
  attemptIsReported(): boolean;
  /** Whether the report has an answer to this message. */
  answerIsReported(messageId: string): boolean;
}

type MessageInput = Extract<Input, { kind: "message.journalled" }>;

interface LiveSocket {
  readonly socketId: number;
  stage: "dialing" | "login" | "open";
  openedAt: number;
}

interface Capture {
  readonly controllerId: number;
  readonly self: SelfIdentity | null;
}

/**
 * The world of one account: a small deterministic model of the server, the network, the machine and the agent. It answers each effect of the
 * core with the input that must follow.
 */
export class AccountWorld {
  readonly #story: Storyteller;
  #self: SelfIdentity;
  readonly #idleCutMs: readonly number[];
  #mailbox = new Mailbox();
  readonly #timers: WorldTimers;
  readonly #captures = new Map<string, Capture>();
  readonly #answers = new Map<string, { readonly messageId: string; readonly sendId: string }>();
  #socket: LiveSocket | null = null;
  #network: FactOf<"network"> | null = null;
  #deadSince: number | null = null;
  #isWithheld = false;
  #acksLost = false;
  #finding: FactOf<"conflict">["finding"] = "external";
  #phoneOnline = true;
  /** Everything that was written, as the phone has it, oldest first. */
  #phone: WaitingMessage[] = [];
  #idleCuts = 0;
  #lastStanzaAt = 0;
  readonly #agent: Agent;
  /** When the last stanza of the batches asked for so far arrives. */
  #deliveredAt = 0;
  controllerId = 0;

  constructor(story: Storyteller, self: SelfIdentity, idleCutMs: readonly number[]) {
    this.#story = story;
    this.#timers = new WorldTimers(story);
    this.#self = self;
    this.#idleCutMs = idleCutMs;
    this.#agent = new Agent({
      answerIsReported: (messageId) => story.answerIsReported(messageId),
      settle: (end) => this.#later(WORLD.settleMs, { kind: "message.settled", ...end }),
      answer: (sendId, replyId, { messageId, chat }) =>
        story.agenda.plan(story.now() + WORLD.agentMs, () =>
          story.assume(this.answer(sendId, replyId, chat, messageId)),
        ),
    });
  }

  /** What outlives a process: the server's mailbox, the network and the phone. */
  inherit(previous: AccountWorld): void {
    this.#mailbox = previous.#mailbox;
    this.#network = previous.#network;
    this.#finding = previous.#finding;
    this.#phoneOnline = previous.#phoneOnline;
    this.#phone = previous.#phone;
    this.#isWithheld = previous.#isWithheld;
    this.#acksLost = previous.#acksLost;
    this.#self = previous.#self;
  }

  /** The socket that facts of the report are about; null when there is none. */
  get socketId(): number | null {
    return this.#socket?.socketId ?? null;
  }

  get isOpen(): boolean {
    return this.#socket?.stage === "open";
  }

  setNetwork(fact: FactOf<"network">): void {
    this.#network = fact.state === "up" ? null : fact;
  }

  setLink(state: "dead" | "alive"): void {
    this.#deadSince = state === "dead" ? (this.#deadSince ?? this.#story.now()) : null;
  }

  setDelivery(state: FactOf<"delivery">["state"]): void {
    this.#isWithheld = state === "withheld";
  }

  setAcks(state: "answered" | "lost"): void {
    this.#acksLost = state === "lost";
  }

  setFinding(finding: FactOf<"conflict">["finding"]): void {
    this.#finding = finding;
  }

  setSelf(self: SelfIdentity): void {
    this.#self = self;
  }

  setPhone(online: boolean): void {
    this.#phoneOnline = online;
  }

  /** The current socket ended, for whatever reason. */
  forgetSocket(): void {
    this.#socket = null;
  }

  /** A message for us: on a live connection it is there at once, else it waits on the server. */
  deliver(message: WaitingMessage, isLost = false): Input | null {
    this.#phone.push(message);
    if (isLost) return null;
    if (!this.isOpen || this.#deadSince !== null || this.#isWithheld) {
      this.#mailbox.keep(message);
      return null;
    }
    return this.#journalled(message, "live");
  }

  /** The reply to a captured message, as the controller that captured it asks for it. */
  answer(sendId: string, messageId: string, chat: string, to: string): Input {
    this.#answers.set(sendId, { messageId: to, sendId });
    const capture = this.#captures.get(to);
    return {
      kind: "send.requested",
      sendId,
      controllerId: capture?.controllerId ?? this.controllerId,
      chat,
      operation: "text",
      messageId,
      self: capture?.self ?? this.#self,
    };
  }

  /** The login of the current socket is complete. */
  openNow(): Input | null {
    const socket = this.#socket;
    if (socket === null || socket.stage === "open") return null;
    socket.stage = "open";
    socket.openedAt = this.#story.now();
    this.#lastStanzaAt = socket.openedAt;
    this.#drain(socket);
    this.#watchIdle(socket);
    return { kind: "socket.opened", socketId: socket.socketId, self: this.#self };
  }

  /** Answers one decision of the core. */
  perform(effect: Effect): void {
    if (isUnanswered(effect)) return;
    switch (effect.kind) {
      case "owner.acquire":
        return this.#later(WORLD.ownerMs, { kind: "owner.resolved", result: "acquired" });
      case "socket.open":
        return this.#dial(effect.socketId);
      case "socket.close":
        return this.#end(effect.socketId);
      case "timer.start":
        return this.#timers.start(effect);
      case "timer.cancel":
        return this.#timers.cancel(effect.timerId);
      case "network.probe":
        return this.#later(WORLD.probeMs, this.#probed());
      case "version.refresh":
        return this.#later(WORLD.versionMs, {
          kind: "version.resolved",
          source: this.#network === null ? "network" : "bundled",
          version: RESOLVED_VERSION,
        });
      case "conflict.inspect":
        return this.#later(WORLD.inspectMs, {
          kind: "conflict.inspected",
          finding: this.#finding,
          socketId: null,
        });
      case "liveness.sample":
        return this.#sample(effect.socketId);
      case "ping.send":
        return this.#ping(effect.socketId, effect.pingId);
      case "keepalive.send":
        this.#lastStanzaAt = this.#story.now();
        return this.#later(WORLD.keepaliveWriteMs, {
          kind: "keepalive.written",
          socketId: effect.socketId,
          mode: effect.mode,
          written: true,
        });
      case "drain.pull":
        return this.#pull(effect.socketId, effect.batch);
      case "message.admit":
        return this.#agent.admit(effect);
      case "burst.admit":
        return this.#agent.admitBurst();
      case "history.request":
        return this.#history(effect);
      case "send.dispatch":
        return this.#send(effect.sendId, effect.socketId);
      case "send.settle":
        return this.#settled(effect.sendId, effect.outcome);
    }
  }

  #later(delayMs: number, input: Input): void {
    this.#story.agenda.plan(this.#story.now() + delayMs, () => this.#story.assume(input));
  }

  /** Like {@link later}, but only if the socket is still the current one by then. */
  #whileLive(socketId: number, delayMs: number, run: (socket: LiveSocket) => void): void {
    this.#story.agenda.plan(this.#story.now() + delayMs, () => {
      if (this.#socket?.socketId === socketId) run(this.#socket);
    });
  }

  #dial(socketId: number): void {
    this.#socket = { socketId, stage: "dialing", openedAt: 0 };
    // A new TCP connection does not inherit the silence of the old one.
    this.#deadSince = null;
    const failure = this.#network;
    const upgrades = failure === null || failure.stage === "login" || failure.stage === "noise";
    if (upgrades) {
      this.#whileLive(socketId, WORLD.upgradeMs, (socket) => {
        socket.stage = "login";
        this.#story.assume({ kind: "socket.upgraded", socketId });
      });
    }
    if (failure === null && this.#story.attemptIsReported()) return;
    if (failure === null) {
      this.#whileLive(socketId, WORLD.upgradeMs + WORLD.loginMs, () => {
        const opened = this.openNow();
        if (opened !== null) this.#story.assume(opened);
      });
      return;
    }
    const afterMs = failure.afterMs === undefined ? WORLD.loginMs : failure.afterMs;
    if (afterMs !== null) this.#failLater(socketId, afterMs, failure.error ?? null);
  }

  #failLater(socketId: number, afterMs: number, error: RawError | null): void {
    this.#whileLive(socketId, afterMs, () => {
      this.forgetSocket();
      this.#story.assume({ kind: "socket.closed", socketId, origin: "remote", error });
    });
  }

  #end(socketId: number): void {
    // One that ended by itself has said so already.
    if (this.#socket?.socketId !== socketId) return;
    this.forgetSocket();
    this.#later(WORLD.localCloseMs, {
      kind: "socket.closed",
      socketId,
      origin: "local",
      error: null,
    });
  }

  #probed(): Input {
    const failure = this.#network;
    // The probe asks the resolver only; a failure further on leaves it answering.
    return failure?.stage === "dns"
      ? { kind: "network.probed", result: "unreachable", error: failure.error ?? null }
      : { kind: "network.probed", result: "reachable", error: null };
  }

  #sample(socketId: number): void {
    const socket = this.#socket;
    if (socket?.socketId !== socketId || socket.stage !== "open") return;
    const until = this.#deadSince ?? this.#story.now() + WORLD.sampleMs;
    const lastFrameAt =
      socket.openedAt +
      Math.floor((until - socket.openedAt) / WORLD.libraryPingMs) * WORLD.libraryPingMs;
    const frameAgeMs = Math.max(0, this.#story.now() + WORLD.sampleMs - lastFrameAt);
    this.#later(WORLD.sampleMs, {
      kind: "liveness.sampled",
      socketId,
      frameAgeMs,
      bufferedBytes: 0,
    });
  }

  #ping(socketId: number, pingId: number): void {
    if (this.#deadSince !== null) return;
    this.#whileLive(socketId, WORLD.pingMs, () => {
      if (this.#deadSince !== null) return;
      this.#story.assume({ kind: "ping.answered", socketId, pingId, rttMs: WORLD.pingMs });
    });
  }

  /** ASSUMPTION (#63410): the server cuts a connection without stanzas of the application layer. */
  #watchIdle(socket: LiveSocket): void {
    const idleMs = this.#idleCutMs[this.#idleCuts % this.#idleCutMs.length];
    if (idleMs === undefined) return;
    const dueMs = this.#lastStanzaAt + idleMs - this.#story.now();
    if (dueMs > 0) {
      this.#whileLive(socket.socketId, dueMs, () => this.#watchIdle(socket));
      return;
    }
    this.#idleCuts += 1;
    this.forgetSocket();
    const error = { name: "Error", message: "Connection was lost", statusCode: 408 };
    this.#story.assume({
      kind: "socket.closed",
      socketId: socket.socketId,
      origin: "remote",
      error,
    });
  }

  #drain(socket: LiveSocket): void {
    const { socketId } = socket;
    this.#mailbox.reopen();
    this.#deliveredAt = 0;
    const waiting = this.#mailbox.size;
    if (waiting === 0) {
      this.#whileLive(socketId, WORLD.emptyDrainMs, () =>
        this.#story.assume({ kind: "drain.ended", socketId, delivered: 0 }),
      );
      return;
    }
    this.#whileLive(socketId, WORLD.previewMs, () => {
      const counts = { announced: waiting, messages: waiting, receipts: 0, notifications: 0 };
      this.#story.assume({ kind: "drain.previewed", socketId, ...counts });
      if (!this.#isWithheld) return this.#pull(socketId, WORLD.drainUnasked);
      // Announced, not delivered, and declared over: what the simulated server does when it is deaf.
      this.#whileLive(socketId, WORLD.drainEndMs, () =>
        this.#story.assume({ kind: "drain.ended", socketId, delivered: waiting }),
      );
    });
  }

  /** Delivers the next batch, stanza by stanza; what has not been receipted stays on the server. */
  #pull(socketId: number, batch: number): void {
    if (this.#isWithheld) return;
    // A batch that was asked for early comes behind the one that is still arriving.
    let arrivesMs = Math.max(0, this.#deliveredAt - this.#story.now());
    for (const message of this.#mailbox.next(batch)) {
      arrivesMs += WORLD.stanzaMs;
      this.#deliveredAt = this.#story.now() + arrivesMs;
      this.#whileLive(socketId, arrivesMs, () => {
        this.#story.assume({
          kind: "stanza.received",
          socketId,
          stanzaId: message.messageId,
          class: "message",
        });
        this.#story.assume(this.#journalled(message, "offline"));
        this.#story.assume({ kind: "stanza.receipted", socketId, stanzaId: message.messageId });
        const delivered = this.#mailbox.receipt(message);
        if (this.#mailbox.size > 0) return;
        this.#whileLive(socketId, WORLD.drainEndMs, () =>
          this.#story.assume({ kind: "drain.ended", socketId, delivered }),
        );
      });
    }
  }

  #journalled(message: WaitingMessage, via: "live" | "offline" | "history"): MessageInput {
    const socketId = this.#socket?.socketId ?? 0;
    this.#captures.set(message.messageId, {
      controllerId: this.controllerId,
      self: this.#self,
    });
    return {
      kind: "message.journalled",
      socketId,
      messageId: message.messageId,
      chat: message.chat,
      chatKind: message.chatKind,
      via,
      ageMs: this.#story.now() - message.sentAt,
      fromMe: message.fromMe,
      mentioned: message.mentioned,
      duplicate: this.#mailbox.isDuplicate(message),
    };
  }

  #history(effect: Extract<Effect, { kind: "history.request" }>): void {
    if (!this.#phoneOnline) return;
    const ofChat = this.#phone.filter(({ chat }) => chat === effect.chat);
    const anchor = ofChat.findIndex(({ messageId }) => messageId === effect.anchorMessageId);
    const page = ofChat.slice(Math.max(0, anchor - effect.messages), Math.max(0, anchor));
    this.#whileLive(effect.socketId, WORLD.historyMs, () => this.#page(effect, page));
  }

  /** The phone's answer: what belongs to the gap is taken in, then the page is accounted for. */
  #page(
    effect: Extract<Effect, { kind: "history.request" }>,
    page: readonly WaitingMessage[],
  ): void {
    const now = this.#story.now();
    const since = now - WORLD.historyMs - (effect.oldestAgeMs ?? 0);
    const wanted = page.filter(({ sentAt }) => sentAt > since);
    const inputs = wanted.map((message) => this.#journalled(message, "history"));
    for (const input of inputs) this.#story.assume(input);
    const duplicates = inputs.filter(({ duplicate }) => duplicate).length;
    const [oldest] = page;
    this.#story.assume({
      kind: "history.answered",
      requestId: effect.requestId,
      chat: effect.chat,
      messages: page.length,
      recovered: inputs.length - duplicates,
      duplicates,
      endOfHistory: page.length < effect.messages,
      ...(wanted.length === page.length ? {} : { older: page.length - wanted.length }),
      ...(oldest === undefined
        ? {}
        : { oldestMessageId: oldest.messageId, oldestAgeMs: now - oldest.sentAt }),
    });
  }

  #send(sendId: string, socketId: number): void {
    if (this.#socket?.socketId !== socketId || this.#socket.stage !== "open") {
      const error = { name: "Error", message: "Connection Closed", statusCode: 428 };
      this.#later(WORLD.writeMs, { kind: "send.failed", sendId, socketId, left: false, error });
      return;
    }
    this.#lastStanzaAt = this.#story.now();
    this.#whileLive(socketId, WORLD.writeMs, () =>
      this.#story.assume({ kind: "send.written", sendId, socketId }),
    );
    if (this.#acksLost) return;
    this.#whileLive(socketId, WORLD.ackMs, () => {
      if (this.#deadSince === null) this.#story.assume({ kind: "send.acked", sendId, socketId });
    });
  }

  #settled(sendId: string, outcome: Extract<Effect, { kind: "send.settle" }>["outcome"]): void {
    const answer = this.#answers.get(sendId);
    if (answer === undefined) return;
    this.#answers.delete(sendId);
    const state = outcome === "acked" ? "answered" : "failed";
    this.#later(WORLD.settleMs, {
      kind: "message.settled",
      messageId: answer.messageId,
      state,
      reason: outcome,
    });
  }
}
