import { jsonResult, readStringParam } from "openclaw/plugin-sdk/channel-actions";
import type {
  ChannelMessageActionAdapter,
  ChannelMessageActionName,
} from "openclaw/plugin-sdk/channel-contract";
import { channelSection } from "../accounts/account.ts";
import { normalizeTarget } from "../accounts/targets.ts";
import { isActionEnabled, mayReact } from "./action-config.ts";
import { type ActionHost, type ActionRequest, openAction } from "./action-request.ts";
import { editMessage, unsendMessage } from "./change-message.ts";
import { react } from "./react.ts";
import { uploadFile } from "./upload-file.ts";

/** What the plugin does itself; sending and polls go through the gateway's own paths. */
const OWN_ACTIONS = {
  react,
  "upload-file": uploadFile,
  edit: editMessage,
  unsend: unsendMessage,
} as const satisfies Partial<
  Record<ChannelMessageActionName, (request: ActionRequest) => Promise<Record<string, unknown>>>
>;

type OwnAction = keyof typeof OWN_ACTIONS;

/** What an agent may do beside answering: the `message` tool's actions, and the same for operators. */
export function createMessageActions(host: ActionHost): ChannelMessageActionAdapter {
  const isOwn = (action: string): action is OwnAction => Object.hasOwn(OWN_ACTIONS, action);
  const aliases = { aliases: ["chatJid", "messageId"], deliveryTargetAliases: ["chatJid"] };
  const resolveDeliveryTarget = ({ args }: { args: Record<string, unknown> }) =>
    normalizeTarget(readStringParam(args, "chatJid") ?? "") ?? undefined;
  const byMessage = { ...aliases, resolveDeliveryTarget };
  return {
    messageActionTargetAliases: { react: byMessage, edit: byMessage, unsend: byMessage },
    describeMessageTool: ({ cfg, accountId }) => {
      if (channelSection(cfg) === undefined) return null;
      const actions: ChannelMessageActionName[] = [
        ...(mayReact(cfg, accountId) ? (["react"] as const) : []),
        ...(isActionEnabled(cfg, "polls") ? (["poll"] as const) : []),
        ...(isActionEnabled(cfg, "sendMessage")
          ? (["upload-file", "edit", "unsend"] as const)
          : []),
      ];
      return { actions };
    },
    supportsAction: ({ action }) => isOwn(action),
    // The socket lives in the gateway's process.
    resolveExecutionMode: ({ action }) => (isOwn(action) ? "gateway" : "local"),
    handleAction: async (context) => {
      const { action } = context;
      if (!isOwn(action)) throw new Error(`WhatsApp has no action "${action}".`);
      const result = await OWN_ACTIONS[action](openAction(host, context));
      return jsonResult({ ok: true, channel: context.channel, action, ...result });
    },
  };
}
