import { readStringParam, ToolAuthorizationError } from "openclaw/plugin-sdk/channel-actions";
import type { ChannelMessageActionContext } from "openclaw/plugin-sdk/channel-contract";
import { resolveAccount } from "../accounts/account.ts";
import { normalizeTarget } from "../accounts/targets.ts";
import type { AccountsAtWork } from "../accounts-at-work.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { Delivery, type OnSent } from "../outbound/delivery.ts";
import { resolveTarget } from "../outbound/outbound-adapter.ts";
import type { OutboundHost } from "../outbound/send-media.ts";

/** What the actions share; the channel gives it. */
export interface ActionHost extends OutboundHost {
  readonly accounts: AccountsAtWork;
  readonly onSent: OnSent;
}

/** One action of an agent or operator, its chat checked against the account's allowlist. */
export interface ActionRequest {
  readonly host: ActionHost;
  readonly context: ChannelMessageActionContext;
  readonly delivery: Delivery;
}

/**
 * @throws ToolAuthorizationError when the account may not write to that chat
 * @throws PlatformMessageNotDispatchedError when the account does not run
 */
export function openAction(host: ActionHost, context: ChannelMessageActionContext): ActionRequest {
  const { cfg, accountId, action } = context;
  const to = chatOf(context) ?? readStringParam(context.params, "to", { required: true });
  const account = resolveAccount(cfg, accountId);
  const target = resolveTarget(to, account.config.allowFrom);
  if (!target.ok) {
    throw new ToolAuthorizationError(`WhatsApp ${action} was refused: ${target.error.message}`);
  }
  const delivery = new Delivery(
    host.accounts,
    {
      cfg,
      to: target.to,
      accountId: account.accountId,
      ...(context.onPlatformSendDispatch === undefined
        ? {}
        : { onPlatformSendDispatch: context.onPlatformSendDispatch }),
      ...(context.assertDirectAdapterHandoff === undefined
        ? {}
        : { assertDirectAdapterHandoff: context.assertDirectAdapterHandoff }),
    },
    host.onSent,
  );
  return { host, context, delivery };
}

/** The chat that is named, else the one the agent answers in. */
function chatOf({ params, toolContext }: ChannelMessageActionContext): string | undefined {
  return (
    readStringParam(params, "chatJid") ?? readStringParam(params, "to") ?? currentChat(toolContext)
  );
}

type ToolContext = ChannelMessageActionContext["toolContext"];

/** The chat of the turn in which an agent acts; undefined outside a turn of WhatsApp. */
function currentChat(toolContext: ToolContext): string | undefined {
  return toolContext?.currentChannelProvider === CHANNEL_ID
    ? toolContext.currentChannelId
    : undefined;
}

/** The turn's own facts, as far as the action stays in the turn's chat. */
export function turnOf({ context, delivery }: ActionRequest): ToolContext {
  const current = currentChat(context.toolContext);
  return current !== undefined && normalizeTarget(current) === delivery.to
    ? context.toolContext
    : undefined;
}
