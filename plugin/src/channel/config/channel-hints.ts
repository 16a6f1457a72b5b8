/** What OpenClaw's settings pages show beside the keys of `channels.whatsapp`. */
export interface ConfigHint {
  readonly label?: string;
  readonly help?: string;
  readonly presentation?: "phone-number";
}

const phoneNumber: ConfigHint = { presentation: "phone-number" };

export const channelHints: Readonly<Record<string, ConfigHint>> = {
  "": {
    label: "WhatsApp",
    help: "Who may write to the agent over WhatsApp and how it answers. Connection behaviour is set in the plugin's own settings.",
  },
  dmPolicy: {
    label: "Direct messages",
    help: 'pairing lets unknown people ask for access; allowlist admits only allowFrom; open needs allowFrom ["*"]; disabled admits nobody.',
  },
  allowFrom: phoneNumber,
  groupAllowFrom: phoneNumber,
  defaultTo: phoneNumber,
  "accounts.*.allowFrom.*": phoneNumber,
  "accounts.*.groupAllowFrom.*": phoneNumber,
  "accounts.*.defaultTo": phoneNumber,
  selfChatMode: {
    label: "Linked to your own number",
    help: "On when the linked phone is your personal one: your notes to yourself reach the agent, and no read receipts are sent there.",
  },
  groups: {
    label: "Groups",
    help: 'Groups the agent takes part in; "*" stands for all others. Leave empty to admit every group.',
  },
  direct: {
    label: "Direct chat prompts",
    help: 'Extra instructions per contact, "*" for all others. Admits nobody by itself.',
  },
  mentionPatterns: {
    label: "Mention patterns",
    help: "In which chats the configured text patterns count as a mention. A native mention always counts.",
  },
  pluginHooks: {
    label: "Share messages with plugins",
    help: "Hands every inbound message to other plugins' hooks. Messages are personal; switch on only for plugins you trust.",
  },
  configWrites: {
    label: "Config changes from chat",
    help: "Whether commands in a chat may change the configuration. On unless switched off.",
  },
};
