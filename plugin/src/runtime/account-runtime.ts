import { randomUUID } from "node:crypto";
import type { AccountState, Policy } from "../core/index.ts";
import { currentController, currentSocket, matchIdentities } from "../core/index.ts";
import type { AccountId, ControllerId } from "../events/index.ts";
import type {
  AccountRuntime,
  AccountRuntimeOptions,
  AccountStatus,
  LoginOutcome,
  LoginRequest,
  SendCapture,
  SendOutcome,
  SendRequest,
  StartReason,
  StopReason,
} from "./account.ts";
import { accountStatus } from "./account-status.ts";
import { ConnectionController, type Handover } from "./connection-controller.ts";
import { watchRejections } from "./fault-attribution.ts";
import { awaitLogin } from "./login.ts";
import { watchMachine } from "./machine-watch.ts";
import { MediaDesk } from "./media-desk.ts";
import { joinNeighbours, tellNeighbours } from "./neighbours.ts";
import { MediaUnavailable, type ReceivedFile } from "./ports/media.ts";
import type { GroupInfo, Jid, LiveSocket, SelfAddress } from "./ports.ts";
import {
  type InCharge,
  notePredecessor,
  predecessorsGone,
  type RegistryEntry,
  registryEntry,
} from "./registry.ts";
import { Supervisor } from "./supervisor.ts";
import { timeLimitedLock } from "./time-limited-lock.ts";

/** Unlinking on the server and removing the files wait this long for the directory. */
const REMOVAL_LIMIT_MS = 10_000;
const GROUP_REFUSED = "WhatsApp did not tell the group's subject and members.";
/** How long after a stop what its sockets began may still fail. */
const STRAGGLER_MS = 30_000;

/** A group's subject and members could not be asked for. */
export class GroupUnknown extends Error {
  readonly code = "WA_ERR_GROUP_UNKNOWN";
  constructor(sentence: string) {
    super(sentence);
    this.name = "GroupUnknown";
  }
}

/** Another process uses the credentials that are to be removed. */
export class CredentialsInUse extends Error {
  readonly code = "WA_ERR_CREDENTIALS_IN_USE";
  constructor(holder: string | null) {
    super(
      `The credentials are in use by ${holder ?? "another process"}. Stop it (openclaw channels stop), then try again.`,
    );
    this.name = "CredentialsInUse";
  }
}

/** Puts one linked device to work. The registry decides whether it continues what an earlier generation of this code began. */
export function createAccountRuntime(options: AccountRuntimeOptions): AccountRuntime {
  return new LinkedDevice(options);
}

class LinkedDevice implements AccountRuntime {
  readonly accountId: AccountId;
  readonly #options: AccountRuntimeOptions;
  readonly #entry: RegistryEntry;
  readonly #supervisor: Supervisor;
  readonly #mediaDesk: MediaDesk;
  readonly #stepListeners = new Set<(state: AccountState) => void>();
  readonly #qrListeners = new Set<(qr: string) => void>();
  #policy: Policy;
  #controller: ConnectionController | null = null;
  #stopSupervision: () => void = () => undefined;
  #stopClaiming: () => void = () => undefined;
  #lastDropAt: number | null = null;

  constructor(options: AccountRuntimeOptions) {
    const { ownerLock, timers } = options.ports;
    const ports = { ...options.ports, ownerLock: timeLimitedLock(ownerLock, timers) };
    this.#options = { ...options, ports };
    this.accountId = options.accountId;
    this.#policy = options.policy;
    this.#entry = registryEntry(options.ports.registry, options.accountId);
    this.#mediaDesk = new MediaDesk(ports.media, timers, (raw) => {
      const socket = this.#openSocket();
      if (socket === undefined) return Promise.reject(new MediaUnavailable("expired"));
      return socket.renewMedia(raw);
    });
    this.#supervisor = new Supervisor({
      ...options.ports,
      replacements: this.#entry.replacements,
      progress: () => this.#controller?.progress() ?? { turns: 0, isExpected: false },
      condemn: (detail) => this.#controller?.condemn(detail),
      renew: () => this.#renewBroken(),
      begin: () => this.#beginAnew(),
      onWait: (delayMs) => this.#publishWait(delayMs),
    });
  }

  // --- life -------------------------------------------------------------------------------------

  start(reason: StartReason): void {
    const controller = this.#takeCharge();
    this.#watch(controller);
    this.#begin(controller, reason);
  }

  async stop(reason: StopReason): Promise<void> {
    // A successor took charge: there is nothing of ours left to stop.
    if (this.#controller === null || !this.#isInCharge()) return;
    const controller = this.#takeCharge();
    const controllerId = currentController(controller.state.connection);
    this.#stopSupervision();
    // A write that finds its stream destroyed fails after the end; unclaimed, it would end the process.
    this.#options.ports.timers.start(STRAGGLER_MS, this.#stopClaiming);
    if (controllerId === null) return;
    controller.post({ kind: "controller.stopped", controllerId, reason });
    const stopped = this.#whenReleased(controller);
    notePredecessor(this.#entry, controllerId, stopped);
    await stopped;
  }

  async restart(): Promise<void> {
    const controller = this.#takeCharge();
    if (currentController(controller.state.connection) === null) {
      this.start("operator");
      return;
    }
    this.#watch(controller);
    controller.post({ kind: "operator.acted", act: "restart" });
  }

  async relink(): Promise<void> {
    const controller = this.#takeCharge();
    await this.#openSocket()?.logout();
    if (currentController(controller.state.connection) !== null) {
      controller.post({ kind: "operator.acted", act: "logout" });
    }
    await this.#whenReleased(controller);
    await this.#removeCredentials();
  }

  async login(request: LoginRequest): Promise<LoginOutcome> {
    try {
      if (request.force) await this.#unlinkForLogin();
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      return { connected: false, self: null, sentence };
    }
    const { connection } = this.#present().state;
    const wasRunning = currentController(connection) !== null;
    if (connection.phase !== "open") this.start("login");
    const outcome = await awaitLogin(
      {
        state: () => this.#present().state,
        self: () => this.self(),
        onStep: (listener) => subscribe(this.#stepListeners, listener),
        onQr: (listener) => subscribe(this.#qrListeners, listener),
      },
      request,
    );
    if (!outcome.connected) await this.#afterFailedLogin(wasRunning);
    return outcome;
  }

  /** A QR code must not stay open after its viewer left. An account that was at work goes on as it would without the login. */
  async #afterFailedLogin(wasRunning: boolean): Promise<void> {
    const { phase } = this.#present().state.connection;
    if (!this.#isInCharge()) return;
    if (!wasRunning) await this.stop("shutdown");
    else if (phase !== "blocked") this.start("operator");
  }

  updatePolicy(policy: Policy): void {
    this.#policy = policy;
    if (this.#isInCharge()) this.#controller?.updatePolicy(policy);
  }

  // --- messages ---------------------------------------------------------------------------------

  send(request: SendRequest): Promise<SendOutcome> {
    return this.#present().send(request);
  }

  giveUp(sendId: string): void {
    this.#present().giveUp(sendId);
  }

  capture(): SendCapture {
    return this.#present().capture();
  }

  async groupInfo(
    chat: Jid,
    options: { readonly capture?: SendCapture; readonly signal?: AbortSignal } = {},
  ): Promise<GroupInfo> {
    const socket = this.#openSocket();
    const { capture } = options;
    const present = this.capture();
    const isCaptors = capture === undefined || capture.controllerId === present.controllerId;
    if (socket !== undefined && isCaptors) {
      const found = await socket.groupInfo(chat).catch(() => null);
      if (found !== null) return found;
      // A server that answers with an error would do so again; a connection that is gone has a successor.
      if (this.#openSocket() === socket) throw new GroupUnknown(GROUP_REFUSED);
    }
    const outcome = await this.send({
      sendId: `query/${randomUUID()}`,
      chat,
      content: { operation: "group-query" },
      capture: capture ?? present,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (outcome.outcome !== "acked") throw new GroupUnknown(outcome.sentence);
    if (outcome.group === undefined) throw new GroupUnknown(GROUP_REFUSED);
    return outcome.group;
  }

  receiveFile(raw: string, maxBytes: number): Promise<ReceivedFile> {
    return this.#mediaDesk.fetch(raw, maxBytes);
  }

  resolveAddress(jid: Jid): Promise<{ readonly pn: Jid | null; readonly lid: Jid | null }> {
    const socket = this.#openSocket();
    if (socket !== undefined) return socket.resolveAddress(jid);
    return Promise.resolve(
      this.#options.ports.credentials.addressForms(this.#options.authDir, jid),
    );
  }

  self(): SelfAddress {
    const { self } = this.#present();
    if (self.pn !== null || self.lid !== null) return self;
    return this.#options.ports.credentials.inspect(this.#options.authDir).self;
  }

  status(): AccountStatus {
    const { state, policy, lastClose, holder } = this.#present();
    return accountStatus({
      ...this.#options.ports,
      accountId: this.accountId,
      state,
      policy,
      lastClose,
      holder,
      replacementInMs: this.#isInCharge() ? this.#supervisor.waitsMs() : null,
      predecessors: [...this.#entry.predecessors.keys()],
      frameAgeMs: this.#openSocket()?.frameAgeMs() ?? null,
    });
  }

  resumeFromJournal(): void {
    const controller = this.#controller;
    // An account that does not run begins with its journal when it starts; a successor resumes by itself.
    if (controller === null || !this.#isInCharge()) return;
    if (currentController(controller.state.connection) !== null) controller.resumeFromJournal();
  }

  // --- being in charge --------------------------------------------------------------------------

  #isInCharge(): boolean {
    return this.#entry.inCharge?.owner === this;
  }

  /**
   * The controller that stands for the account now: of another generation while that one is at work, because a caller may still hold
   * the runtime of the code before a reload; else our own.
   */
  #present(): InCharge["controller"] {
    const { inCharge } = this.#entry;
    const isElsewhere =
      inCharge !== null &&
      inCharge.owner !== this &&
      currentController(inCharge.controller.state.connection) !== null;
    return isElsewhere ? inCharge.controller : this.#takeCharge();
  }

  /** This runtime's controller; takes over from whoever was in charge before, with everything that is under way. */
  #takeCharge(): ConnectionController {
    if (this.#controller !== null && this.#isInCharge() && !this.#controller.isBroken) {
      return this.#controller;
    }
    const before = this.#entry.inCharge;
    // Of our own broken controller the faults of dying sockets are still claimed, until its successor begins.
    if (before?.owner !== this) before?.unwatch();
    return this.#createController((post) => before?.controller.handOver(post) ?? null);
  }

  #createController(
    handoverTo: (post: ConnectionController["post"]) => Handover | null,
  ): ConnectionController {
    const { accountId, authDir, run, ports } = this.#options;
    let created: ConnectionController | null = null;
    const handover = handoverTo((input) => created?.post(input));
    const controller = new ConnectionController({
      accountId,
      authDir,
      run,
      ports,
      policy: this.#policy,
      handover,
      onBreach: ({ invariant, detail }) => {
        ports.incidents.keep(
          accountId,
          `A rule of the plugin's state broke: ${invariant}, ${detail}`,
        );
        this.#supervisor.requestReplacement();
      },
      onStep: (state) => {
        this.#noteDrop(state);
        for (const listener of this.#stepListeners) listener(state);
      },
      onQr: (qr) => {
        for (const listener of this.#qrListeners) listener(qr);
      },
      predecessorsGone: (limitMs) => predecessorsGone(this.#entry, ports.timers, limitMs),
    });
    created = controller;
    this.#controller = controller;
    this.#entry.inCharge = { owner: this, controller, unwatch: () => this.#unwatch() };
    return controller;
  }

  #begin(controller: ConnectionController, reason: StartReason): void {
    const { ports, authDir } = this.#options;
    const credentials = ports.credentials.inspect(authDir);
    this.#reportCredentials(controller, credentials);
    const controllerId: ControllerId = this.#entry.nextControllerId;
    this.#entry.nextControllerId += 1;
    controller.post({
      kind: "controller.started",
      controllerId,
      reason,
      credentials: credentials.state,
    });
    if (credentials.state === "linked") controller.resumeFromJournal();
  }

  #reportCredentials(
    controller: ConnectionController,
    { state, self, problem }: ReturnType<AccountRuntimeOptions["ports"]["credentials"]["inspect"]>,
  ): void {
    const { pseudonyms } = this.#options.ports;
    if (state === "linked") {
      const known = controller.state.self ?? pseudonyms.self(this.#options.ports.journal.owner());
      const stored = pseudonyms.self(self);
      // Before the journal is looked at: what it holds is of the number that was linked before.
      controller.self = self;
      if (matchIdentities(known, stored, controller.state.ownMappings) === "different") {
        controller.post({ kind: "credentials.changed", state: "foreign", self: stored });
      }
    }
    if (problem === null) return;
    controller.post({
      kind: "credentials.changed",
      state: state === "linked" ? "restored" : "corrupt",
      error: { name: "Credentials", message: pseudonyms.text(problem) },
    });
  }

  #openSocket(): LiveSocket | undefined {
    const { state, sockets } = this.#present();
    const socketId = currentSocket(state.connection);
    return state.connection.phase === "open" && socketId !== null
      ? sockets.get(socketId)
      : undefined;
  }

  async #whenReleased(controller: ConnectionController): Promise<void> {
    await controller.sockets.whenGone();
    await controller.lease.settled();
  }

  // --- supervision ------------------------------------------------------------------------------

  #watch(controller: ConnectionController): void {
    this.#unwatch();
    const { ports } = this.#options;
    const stopMachine = watchMachine(ports, (input) => controller.post(input));
    this.#lastDropAt = controller.state.drops.times.at(-1) ?? null;
    const leave = joinNeighbours(ports.registry, this.accountId, (input) => controller.post(input));
    this.#supervisor.start();
    this.#stopSupervision = () => {
      stopMachine();
      leave();
      this.#supervisor.stop();
    };
    this.#stopClaiming = watchRejections(this.accountId, ports.rejections, {
      isCurrent: (socketId) => currentSocket(controller.state.connection) === socketId,
      post: (input) => controller.postFault(input),
    });
  }

  #noteDrop({ drops }: AccountState): void {
    const dropAt = drops.times.at(-1) ?? null;
    if (dropAt === null || dropAt === this.#lastDropAt) return;
    this.#lastDropAt = dropAt;
    tellNeighbours(this.#options.ports.registry, this.accountId, dropAt);
  }

  #unwatch(): void {
    this.#stopSupervision();
    this.#stopClaiming();
  }

  /** The broken one is dropped with its state; ids, callers, lease and messages with the agent go on. */
  #renewBroken(): void {
    if (this.#controller !== null && this.#isInCharge()) this.#takeCharge();
  }

  #beginAnew(): void {
    if (this.#controller === null || !this.#isInCharge()) return;
    const controller = this.#takeCharge();
    this.#watch(controller);
    this.#begin(controller, "supervisor");
  }

  #publishWait(delayMs: number): void {
    this.#options.ports.channel.publishStatus({
      kind: "status.publish",
      lifecycle: "recovering",
      connected: false,
      terminal: false,
      causeId: "own-fault",
      attempt: 0,
      nextAttemptMs: Math.round(delayMs),
    });
  }

  // --- credentials ------------------------------------------------------------------------------

  async #unlinkForLogin(): Promise<void> {
    // Of a running account too, which would otherwise keep the lock and go on with keys that WhatsApp no longer knows.
    this.#watch(this.#takeCharge());
    await this.#openSocket()?.logout();
    await this.stop("relink");
    await this.#removeCredentials();
  }

  /** Under the lock, so that no other process loses the files it works with. */
  async #removeCredentials(): Promise<void> {
    const { authDir, ports } = this.#options;
    await predecessorsGone(this.#entry, ports.timers, REMOVAL_LIMIT_MS);
    const lock = await ports.ownerLock.acquire(authDir);
    if (lock.result === "busy") throw new CredentialsInUse(lock.holder);
    try {
      await ports.credentials.remove(authDir);
      ports.journal.purge();
      this.#controller?.forgetMessages();
    } finally {
      await lock.release();
    }
  }
}

function subscribe<T>(
  listeners: Set<(value: T) => void>,
  listener: (value: T) => void,
): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
