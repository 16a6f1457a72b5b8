import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type {
  ChannelPlugin,
  OpenClawConfig,
  PluginRuntime,
} from "openclaw/plugin-sdk/channel-core";
import { systemClock, systemTimers } from "../runtime/system-ports.ts";
import type { StopReason } from "../runtime/account.ts";
import { listAccountIds, resolveAccount, type WhatsAppAccount } from "./accounts/account.ts";
import type { AccountAtWork } from "./accounts-at-work.ts";
import { createAlerts } from "./alerts.ts";
import { createChannelPort, type OpenChannelPort } from "./channel-port.ts";
import { HandoverOrder } from "./inbound/handover-order.ts";
import { OwnerNotices } from "./inbound/owner-notices.ts";
import { createPendingHistory } from "./inbound/pending-history.ts";
import type { InboundHost } from "./inbound/admitted-message.ts";
import { toPolicy } from "./config/policy.ts";
import { type ChannelLog, createChannelLog } from "./log.ts";
import { createMediaHost } from "./outbound/media-host.ts";
import type { PluginInstance } from "./plugin-instance.ts";

type Gateway = NonNullable<ChannelPlugin<WhatsAppAccount>["gateway"]>;
type StartContext = Parameters<NonNullable<Gateway["startAccount"]>>[0];

/**
 * Runs one account until the gateway ends it. The promise stays pending whatever happens to the connection: settling would
 * hand the account to the gateway's restart ladder, which gives up after ten attempts and knows nothing of causes.
 */
export async function runAccount(instance: PluginInstance, context: StartContext): Promise<void> {
  const { accountId, abortSignal, setStatus } = context;
  // A status of an earlier life stays until it is overwritten; a person's start begins with a clean one.
  setStatus({
    accountId,
    running: true,
    connected: false,
    lifecycle: "starting",
    healthState: "starting",
    terminalDisconnect: false,
    lastError: null,
  });
  let opened: Awaited<ReturnType<typeof openAccount>> | null = null;
  try {
    opened = await openAccount(instance, context);
  } catch (error) {
    reportFailure(context, error);
  }
  await aborted(abortSignal);
  if (opened !== null) await closeAccount(instance, opened);
}

interface Opened {
  readonly account: AccountAtWork;
  readonly port: OpenChannelPort;
  close(): Promise<void>;
}

async function openAccount(instance: PluginInstance, context: StartContext): Promise<Opened> {
  const { accountId, account } = context;
  // Asked before the account is opened, because opening leaves the trace that the answer is read from.
  const reason = instance.startReason(accountId);
  const composition = await instance.composition();
  const channel = context.channelRuntime as PluginRuntime["channel"] | undefined;
  const log = createChannelLog(instance.runtime(), accountId, (text) =>
    composition.pseudonyms.text(text),
  );
  const port = createPort(
    instance,
    context,
    channel ?? instance.runtime().channel,
    log,
    () => opened,
  );
  const opened = await composition.openAccount({
    accountId,
    authDir: account.authDir,
    settings: instance.settings().forAccount(accountId),
    channel: port,
  });
  const atWork: AccountAtWork = {
    accountId,
    authDir: account.authDir,
    runtime: opened.runtime,
    journal: opened.journal,
    journalStatus: () => opened.journalStatus(),
    messages: (query) => opened.messages(query),
    applySettings: (settings) => opened.applySettings(settings),
  };
  instance.accounts.add(atWork);
  opened.runtime.start(reason);
  return { account: atWork, port, close: () => opened.close() };
}

function createPort(
  instance: PluginInstance,
  context: StartContext,
  channel: PluginRuntime["channel"],
  log: ChannelLog,
  opened: () => Awaited<
    ReturnType<Awaited<ReturnType<PluginInstance["composition"]>>["openAccount"]>
  >,
): OpenChannelPort {
  const { accountId } = context;
  const runtime = () => opened().runtime;
  const inbound: InboundHost = {
    accountId,
    channel,
    media: createMediaHost(
      () => instance.runtime(),
      (message) => log.warn(message),
    ),
    history: createPendingHistory(({ message }) => {
      opened().journal.markContextShown(message.messageId, message.chat);
    }),
    memory: {
      pendingContext: (limit) => opened().journal.pendingContext(limit),
      findMessage: (messageId, chat) => opened().journal.findMessage(messageId, chat),
    },
    order: new HandoverOrder(),
    notices: new OwnerNotices({
      journal: () => opened().journal,
      newSendId: () => `late-notice/${randomUUID()}`,
    }),
    log,
    config: () => instance.config(),
    maxAgeMinutes: () => instance.settings().forAccount(accountId).late.maxAgeMinutes,
    runtime,
    isOwnSend: (messageId) => opened().journal.custodyByMessageId(messageId) !== null,
    nowMs: () => systemClock.wallMs(),
  };
  return createChannelPort({
    inbound,
    alerts: createAlerts({
      accountId,
      log,
      settings: () => instance.settings().forAccount(accountId).alert,
      phase: () => runtime().status().phase,
    }),
    clock: systemClock,
    timers: systemTimers,
    inTask: AsyncLocalStorage.snapshot(),
    runtime,
    setStatus: context.setStatus,
  });
}

async function closeAccount(instance: PluginInstance, opened: Opened): Promise<void> {
  const { account, port } = opened;
  const reason = stopReason(instance.config(), account.accountId);
  try {
    await account.runtime.stop(reason);
  } finally {
    port.close();
    if (reason === "restart") {
      const { sends } = toPolicy(instance.settings().forAccount(account.accountId));
      instance.accounts.awaitSuccessor(account, systemTimers, sends.successorWaitMs);
    } else instance.accounts.remove(account);
    await opened.close();
  }
}

/**
 * Why the gateway ends an account. It does not say, but its config does where the account is gone for good; everything else (health
 * monitor, config change, plugin reload) is followed by a successor, for which captured replies wait. After a stop by a person
 * they wait until their deadline.
 */
export function stopReason(cfg: OpenClawConfig, accountId: string): StopReason {
  if (cfg.channels?.whatsapp?.enabled === false) return "disabled";
  if (!listAccountIds(cfg).includes(accountId)) return "removed";
  return resolveAccount(cfg, accountId).enabled ? "restart" : "disabled";
}

/** Something of the machine is broken (disk, permissions, host version): only a person can help, and nothing is retried in a loop. */
function reportFailure(context: StartContext, error: unknown): void {
  const sentence = error instanceof Error ? error.message : String(error);
  const lastError = `WhatsApp could not start: ${sentence}`;
  context.setStatus({
    accountId: context.accountId,
    running: true,
    connected: false,
    lifecycle: "blocked",
    terminalDisconnect: true,
    healthState: "stopped",
    lastError,
    lastDisconnect: { at: systemClock.wallMs(), error: lastError },
  });
  context.log?.error(`[${context.accountId}] ${lastError}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
