import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { createPluginRuntimeStore } from "openclaw/plugin-sdk/runtime-store";
import type { StartReason } from "../runtime/account.ts";
import { AccountsAtWork } from "./accounts-at-work.ts";
import type { RecordBatch } from "../recorder/index.ts";
import type { Composition, HostServices, LoadComposition } from "./composition.ts";
import { readSettings, type SettingsReading } from "./config/settings.ts";
import { loadFileLock } from "./file-lock.ts";
import { PLUGIN_ID } from "./identifiers.ts";
import { createGatewayLogin, type GatewayLogin } from "./login/gateway-login.ts";
import { officialPluginWins, OWNERSHIP_ISSUE } from "./ownership.ts";
import { createRegistryStore } from "./registry-store.ts";
import { rejectionSource } from "./rejection-source.ts";
import type { StandingIssue } from "./status/status-issues.ts";

type EmitEvent = (event: string, payload: RecordBatch) => void;

/**
 * One loaded copy of the plugin's code in one process. A reload makes a new one; what must survive that lies in the host's
 * registry. Knows how to reach the host, and holds what runs on this copy.
 */
export class PluginInstance {
  readonly accounts = new AccountsAtWork();
  readonly #runtime = createPluginRuntimeStore<PluginRuntime>({
    pluginId: PLUGIN_ID,
    errorMessage: "WhatsApp Continuity was used before OpenClaw had registered it.",
  });
  readonly #load: LoadComposition;
  #composition: Promise<Composition> | null = null;
  #started: Composition | null = null;
  #emit: EmitEvent | null = null;
  #login: GatewayLogin | null = null;

  constructor(load: LoadComposition) {
    this.#load = load;
  }

  setRuntime(runtime: PluginRuntime): void {
    this.#runtime.setRuntime(runtime);
  }

  runtime(): PluginRuntime {
    return this.#runtime.getRuntime();
  }

  /** The committed config as it is now. */
  config(): OpenClawConfig {
    return this.runtime().config.current() as OpenClawConfig;
  }

  settings(cfg: OpenClawConfig = this.config()): SettingsReading {
    return readSettings(cfg.plugins?.entries?.[PLUGIN_ID]?.config);
  }

  /** Why an account starts; the host does not say, so only the first start in the process is certain. */
  startReason(accountId: string): StartReason {
    return createRegistryStore().get(accountId) === undefined ? "gateway-start" : "unknown";
  }

  /** Live readers of records; null while the gateway offers none. */
  setEmit(emit: EmitEvent | null): void {
    this.#emit = emit;
  }

  /** Linking and reviving, for the gateway's methods and the agent's tool. */
  login(): GatewayLogin {
    this.#login ??= createGatewayLogin({
      accounts: this.accounts,
      composition: () => this.composition(),
      config: () => this.config(),
      settings: () => this.settings(),
    });
    return this.#login;
  }

  /** Everything behind the ports, loaded with the first account and shared by all. */
  composition(): Promise<Composition> {
    this.#composition ??= this.#compose();
    return this.#composition;
  }

  /** The composition if something was started already; asking for the status must not load Baileys. */
  startedComposition(): Composition | null {
    return this.#started;
  }

  /** What people should see beside the accounts' own states. */
  issues(): readonly StandingIssue[] {
    const settings = this.settings().problems.map((problem) => ({
      kind: "config" as const,
      message: problem.sentence,
      fix: `Correct ${problem.path}, or remove it: openclaw config unset ${problem.path}`,
    }));
    return [
      ...(officialPluginWins(this.config()) ? [OWNERSHIP_ISSUE] : []),
      ...settings,
      ...(this.#started?.issues() ?? []),
    ];
  }

  /** This generation of the code is over; its accounts have been stopped before. */
  async dispose(): Promise<void> {
    this.#emit = null;
    await this.#started?.close();
  }

  async #compose(): Promise<Composition> {
    const runtime = this.runtime();
    const logger = runtime.logging.getChildLogger({ plugin: PLUGIN_ID });
    const services: HostServices = {
      stateDir: runtime.state.resolveStateDir(process.env),
      openclawVersion: runtime.version,
      registry: createRegistryStore(),
      rejections: rejectionSource,
      acquireFileLock: await loadFileLock(),
      logRecord: (level, message, fields) => logger[level]?.(message, { ...fields }),
      emitRecords: (batch) => this.#emit?.("records", batch),
    };
    this.#started = await this.#load(services);
    return this.#started;
  }
}
