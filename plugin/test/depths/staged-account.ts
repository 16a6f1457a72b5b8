import { createHmac } from "node:crypto";
import { join } from "node:path";
import type { SimulatedAccount } from "fixtures/whatsapp-server";
import {
  type AcquireFileLock,
  createCredentialStore,
  createOwnerLock,
  createSocketFactory,
  createVersionSource,
  createMediaSource,
} from "../../src/baileys/index.ts";
import type { Policy } from "../../src/core/index.ts";
import { createPseudonymiser, type LogRecord } from "../../src/events/index.ts";
import { type AccountJournal, openJournal } from "../../src/journal/index.ts";
// What no report times takes as long here as in the completion of reports.
import { WORLD } from "../../src/replay/completion/world-settings.ts";
import type {
  AccountPorts,
  AccountRuntime,
  SendCapture,
  StopReason,
} from "../../src/runtime/account.ts";
import { createAccountRuntime } from "../../src/runtime/account-runtime.ts";
import { OpenSockets } from "../../src/runtime/open-sockets.ts";
import type {
  AdmitAs,
  ChannelPort,
  JournalledMessage,
  LiveSocket,
  MessageEnd,
  RegistryStore,
  Run,
} from "../../src/runtime/ports.ts";
import { createNetworkProbe, createRun, systemTimers } from "../../src/runtime/system-ports.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { Party } from "./world-player.ts";

const WHATSAPP_HOST = "web.whatsapp.com";
/** A number that no controller of the story reaches. */
const STRAY_SOCKET = 1_000_000;
/** The name under which the journal keeps it, see `runtime/sign-of-life.ts`. */
const SIGN_OF_LIFE = "sign-of-life";
const LOOKED_UP_VERSION = [2, 3000, 1_099_999_999] as const;

export interface StagedAccountOptions {
  readonly accountId: string;
  readonly simulated: SimulatedAccount;
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly lock: AcquireFileLock;
  readonly seed: string;
  readonly policy: Policy;
  onRecord(record: LogRecord): void;
  /** References of messages whose answer the incident itself times. */
  readonly timedAnswers: ReadonlySet<string>;
  /** What the accounts of one process have in common in the host's registry; by default the account is alone. */
  readonly shared?: Map<string, unknown>;
}

interface OpenQuestion {
  readonly entry: JournalledMessage;
  readonly capture: SendCapture;
  readonly done: (acked: boolean) => void;
}

/** One account of the plugin, everything real but clock and agent. A gateway restart is a new runtime on the same folders. */
export class StagedAccount implements Party {
  readonly #options: StagedAccountOptions;
  readonly #journal: AccountJournal;
  readonly #questions = new Map<string, OpenQuestion>();
  /** What the host keeps over a reload of the plugin; gone with the process. */
  #registry = new Map<string, unknown>();
  #run: Run | null = null;
  #runtime: AccountRuntime | null = null;
  #goesOn = false;
  #isKilled = false;

  constructor(options: StagedAccountOptions) {
    this.#options = options;
    this.#journal = openJournal({
      stateDir: join(options.folder, "state"),
      accountId: options.accountId,
      clock: options.clock,
      timers: systemTimers,
      settings: { retentionDays: 14, maxMegabytes: 64 },
    });
  }

  get authDir(): string {
    return join(this.#options.folder, "auth");
  }

  get phase(): string {
    return this.#runtime?.status().phase ?? "stopped";
  }

  async link(): Promise<void> {
    await this.#options.simulated.link(this.authDir);
  }

  /** After a shutdown a new process begins; after a restart in place the same one goes on. */
  start(): void {
    const reason = this.#goesOn ? "health-monitor" : "gateway-start";
    if (!this.#goesOn || this.#run === null) {
      this.#registry = new Map();
      this.#run = createRun(this.#options.seed);
    }
    this.#runtime = createAccountRuntime({
      accountId: this.#options.accountId,
      authDir: this.authDir,
      policy: this.#options.policy,
      run: this.#run,
      ports: this.#ports(),
    });
    this.#runtime.start(reason);
  }

  async stop(reason: StopReason): Promise<void> {
    this.#goesOn = reason === "restart" || reason === "reload";
    await this.#runtime?.stop(reason);
  }

  /**
   * The process ends without a word. What it says and writes while it is taken down is not part of the story: the records are muted, and the
   * journal keeps the sign of life of before.
   */
  async kill(): Promise<void> {
    const sign = this.#journal.kept(SIGN_OF_LIFE);
    this.#isKilled = true;
    await this.#runtime?.stop("shutdown");
    this.#isKilled = false;
    this.#runtime = null;
    if (sign !== null) this.#journal.keep(SIGN_OF_LIFE, sign);
    this.forgetProcess();
  }

  /** The process is over: what was only in its memory is gone. */
  forgetProcess(): void {
    this.#goesOn = false;
  }

  /** @throws Error before the first start */
  get runtime(): AccountRuntime {
    if (this.#runtime === null) throw new Error("the account was never started");
    return this.#runtime;
  }

  get journal(): AccountJournal {
    return this.#journal;
  }

  async restart(): Promise<void> {
    await this.#runtime?.restart();
  }

  /** As after a fault of ours: a socket of this process without a controller, which takes the stream from the one in charge. */
  strayLogin(): void {
    const { accountId } = this.#options;
    const ofProcess = new OpenSockets(this.#registryStore(), this.authDir);
    const stray: LiveSocket = this.#ports().sockets.open({
      accountId,
      socketId: STRAY_SOCKET,
      authDir: this.authDir,
      pairing: false,
      listener: {
        onInput: (input) => {
          if (input.kind === "socket.closed") ofProcess.delete(stray);
        },
        onQr: () => undefined,
        onSelf: () => undefined,
        onMessage: () => undefined,
        onHistory: () => undefined,
      },
    });
    ofProcess.add(stray);
  }

  /** The agent's turn over the message with this text is over. */
  answer(ref: string): void {
    const question = this.#questions.get(ref);
    const runtime = this.#runtime;
    if (question === undefined || runtime === null) return;
    void runtime
      .send({
        sendId: `answer-${ref}`,
        chat: question.entry.message.chat,
        content: { operation: "text", text: `Re: ${ref}`, quotedRaw: null, mentions: [] },
        capture: question.capture,
      })
      .then(({ outcome }) => question.done(outcome === "acked"));
  }

  /** The agent writes of its own accord. */
  write(ref: string, { chat }: { readonly chat: string }): void {
    void this.#runtime?.send({
      sendId: ref,
      chat,
      content: { operation: "text", text: `Unasked: ${ref}`, quotedRaw: null, mentions: [] },
    });
  }

  async dispose(): Promise<void> {
    await this.#runtime?.stop("shutdown");
    this.#journal.close();
  }

  #ports(): AccountPorts {
    const { clock, lock, onRecord } = this.#options;
    const versions = createVersionSource({
      file: join(this.#options.folder, "state", "version.json"),
      // WhatsApp's web page, as far as the plugin needs it.
      lookup: () =>
        new Promise((resolve) => {
          systemTimers.start(WORLD.versionMs, () => resolve(LOOKED_UP_VERSION));
        }),
    });
    return {
      clock,
      timers: systemTimers,
      sockets: createSocketFactory({
        clock,
        versions,
        journal: this.#journal,
        env: {},
        deviceName: ["openclaw", "cli", "test"],
      }),
      ownerLock: createOwnerLock(lock),
      networkProbe: createNetworkProbe(WHATSAPP_HOST, systemTimers),
      credentials: createCredentialStore(),
      versions,
      journal: this.#journal,
      records: {
        append: (record) => {
          if (!this.#isKilled) onRecord(record);
        },
      },
      pseudonyms: createPseudonymiser({
        keyedHash: (text) => createHmac("sha256", "depth").update(text).digest("hex"),
      }),
      channel: this.#channel(),
      media: createMediaSource(process.env),
      incidents: { keep: () => undefined },
      registry: this.#registryStore(),
      rejections: { subscribe: () => () => undefined },
    };
  }

  #registryStore(): RegistryStore {
    const { accountId, shared } = this.#options;
    const mapOf = (key: string): Map<string, unknown> =>
      key === accountId || shared === undefined ? this.#registry : shared;
    return {
      get: (key) => mapOf(key).get(key),
      set: (key, entry) => void mapOf(key).set(key, entry),
    };
  }

  #channel(): ChannelPort {
    return {
      publishStatus: () => undefined,
      raiseAlert: () => undefined,
      clearAlert: () => undefined,
      notifyOwner: () => undefined,
      admit: (entry, as) => this.#admit(entry, as),
      admitBurst: async (messages) => {
        // One turn, one answer: to the message whose answer the story times, else to the last question.
        const questions = messages.filter(({ as }) => as === "reply").map(({ entry }) => entry);
        const { timedAnswers } = this.#options;
        const asked =
          questions.findLast((entry) => timedAnswers.has(refOf(entry))) ?? questions.at(-1);
        const end = asked === undefined ? undefined : await this.#admit(asked, "reply");
        return messages.map(() => end ?? { state: "context", reason: "no question" });
      },
    };
  }

  async #admit(entry: JournalledMessage, as: AdmitAs): Promise<MessageEnd> {
    if (as === "context") return { state: "context", reason: as };
    if (as !== "reply") return { state: "ignored", reason: as };
    const answered = await this.#ask(entry);
    return answered
      ? { state: "answered", reason: "acked" }
      : { state: "failed", reason: "not sent" };
  }

  #ask(entry: JournalledMessage): Promise<boolean> {
    const ref = refOf(entry);
    const capture = this.#runtime?.capture() ?? { controllerId: 0, self: null };
    return new Promise((done) => {
      this.#questions.set(ref, { entry, capture, done });
      if (!this.#options.timedAnswers.has(ref)) {
        systemTimers.start(WORLD.agentMs, () => this.answer(ref));
      }
    });
  }
}

/** What the story calls a message: its text. */
function refOf({ message }: JournalledMessage): string {
  return message.content.type === "text" ? message.content.text : message.messageId;
}
