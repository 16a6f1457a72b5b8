import {
  byName,
  choice,
  closed,
  flag,
  type JsonSchema,
  natural,
  positive,
  text,
  texts,
} from "./json-schema.ts";

/*
 * `channels.whatsapp`: every key that the official plugin 2026.9.6 accepts, with the same meaning, and no key of our own. A
 * config that works here works there, so switching between the two plugins never invalidates anything. What is new lives in
 * the plugin's own settings (settings.ts).
 */

const toolPolicy = closed({ allow: texts, alsoAllow: texts, deny: texts });

/** Keys that an account may set, and the channel for all accounts. */
const accountKeys = {
  enabled: flag,
  capabilities: texts,
  configWrites: flag,
  markdown: closed({ tables: choice("off", "bullets", "code", "block") }),
  dmPolicy: choice("pairing", "allowlist", "open", "disabled"),
  allowFrom: texts,
  defaultTo: text,
  groupPolicy: choice("open", "disabled", "allowlist"),
  groupAllowFrom: texts,
  groups: byName(
    closed({
      requireMention: flag,
      tools: toolPolicy,
      toolsBySender: byName(toolPolicy),
      systemPrompt: text,
    }),
  ),
  direct: byName(closed({ systemPrompt: text })),
  mentionPatterns: closed({ mode: choice("allow", "deny"), allowIn: texts, denyIn: texts }),
  contextVisibility: choice("all", "allowlist", "allowlist_quote"),
  historyLimit: natural,
  dmHistoryLimit: natural,
  dms: byName(closed({ historyLimit: natural })),
  textChunkLimit: positive,
  streaming: closed({
    chunkMode: choice("length", "newline"),
    block: closed({
      enabled: flag,
      coalesce: closed({ minChars: positive, maxChars: positive, idleMs: natural }),
    }),
  }),
  responsePrefix: text,
  mediaMaxMb: positive,
  replyToMode: choice("off", "first", "all", "batched"),
  sendReadReceipts: flag,
  selfChatMode: flag,
  reactionLevel: choice("off", "ack", "minimal", "extensive"),
  heartbeatVisibility: closed({ showOk: flag, showAlerts: flag, useIndicator: flag }),
  healthMonitor: closed({ enabled: flag }),
  pluginHooks: closed({ messageReceived: flag }),
} satisfies Readonly<Record<string, JsonSchema>>;

/** Schema of `channels.whatsapp`. The three defaults are applied by OpenClaw when it reads the config. */
export const channelSchema: JsonSchema = closed({
  ...accountKeys,
  dmPolicy: { ...accountKeys.dmPolicy, default: "pairing" },
  groupPolicy: { ...accountKeys.groupPolicy, default: "allowlist" },
  mediaMaxMb: { ...accountKeys.mediaMaxMb, default: 50 },
  accounts: byName(closed({ ...accountKeys, name: text, authDir: text })),
  defaultAccount: text,
  actions: closed({ reactions: flag, sendMessage: flag, polls: flag, calls: flag }),
});
