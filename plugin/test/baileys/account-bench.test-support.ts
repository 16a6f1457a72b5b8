/** A whole account of the plugin, real Baileys, real journal, real owner lock, against the simulated WhatsApp server. */
import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startWhatsAppServer,
  type WhatsAppServer,
  type WhatsAppServerOptions,
} from "fixtures/whatsapp-server";
import { createCredentialStore } from "../../src/baileys/credential-store.ts";
import { createMediaSource } from "../../src/baileys/index.ts";
import { whenFilesIdle } from "../../src/baileys/file-queue.ts";
import { type AcquireFileLock, createOwnerLock } from "../../src/baileys/owner-lock.ts";
import { createSocketFactory } from "../../src/baileys/socket-factory.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/core/index.ts";
import { createPseudonymiser, type LogRecord, type RecordKind } from "../../src/events/index.ts";
import { type AccountJournal, type JournalStatus, openJournal } from "../../src/journal/index.ts";
import type { AccountPorts, AccountRuntime, SendOutcome } from "../../src/runtime/account.ts";
import { createAccountRuntime } from "../../src/runtime/account-runtime.ts";
import { OpenSockets } from "../../src/runtime/open-sockets.ts";
import type {
  BurstMessage,
  ChannelPort,
  JournalledMessage,
  LiveSocket,
  NetworkProbe,
  RegistryStore,
  RejectionSource,
  SocketInput,
  StatusEffect,
  Timers,
  UncaughtKind,
} from "../../src/runtime/ports.ts";
import { createRun, systemClock, systemTimers } from "../../src/runtime/system-ports.ts";
import { bundledVersion } from "./socket-bench.test-support.ts";

type Admission = Parameters<ChannelPort["admit"]>[1];
type Settled = Awaited<ReturnType<ChannelPort["admit"]>>;

export interface Admitted {
  readonly text: string;
  readonly entry: JournalledMessage;
  readonly as: Admission;
  readonly late: boolean;
  /** Messages that became one turn have one number; null for a turn of its own. */
  readonly turn: number | null;
}

/** The host's own function; its subpath has no types. */
async function hostFileLock(): Promise<AcquireFileLock> {
  const subpath = "openclaw/plugin-sdk/file-lock";
  const module = (await import(subpath)) as { readonly acquireFileLock: AcquireFileLock };
  return module.acquireFileLock;
}

/** What nobody in the process caught, offered to the plugin as the gateway does; what nobody takes fails the test. */
export class ProcessRejections implements RejectionSource {
  readonly unclaimed: unknown[] = [];
  readonly #handlers = new Set<(reason: unknown, kind: UncaughtKind) => boolean>();
  readonly #onRejection = (reason: unknown): void => this.#offer(reason, "rejection");
  readonly #onException = (error: unknown): void => this.#offer(error, "exception");

  constructor() {
    process.on("unhandledRejection", this.#onRejection);
    process.on("uncaughtException", this.#onException);
  }

  subscribe(handler: (reason: unknown, kind: UncaughtKind) => boolean): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #offer(reason: unknown, kind: UncaughtKind): void {
    for (const handler of this.#handlers) if (handler(reason, kind)) return;
    this.unclaimed.push(reason);
  }

  stop(): void {
    process.off("unhandledRejection", this.#onRejection);
    process.off("uncaughtException", this.#onException);
  }
}

export class AccountBench {
  readonly server: WhatsAppServer;
  readonly authDir: string;
  readonly records: LogRecord[] = [];
  readonly statuses: StatusEffect[] = [];
  /** Titles of the incidents that were kept. */
  readonly incidents: string[] = [];
  readonly admitted: Admitted[] = [];
  /** How many messages each notice to the owner was about. */
  readonly ownerNotices: number[] = [];
  readonly qrCodes: string[] = [];
  readonly rejections = new ProcessRejections();
  readonly registry = new Map<string, unknown>();
  policy: Policy = DEFAULT_POLICY;
  /** Tests replace it to lose timers. */
  timers: Timers = systemTimers;
  networkProbe: NetworkProbe = { probe: () => Promise.resolve(null) };
  /** What becomes of a message; tests replace it, e.g. to answer. */
  onAdmit: (message: Admitted) => Promise<Settled> = () =>
    Promise.resolve({ state: "answered", reason: "test" });
  /** Called with every published status, from inside the step that published it. */
  onStatus: () => void = () => undefined;
  onIncident: () => void = () => undefined;
  onJournalChange: (status: JournalStatus) => void = () => undefined;
  env: Record<string, string> = {};
  readonly stateDir: string;
  readonly #folder: string;
  readonly #waiting = new Set<() => void>();
  readonly #run = createRun("bench");
  readonly #lock: AcquireFileLock;
  #journal: AccountJournal | undefined;
  #sendCount = 0;
  #nextTurn = 1;
  #isCheckDue = false;

  static async start(options: WhatsAppServerOptions = {}): Promise<AccountBench> {
    const folder = await mkdtemp(join(tmpdir(), "account-bench-"));
    return new AccountBench(await startWhatsAppServer(options), folder, await hostFileLock());
  }

  private constructor(server: WhatsAppServer, folder: string, lock: AcquireFileLock) {
    this.server = server;
    this.#folder = folder;
    this.#lock = lock;
    this.authDir = join(folder, "auth");
    this.stateDir = join(folder, "state");
  }

  get account() {
    return this.server.world.account("bot");
  }

  /** One journal for all runtimes of the bench, as there is one file per account. */
  get journal(): AccountJournal {
    this.#journal ??= openJournal({
      stateDir: this.stateDir,
      accountId: "bot",
      clock: systemClock,
      timers: systemTimers,
      settings: { retentionDays: 14, maxMegabytes: 64 },
      onChange: (status) => this.onJournalChange(status),
    });
    return this.#journal;
  }

  /** A runtime of the account; several share the registry, as generations of the plugin's code do. */
  runtime(): AccountRuntime {
    return createAccountRuntime({
      accountId: "bot",
      authDir: this.authDir,
      policy: this.policy,
      run: this.#run,
      ports: this.#ports(),
    });
  }

  #ports(): AccountPorts {
    const key = "test";
    return {
      clock: systemClock,
      timers: { start: (delayMs, run) => this.timers.start(delayMs, run) },
      sockets: createSocketFactory({
        clock: systemClock,
        versions: bundledVersion,
        journal: this.journal,
        env: { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: this.server.url, ...this.env },
        deviceName: ["openclaw", "cli", "test"],
      }),
      ownerLock: createOwnerLock(this.#lock),
      networkProbe: { probe: () => this.networkProbe.probe() },
      credentials: createCredentialStore(),
      versions: bundledVersion,
      journal: this.journal,
      records: { append: (record) => this.#onRecord(record) },
      pseudonyms: createPseudonymiser({
        keyedHash: (text) => createHmac("sha256", key).update(text).digest("hex"),
      }),
      channel: this.#channel(),
      media: createMediaSource(process.env),
      incidents: {
        keep: (_accountId, title) => {
          this.incidents.push(title);
          this.onIncident();
        },
      },
      registry: this.#registryStore(),
      rejections: this.rejections,
    };
  }

  #registryStore(): RegistryStore {
    return {
      get: (accountId) => this.registry.get(accountId),
      set: (accountId, entry) => void this.registry.set(accountId, entry),
    };
  }

  /** A socket on the same folder that no controller of the account knows; returns what it reports. */
  straySocket(): readonly SocketInput[] {
    const reported: SocketInput[] = [];
    const ofProcess = new OpenSockets(this.#registryStore(), this.authDir);
    const stray: LiveSocket = this.#ports().sockets.open({
      accountId: "bot",
      socketId: 1_000_000,
      authDir: this.authDir,
      pairing: false,
      listener: {
        onInput: (input) => {
          reported.push(input);
          if (input.kind === "socket.closed") ofProcess.delete(stray);
        },
        onQr: () => undefined,
        onSelf: () => undefined,
        onMessage: () => undefined,
        onHistory: () => undefined,
      },
    });
    ofProcess.add(stray);
    return reported;
  }

  #channel(): ChannelPort {
    return {
      publishStatus: (status) => {
        this.statuses.push(status);
        this.onStatus();
      },
      admit: (entry, as, late) => this.#admit({ entry, as, late }, null),
      admitBurst: (messages) => {
        const turn = this.#nextTurn++;
        return Promise.all(messages.map((message) => this.#admit(message, turn)));
      },
      notifyOwner: (messages) => void this.ownerNotices.push(messages),
      raiseAlert: () => undefined,
      clearAlert: () => undefined,
    };
  }

  #admit({ entry, as, late }: BurstMessage, turn: number | null): Promise<Settled> {
    const { content } = entry.message;
    const text = content.type === "text" ? content.text : "";
    const admitted = { text, entry, as, late, turn };
    this.admitted.push(admitted);
    this.#check();
    return this.onAdmit(admitted);
  }

  #onRecord(record: LogRecord): void {
    this.records.push(record);
    this.#check();
  }

  /** Once per turn of the event loop: records come in thousands. */
  #check(): void {
    if (this.#isCheckDue) return;
    this.#isCheckDue = true;
    setImmediate(() => {
      this.#isCheckDue = false;
      for (const check of this.#waiting) check();
    });
  }

  /** Starts a linked account and waits until it is open. */
  async opened(): Promise<AccountRuntime> {
    await this.account.link(this.authDir);
    const runtime = this.runtime();
    runtime.start("gateway-start");
    await this.until(() => runtime.status().phase === "open", "phase open");
    return runtime;
  }

  sendText(
    runtime: AccountRuntime,
    chat: string,
    text: string,
    sendId?: string,
  ): Promise<SendOutcome> {
    this.#sendCount += 1;
    return runtime.send({
      sendId: sendId ?? `send-${this.#sendCount}`,
      chat,
      content: { operation: "text", text, quotedRaw: null, mentions: [] },
    });
  }

  recordsOf<K extends RecordKind>(kind: K): Extract<LogRecord, { kind: K }>[] {
    return this.records.filter(
      (record): record is Extract<LogRecord, { kind: K }> => record.kind === kind,
    );
  }

  /** Rules of the decisions so far, in order, without repetition in a row. */
  rules(): string[] {
    const rules = this.records.flatMap((record) => ("rule" in record ? [record.rule] : []));
    return rules.filter((rule, index) => rule !== rules[index - 1]);
  }

  async message(text: string, timeoutMs = 10_000): Promise<Admitted> {
    await this.until(
      () => this.admitted.some((each) => each.text === text),
      `message ${text}`,
      timeoutMs,
    );
    const found = this.admitted.find((each) => each.text === text);
    if (found === undefined) throw new Error("unreachable");
    return found;
  }

  until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        clearInterval(poll);
        this.#waiting.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (holds()) end();
      };
      const poll = setInterval(check, 50);
      const timer = setTimeout(() => {
        end(
          new Error(
            `not within ${timeoutMs} ms: ${what}; rules: ${this.rules().slice(-40).join(" ")}`,
          ),
        );
      }, timeoutMs);
      this.#waiting.add(check);
    });
  }

  async stop(...runtimes: AccountRuntime[]): Promise<void> {
    for (const runtime of runtimes) await runtime.stop("shutdown");
    await this.server.stop();
    await whenFilesIdle(this.authDir, 5_000);
    this.#journal?.close();
    this.rejections.stop();
    await rm(this.#folder, { recursive: true, force: true });
    if (this.rejections.unclaimed.length > 0) {
      throw new Error(`unhandled rejections nobody took: ${String(this.rejections.unclaimed[0])}`);
    }
  }
}
