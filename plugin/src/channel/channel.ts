import { buildDmGroupAccountAllowlistAdapter } from "openclaw/plugin-sdk/allowlist-config-edit";
import { type ChannelPlugin, createChatChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { resolveAccount, type WhatsAppAccount } from "./accounts/account.ts";
import { formatAllowFrom } from "./accounts/config-adapter.ts";
import { hasCredentials } from "./accounts/auth-dir.ts";
import { normalizeAllowEntry, normalizeTarget, targetJid } from "./accounts/targets.ts";
import { createWhatsAppBase } from "./channel-base.ts";
import { mayReact, reactionLevelOf } from "./actions/action-config.ts";
import type { ActionHost } from "./actions/action-request.ts";
import { createMessageActions } from "./actions/message-actions.ts";
import { createDirectory } from "./directory.ts";
import { CHANNEL_ID, PLUGIN_ID } from "./identifiers.ts";
import { bindings, mentions, messaging } from "./messaging.ts";
import { Delivery } from "./outbound/delivery.ts";
import { sendIdOf } from "./outbound/delivery-id.ts";
import { DEFAULT_CHUNK_CHARS } from "./outbound/format.ts";
import { createMediaHost } from "./outbound/media-host.ts";
import { createMessageAdapter, sendPoll } from "./outbound/message-adapter.ts";
import { createOutboundAdapter } from "./outbound/outbound-adapter.ts";
import type { PluginInstance } from "./plugin-instance.ts";
import { createStatusAdapter } from "./status/status-adapter.ts";

type Plugin = ChannelPlugin<WhatsAppAccount>;

/** The channel `whatsapp` as OpenClaw drives it. Building it loads neither Baileys nor a journal. */
export function createWhatsAppPlugin(instance: PluginInstance): Plugin {
  const outbound = outboundHostOf(instance);
  return createChatChannelPlugin<WhatsAppAccount>({
    base: {
      ...createWhatsAppBase(),
      messaging,
      bindings,
      mentions,
      commands: {
        enforceOwnerForCommands: true,
        skipWhenConfigEmpty: true,
        preferSenderE164ForCommands: true,
      },
      allowlist: buildDmGroupAccountAllowlistAdapter({
        channelId: CHANNEL_ID,
        resolveAccount: ({ cfg, accountId }) => resolveAccount(cfg, accountId),
        normalize: ({ values }) => formatAllowFrom(values),
        resolveDmAllowFrom: (account) => account.config.allowFrom,
        resolveGroupAllowFrom: (account) => account.config.groupAllowFrom,
        resolveDmPolicy: (account) => account.config.dmPolicy,
        resolveGroupPolicy: (account) => account.config.groupPolicy,
      }),
      message: createMessageAdapter(instance.accounts, outbound, outbound.onSent),
      actions: createMessageActions(outbound),
      agentPrompt: {
        reactionGuidance: ({ cfg, accountId }) => {
          if (!mayReact(cfg, accountId)) return undefined;
          const level = reactionLevelOf(cfg, accountId).agentReactionGuidance;
          return level === undefined ? undefined : { level, channelLabel: "WhatsApp" };
        },
      },
      status: createStatusAdapter(() => instance.issues()),
      gateway: gatewayOf(instance),
      auth: authOf(instance),
      heartbeat: heartbeatOf(instance),
      directory: createDirectory(instance),
    },
    pairing: {
      idLabel: "whatsappSenderId",
      normalizeAllowEntry: (entry) => normalizeAllowEntry(entry) ?? "",
    },
    threading: {
      scopedAccountReplyToMode: {
        resolveAccount: (cfg, accountId) => resolveAccount(cfg, accountId),
        resolveReplyToMode: (account) => account.config.replyToMode,
      },
    },
    outbound: createOutboundAdapter(() => instance.runtime(), {
      sendPoll: async (context) => {
        const delivery = new Delivery(instance.accounts, context, outbound.onSent);
        const { messageId = "", receipt } = await sendPoll(delivery, context);
        return { messageId, receipt, toJid: delivery.chat };
      },
    }),
  });
}

/** What sending needs of the host. */
function outboundHostOf(instance: PluginInstance): ActionHost {
  const runtime = () => instance.runtime();
  return {
    accounts: instance.accounts,
    onSent: (accountId) =>
      runtime().channel.activity.record({ channel: CHANNEL_ID, accountId, direction: "outbound" }),
    media: createMediaHost(runtime, (message) =>
      runtime().logging.getChildLogger({ plugin: PLUGIN_ID }).warn(message),
    ),
    textLimit: ({ account: { accountId }, context: { cfg } }) =>
      runtime().channel.text.resolveTextChunkLimit(cfg, CHANNEL_ID, accountId, {
        fallbackLimit: DEFAULT_CHUNK_CHARS,
      }),
  };
}

function gatewayOf(instance: PluginInstance): NonNullable<Plugin["gateway"]> {
  const login = instance.login();
  return {
    async startAccount(context) {
      await login.finish(context.accountId);
      // Behind this import lie the inbound pipeline and, one more import further, Baileys.
      const { runAccount } = await import("./account-task.ts");
      await runAccount(instance, context);
    },
    loginWithQrStart: login.start,
    loginWithQrWait: login.wait,
    async logoutAccount({ account, runtime }) {
      const { logout } = await import("./login/logout.ts");
      const settings = instance.settings().forAccount(account.accountId);
      const composition = await instance.composition();
      const { removed, sentence } = await logout(composition, { account, settings });
      runtime.log(sentence);
      return { cleared: removed, loggedOut: removed };
    },
  };
}

function authOf(instance: PluginInstance): NonNullable<Plugin["auth"]> {
  return {
    async login({ cfg, accountId, runtime }) {
      const account = resolveAccount(cfg, accountId);
      const { loginInTerminal } = await import("./login/terminal-login.ts");
      await loginInTerminal({
        composition: await instance.composition(),
        account,
        settings: instance.settings(cfg).forAccount(account.accountId),
        terminal: runtime,
      });
    },
  };
}

function heartbeatOf(instance: PluginInstance): NonNullable<Plugin["heartbeat"]> {
  return {
    checkReady: ({ cfg, accountId }) => {
      const account = resolveAccount(cfg, accountId);
      const ready = (ok: boolean, reason: string) => Promise.resolve({ ok, reason });
      if (!account.enabled || cfg.channels?.whatsapp?.enabled === false) {
        return ready(false, "whatsapp-disabled");
      }
      if (!hasCredentials(account.authDir)) return ready(false, "whatsapp-not-linked");
      const phase = instance.accounts.get(account.accountId)?.runtime.status().phase;
      return phase === "open" ? ready(true, "ok") : ready(false, "whatsapp-not-running");
    },
    sendTyping: async ({ cfg, to, accountId }) => {
      const account = instance.accounts.get(resolveAccount(cfg, accountId).accountId);
      const target = normalizeTarget(to);
      if (account === null || target === null) return;
      await account.runtime.send({
        sendId: sendIdOf({ queueId: undefined, index: 0, count: 1, text: "composing" }),
        chat: targetJid(target),
        content: { operation: "typing", state: "composing" },
      });
    },
  };
}
