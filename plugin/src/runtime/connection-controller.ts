import {
  type AccountState,
  type ConnectionState,
  currentController,
  findBreach,
  initialState,
  type InvariantBreach,
  type Policy,
  serialiseCheckpoint,
  serialisePolicy,
  type Step,
  transition,
} from "../core/index.ts";
import type { AccountId, Effect, Input, RawError } from "../events/index.ts";
import type { AccountPorts, SendCapture, SendOutcome, SendRequest } from "./account.ts";
import { BackfillMemory } from "./backfill-memory.ts";
import { CheckpointPace } from "./checkpoint-pace.ts";
import { ConflictInspection } from "./conflict-inspection.ts";
import { CoreTimers, type RunningTimer } from "./core-timers.ts";
import { effectFault, type EffectOwners, runEffect } from "./effect-runner.ts";
import { HistoryDesk } from "./history-desk.ts";
import { InboundIntake, type MessagesUnderWay } from "./inbound-intake.ts";
import { Mailbox } from "./mailbox.ts";
import { countNoticed, readNotices } from "./kept-notices.ts";
import { type LeaseSurroundings, OwnerLease } from "./owner-lease.ts";
import type { LiveSocket, Run, SelfAddress, SocketInput } from "./ports.ts";
import { pseudonymisedInput } from "./pseudonymised-input.ts";
import { SendCustody, type SendsInFlight, type SendWaiters } from "./send-custody.ts";
import { SignOfLife } from "./sign-of-life.ts";
import { SocketPool } from "./socket-pool.ts";

/**
 * What one controller hands to the next, also across a reload of this code. The state is plain data; alive are only the sockets, the lease, the
 * callers who wait for a send and the messages that are with the agent.
 */
export interface Handover {
  readonly state: AccountState;
  readonly timers: readonly RunningTimer[];
  readonly sockets: readonly LiveSocket[];
  readonly lease: OwnerLease;
  readonly waiters: SendWaiters;
  readonly inFlight: SendsInFlight;
  readonly underWay: MessagesUnderWay;
  readonly self: SelfAddress;
}

export interface ControllerOptions {
  readonly accountId: AccountId;
  readonly authDir: string;
  readonly policy: Policy;
  readonly run: Run;
  readonly ports: AccountPorts;
  /** From the predecessor of this code, if it left something. */
  readonly handover: Handover | null;
  /** An invariant broke: this controller has stopped itself and needs a successor. */
  onBreach(breach: InvariantBreach): void;
  /** After every step, for those who wait for a phase. */
  onStep(state: AccountState): void;
  onQr(qr: string): void;
  predecessorsGone(limitMs: number): Promise<void>;
}

/** What the supervisor looks at, see {@link ConnectionController.progress}. */
export interface MailboxProgress {
  readonly turns: number;
  readonly isExpected: boolean;
}

/**
 * One account's state and mailbox: takes facts one at a time, folds them through the core, records what came in and what was decided, and has
 * it carried out. There is no other way to change the state.
 */
export class ConnectionController {
  readonly #options: ControllerOptions;
  readonly #mailbox: Mailbox<Input>;
  readonly #owners: EffectOwners;
  readonly #timers: CoreTimers;
  readonly #waiters: SendWaiters;
  readonly #inFlight: SendsInFlight;
  readonly #underWay: MessagesUnderWay;
  readonly #checkpoints = new CheckpointPace();
  #state: AccountState;
  #policy: Policy;
  #self: SelfAddress;
  #lastClose: RawError | null = null;
  #holder: string | null = null;
  #lastAt = 0;
  #isSealed = false;
  #isBroken = false;
  #successor: ((input: Input) => void) | null = null;

  constructor(options: ControllerOptions) {
    const { handover, ports } = options;
    this.#options = options;
    this.#policy = options.policy;
    this.#state = handover?.state ?? this.#freshState();
    this.#self = handover?.self ?? { pn: null, lid: null };
    this.#waiters = handover?.waiters ?? new Map();
    this.#inFlight = handover?.inFlight ?? new Map();
    this.#underWay = handover?.underWay ?? new Map();
    this.#mailbox = new Mailbox({
      handle: (input) => this.#take(input),
      onOverflow: () => this.#breach({ invariant: "mailbox", detail: "handling feeds itself" }),
      onFailure: (error) => this.#breach({ invariant: "handling", detail: String(error) }),
    });
    const post = (input: Input): void => this.post(input);
    this.#timers = new CoreTimers(ports, post);
    const sockets = this.#createPool();
    const intake = new InboundIntake({
      ...ports,
      post,
      underWay: this.#underWay,
      self: () => this.#self,
    });
    const lease = this.#leaseFrom(handover, {
      post,
      scrub: (text) => ports.pseudonyms.text(text),
      socketsGone: async () => {
        await sockets.whenGone();
        await ports.sockets.whenStored(options.authDir);
      },
      predecessorsGone: (limitMs) => options.predecessorsGone(limitMs),
    });
    this.#owners = {
      timers: this.#timers,
      sockets,
      lease,
      conflict: new ConflictInspection({ ...ports, ...options, sockets, lease, post }),
      intake,
      history: new HistoryDesk({
        ...ports,
        post,
        state: () => this.#state,
        socket: (socketId) => sockets.get(socketId),
        take: (message) => intake.take(message),
      }),
      memory: new BackfillMemory({ ...ports, post }),
      life: new SignOfLife({ ...ports, post }),
      custody: new SendCustody({
        ...ports,
        post,
        waiters: this.#waiters,
        inFlight: this.#inFlight,
        socket: (socketId) => sockets.get(socketId),
      }),
      channel: ports.channel,
      networkProbe: ports.networkProbe,
      versions: ports.versions,
      pseudonyms: ports.pseudonyms,
      quarantineJournal: () => void ports.journal.bindOwner(this.#self),
      post,
    };
    if (handover === null) return;
    sockets.adopt(handover.sockets);
    this.#timers.resume(handover.timers);
  }

  get state(): AccountState {
    return this.#state;
  }

  get policy(): Policy {
    return this.#policy;
  }

  get sockets(): SocketPool {
    return this.#owners.sockets;
  }

  get lease(): OwnerLease {
    return this.#owners.lease;
  }

  /** Error of the last socket that ended, scrubbed. */
  get lastClose(): RawError | null {
    return this.#lastClose;
  }

  /** Own raw addresses: of the open socket, or what was last known. */
  get self(): SelfAddress {
    return this.#self;
  }

  set self(self: SelfAddress) {
    this.#self = self;
  }

  /** The process that has the account's device instead of us, where one is known. */
  get holder(): string | null {
    return this.#holder;
  }

  /** It has stopped itself after a broken invariant and needs a successor. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** For the supervisor: facts handled so far, and whether more must come. */
  progress(): MailboxProgress {
    const { phase } = this.#state.connection;
    return {
      turns: this.#mailbox.turns,
      isExpected: this.#mailbox.isWaiting || hasRunningTimers(phase),
    };
  }

  /** Nothing was handled for too long. */
  condemn(detail: string): void {
    this.#breach({ invariant: "mailbox", detail });
  }

  /** Hands over a fact. Whoever held on to a sealed controller reaches its successor. */
  post(input: Input): void {
    if (this.#successor !== null) this.#successor(input);
    else this.#mailbox.post(input);
  }

  /** A fact of our own process about a socket, with foreign text in it. */
  postFault(input: Extract<SocketInput, { kind: "fault.raised" }>): void {
    this.post(pseudonymisedInput(input, this.#options.ports.pseudonyms));
  }

  send(request: SendRequest): Promise<SendOutcome> {
    return this.#owners.custody.send(request, request.capture ?? this.capture());
  }

  giveUp(sendId: string): void {
    this.post({ kind: "send.cancelled", sendId, final: true });
  }

  /** Who captures a reply now. Before the first login of a run the stored credentials say who we are. */
  capture(): SendCapture {
    const { connection, self } = this.#state;
    const stored = this.#self.pn === null && this.#self.lid === null ? null : this.#self;
    return {
      controllerId: currentController(connection) ?? 0,
      self: self ?? (stored === null ? null : this.#options.ports.pseudonyms.self(stored)),
    };
  }

  updatePolicy(policy: Policy): void {
    this.#policy = policy;
    this.post({ kind: "policy.changed", policy: serialisePolicy(policy) });
  }

  /** Goes on with what the journal holds: messages without an end, sends without an ack. */
  resumeFromJournal(): void {
    this.#owners.memory.restore(this.#state);
    this.#owners.life.restore(this.#state);
    this.#restoreNotice();
    this.#owners.intake.resume();
    this.#owners.custody.resume(this.capture());
  }

  /** The owner was not told by whoever ran before. */
  #restoreNotice(): void {
    const kept = readNotices(this.#options.ports.journal);
    const messages = kept.reduce((sum, notice) => sum + countNoticed(notice), 0);
    const chats = kept.reduce((sum, notice) => sum + notice.chats.length, 0);
    if (messages > 0) this.post({ kind: "notice.restored", messages, chats });
  }

  /** The account becomes somebody else's: messages that wait for a decision end with its journal. */
  forgetMessages(): void {
    this.#owners.intake.forgetUndecided();
  }

  /**
   * Stops taking part without ending anything: sockets, timers and waiting callers go to the successor, late facts follow them. Of a broken
   * controller only what may be trusted goes on.
   */
  handOver(successor: (input: Input) => void): Handover {
    const timers = this.#timers.stop();
    const sockets = this.#owners.sockets.release();
    this.#seal();
    this.#successor = successor;
    const handover = {
      timers,
      sockets,
      state: this.#state,
      lease: this.#owners.lease,
      waiters: this.#waiters,
      inFlight: this.#inFlight,
      underWay: this.#underWay,
      self: this.#self,
    };
    if (!this.#isBroken) return handover;
    // The fresh state knows of no send; what the journal has is requested again.
    return { ...handover, timers: [], inFlight: new Map(), state: this.#trustedState() };
  }

  /**
   * What goes on after a broken invariant: ids that are never reused, who waits for what, and our own addresses, but neither phase nor
   * timers.
   */
  #trustedState(): AccountState {
    this.#owners.custody.dropUnkept();
    this.#owners.intake.forgetUndecided();
    const { nextSocketId, nextTimerId, self, ownMappings, recovery } = this.#state;
    const fresh = this.#freshState();
    return {
      ...fresh,
      nextSocketId,
      nextTimerId,
      self,
      ownMappings,
      // A replacement must not be a way round the hourly budget.
      recovery: { ...fresh.recovery, attemptTimes: recovery.attemptTimes },
    };
  }

  #freshState(): AccountState {
    return initialState(this.#options.accountId, this.#options.run.seed);
  }

  #leaseFrom(handover: Handover | null, surroundings: LeaseSurroundings): OwnerLease {
    const { authDir, ports } = this.#options;
    if (handover === null) return new OwnerLease(authDir, ports.ownerLock, surroundings);
    handover.lease.attach(surroundings);
    return handover.lease;
  }

  #seal(): void {
    this.#isSealed = true;
    this.#mailbox.seal();
    this.#owners.intake.seal();
  }

  #createPool(): SocketPool {
    const { accountId, authDir, ports } = this.#options;
    return new SocketPool({
      accountId,
      authDir,
      factory: ports.sockets,
      timers: ports.timers,
      registry: ports.registry,
      listener: {
        onInput: (input) => this.#onSocketInput(input),
        onQr: (qr) => this.#options.onQr(qr),
        onSelf: (self) => this.#onSelf(self),
        onMessage: (message) => this.#owners.intake.take(message),
        onHistory: (page) => this.#owners.history.onPage(page),
      },
    });
  }

  #onSelf(self: SelfAddress): void {
    this.#self = self;
    // Before the first message of this login: another number's messages must not be answered in the name of this one.
    const owner = this.#options.ports.journal.bindOwner(self);
    if (owner === "another") this.#owners.intake.forgetUndecided();
  }

  #onSocketInput(input: SocketInput): void {
    if (input.kind === "send.acked" && input.errorCode === undefined) {
      this.#owners.custody.noteConfirmed(input.sendId, "acked");
    }
    if (input.kind === "send.receipted" && input.receipt !== "retry") {
      this.#owners.custody.noteConfirmed(input.sendId, "delivered");
    }
    if (input.kind === "message.orphaned" && this.#owners.intake.isRedelivery(input)) return;
    this.post(pseudonymisedInput(input, this.#options.ports.pseudonyms));
  }

  /** One fact, to completion: fold, record, check, carry out. */
  #take(input: Input): void {
    const at = this.#now();
    const seq = this.#recordInput(input, at);
    this.#keepCheckpoint(seq, at);
    if (input.kind === "socket.closed") {
      this.#lastClose = input.error;
      // Also for ends that a predecessor of this code passed on.
      this.#owners.sockets.forget(input.socketId);
    }
    let step: Step<AccountState>;
    try {
      step = transition(this.#state, input, at, this.#policy);
    } catch (error) {
      // The core is total; a throw is a broken invariant like any other.
      this.#breach({ invariant: "total transition", detail: String(error) }, seq, at);
      return;
    }
    const before = this.#state;
    this.#state = step.state;
    this.#holder = holderAfter(input, this.#holder);
    for (const { rule, effect } of step.effects) this.#recordEffect(effect, rule, seq, at);
    const breach = findBreach(step.state);
    if (breach !== null) {
      this.#breach(breach, seq, at);
      return;
    }
    for (const { effect } of step.effects) this.#carryOut(effect);
    this.#owners.memory.follow(step.state);
    this.#owners.life.follow(before, step.state);
    this.#options.onStep(step.state);
  }

  /** The state is immutable, so keeping it costs a reference. */
  #keepCheckpoint(beforeSeq: number, at: number): void {
    const due = this.#checkpoints.next(at);
    if (due === null) return;
    const { accountId, ports } = this.#options;
    const stood = { state: this.#state, policy: this.#policy };
    const read = (): unknown => serialiseCheckpoint(stood);
    ports.records.checkpoint?.({ accountId, beforeSeq, isReplaced: due === "first", read });
  }

  #carryOut(effect: Effect): void {
    if (this.#isSealed) return;
    try {
      runEffect(this.#owners, effect, this.#state.connection);
    } catch (error) {
      this.post(effectFault(this.#owners, `EffectFailed ${effect.kind}`, error));
    }
  }

  /** Stops this controller with its sockets and leaves the rest to the supervisor; the records keep what led here. */
  #breach(breach: InvariantBreach, cause = 0, at = this.#now()): void {
    if (this.#isSealed) return;
    this.#isBroken = true;
    this.#seal();
    try {
      const { invariant } = breach;
      const detail = this.#options.ports.pseudonyms.text(breach.detail);
      this.#recordEffect(
        { kind: "invariant.report", invariant, detail },
        "invariant/breach",
        cause,
        at,
      );
    } finally {
      // Nobody would read what arrives on them.
      this.#owners.sockets.closeAll("fault");
      this.#owners.lease.giveBack();
      this.#options.onBreach(breach);
    }
  }

  #now(): number {
    // Rounding may not make time go backwards.
    this.#lastAt = Math.max(this.#lastAt, Math.round(this.#options.ports.clock.monotonicMs()));
    return this.#lastAt;
  }

  #recordInput(input: Input, at: number): number {
    const { run, accountId, ports } = this.#options;
    const seq = run.nextSeq();
    ports.records.append({ boot: run.boot, seq, at, account: accountId, dir: "in", ...input });
    return seq;
  }

  #recordEffect(effect: Effect, rule: string, cause: number, at: number): void {
    const { run, accountId, ports } = this.#options;
    const envelope = { boot: run.boot, seq: run.nextSeq(), at, account: accountId };
    ports.records.append({ ...envelope, dir: "out", cause, rule, ...effect });
  }
}

/** In these phases a timer of the core comes due at least every 45 s: the keepalive's, or the one that refreshes the status. */
function hasRunningTimers(phase: ConnectionState["phase"]): boolean {
  switch (phase) {
    case "claiming":
    case "connecting":
    case "open":
    case "waiting":
    case "inspecting":
      return true;
    case "idle":
    case "blocked":
    case "stopped":
      return false;
  }
}

function holderAfter(input: Input, known: string | null): string | null {
  switch (input.kind) {
    case "owner.resolved":
    case "conflict.inspected":
      return input.holder ?? null;
    default:
      return known;
  }
}
