import { createHmac } from "node:crypto";
import { join } from "node:path";
import {
  createCredentialStore,
  createOwnerLock,
  createSocketFactory,
  createMediaSource,
} from "../../src/baileys/index.ts";
import { BAILEYS_VERSION, PLUGIN_VERSION } from "../../src/composition/versions.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/core/index.ts";
import {
  createPseudonymiser,
  FORMAT,
  FORMAT_VERSION,
  type LogRecord,
} from "../../src/events/index.ts";
import { type AccountJournal, openJournal } from "../../src/journal/index.ts";
import type { AccountPorts, AccountRuntime } from "../../src/runtime/account.ts";
import { createAccountRuntime } from "../../src/runtime/account-runtime.ts";
import type {
  ChannelPort,
  Clock,
  IncomingMessage,
  Run,
  VersionSource,
} from "../../src/runtime/ports.ts";
import { createRun, systemTimers } from "../../src/runtime/system-ports.ts";
import { ProcessRejections } from "../baileys/account-bench.test-support.ts";
import {
  type Protection,
  weakenedJournal,
  weakenedLibrary,
  weakenedSockets,
} from "./protections.ts";

const VERSION = [2, 3000, 1_043_857_760] as const;
const versions: VersionSource = {
  current: () => ({ version: VERSION, source: "bundled" }),
  refresh: () => Promise.resolve({ version: VERSION, source: "bundled", error: null }),
};

export interface OfflineAccountOptions {
  /** Of the simulated server. */
  readonly url: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly seed: string;
  readonly without: ReadonlySet<Protection>;
  readonly policy?: Policy;
  /** A plaintext is about to be stored, before the ratchet is written. */
  onDecrypted(): void;
  /** A message is about to be journalled. */
  onHandOver(): void;
  /** The agent's turn; without it a message only becomes context. */
  readonly onAdmit?: ChannelPort["admit"];
}

/** An account of the plugin, everything real but clock and agent. A restart is a new runtime on the same folders. */
export class OfflineAccount {
  /** Text of every message that reached the agent, as often as it did. */
  readonly admitted: string[] = [];
  readonly records: LogRecord[] = [];
  readonly rejections = new ProcessRejections();
  readonly journal: AccountJournal;
  readonly authDir: string;
  readonly #options: OfflineAccountOptions;
  readonly #registry = new Map<string, unknown>();
  #runtime: AccountRuntime | null = null;

  constructor(options: OfflineAccountOptions) {
    this.#options = options;
    this.authDir = join(options.folder, "auth");
    this.journal = this.#openJournal();
  }

  /** The running generation; null between a stop and the next start. */
  get runtime(): AccountRuntime | null {
    return this.#runtime;
  }

  get isOpen(): boolean {
    return this.#runtime?.status().phase === "open";
  }

  start(): void {
    const run = createRun(this.#options.seed);
    this.records.push(this.#header(run));
    this.#runtime = createAccountRuntime({
      accountId: "bot",
      authDir: this.authDir,
      policy: this.#options.policy ?? DEFAULT_POLICY,
      run,
      ports: this.#ports(),
    });
    this.#runtime.start("gateway-start");
  }

  async stop(): Promise<void> {
    const runtime = this.#runtime;
    this.#runtime = null;
    await runtime?.stop("shutdown");
    this.#registry.clear();
  }

  async dispose(): Promise<void> {
    await this.stop();
    this.journal.close();
    this.rejections.stop();
  }

  /** The clock goes on over a restart, so the run began when the machine did. */
  #header({ boot, seed }: Run): LogRecord {
    const { clock } = this.#options;
    return {
      boot,
      seq: 0,
      at: Math.round(clock.monotonicMs()),
      dir: "in",
      kind: "log.header",
      format: FORMAT,
      version: FORMAT_VERSION,
      startedAt: new Date(clock.wallMs()).toISOString(),
      seed,
      plugin: PLUGIN_VERSION,
      baileys: BAILEYS_VERSION,
    };
  }

  #openJournal(): AccountJournal {
    const { folder, clock, without, onDecrypted, onHandOver } = this.#options;
    const journal = openJournal({
      stateDir: join(folder, "state"),
      accountId: "bot",
      clock,
      timers: systemTimers,
      settings: { retentionDays: 14, maxMegabytes: 64 },
    });
    const storePlaintext = journal.storePlaintext.bind(journal);
    journal.storePlaintext = (stanza) => {
      onDecrypted();
      storePlaintext(stanza);
    };
    const receive = journal.receive.bind(journal);
    journal.receive = (message, nowMs) => {
      onHandOver();
      return receive(message, nowMs);
    };
    return weakenedJournal(journal, without);
  }

  #ports(): AccountPorts {
    const { clock, url, without, onAdmit } = this.#options;
    const factory = createSocketFactory({
      clock,
      versions,
      journal: this.journal,
      env: { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: url },
      deviceName: ["OpenClaw", "Desktop", "test"],
      loadLibrary: () => weakenedLibrary(without),
    });
    const admit: ChannelPort["admit"] = (entry, as, late) => {
      this.admitted.push(textOf(entry.message));
      if (onAdmit !== undefined) return onAdmit(entry, as, late);
      return Promise.resolve({ state: "context", reason: "simulation" });
    };
    return {
      clock,
      timers: systemTimers,
      sockets: weakenedSockets(factory, without),
      ownerLock: createOwnerLock(() =>
        Promise.resolve({ lockPath: "", release: () => Promise.resolve() }),
      ),
      networkProbe: { probe: () => Promise.resolve(null) },
      credentials: createCredentialStore(),
      versions,
      journal: this.journal,
      records: { append: (record) => void this.records.push(record) },
      pseudonyms: createPseudonymiser({
        keyedHash: (text) => createHmac("sha256", "simulation").update(text).digest("hex"),
      }),
      channel: {
        publishStatus: () => undefined,
        raiseAlert: () => undefined,
        clearAlert: () => undefined,
        notifyOwner: () => undefined,
        admit,
        admitBurst: (messages) =>
          Promise.all(messages.map(({ entry, as, late }) => admit(entry, as, late))),
      },
      media: createMediaSource(process.env),
      incidents: { keep: () => undefined },
      registry: {
        get: (accountId) => this.#registry.get(accountId),
        set: (accountId, entry) => void this.#registry.set(accountId, entry),
      },
      rejections: this.rejections,
    };
  }
}

function textOf({ content }: IncomingMessage): string {
  return content.type === "text" ? content.text : content.type;
}
