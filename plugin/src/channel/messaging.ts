import {
  buildChannelOutboundSessionRoute,
  type ChannelPlugin,
} from "openclaw/plugin-sdk/channel-core";
import type { WhatsAppAccount } from "./accounts/account.ts";
import { looksLikeTarget, normalizeTarget, targetKind } from "./accounts/targets.ts";
import { CHANNEL_ID } from "./identifiers.ts";
import { groupSessionKey } from "./session-key.ts";

type Plugin = ChannelPlugin<WhatsAppAccount>;

/** How targets are written, recognised and mapped to sessions. */
export const messaging: NonNullable<Plugin["messaging"]> = {
  targetPrefixes: [CHANNEL_ID],
  defaultMarkdownTableMode: "bullets",
  normalizeTarget: (raw) => normalizeTarget(raw) ?? undefined,
  inferTargetChatType: ({ to }) => {
    const target = normalizeTarget(to);
    return target === null ? undefined : targetKind(target);
  },
  targetResolver: {
    looksLikeId: (raw) => looksLikeTarget(raw),
    hint: "<phone number|group JID|channel JID>",
  },
  resolveOutboundSessionRoute: ({ cfg, agentId, accountId, target }) => {
    const to = normalizeTarget(target);
    if (to === null) return null;
    const chatType = targetKind(to);
    const route = buildChannelOutboundSessionRoute({
      cfg,
      agentId,
      channel: CHANNEL_ID,
      accountId: accountId ?? null,
      recipientSessionExact: true,
      peer: { kind: chatType, id: to },
      chatType,
      from: to,
      to,
    });
    return chatType === "group"
      ? { ...route, sessionKey: groupSessionKey(route.sessionKey, accountId ?? undefined) }
      : route;
  },
};

/** Bindings of a chat to an agent name it in any notation. */
export const bindings: NonNullable<Plugin["bindings"]> = {
  compileConfiguredBinding: ({ conversationId }) => {
    const target = normalizeTarget(conversationId);
    return target === null ? null : { conversationId: target };
  },
  matchInboundConversation: ({ compiledBinding, conversationId }) =>
    normalizeTarget(conversationId) === compiledBinding.conversationId
      ? { conversationId: compiledBinding.conversationId, matchPriority: 2 }
      : null,
};

/** The own number in a text is an address and no part of what is said. */
export const mentions: NonNullable<Plugin["mentions"]> = {
  stripRegexes: ({ ctx }) => {
    const digits = (ctx.To ?? "").replace(/^whatsapp:/i, "").replace(/\D/g, "");
    return digits === "" ? [] : [new RegExp(`@?\\+?${digits}`, "g")];
  },
};
