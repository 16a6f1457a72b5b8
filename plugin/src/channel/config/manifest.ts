import { CHANNEL_ID, LOGIN_TOOL, OFFICIAL_PLUGIN_ID, PLUGIN_ID } from "../identifiers.ts";
import { channelHints } from "./channel-hints.ts";
import { channelSchema } from "./channel-schema.ts";
import { settingsSchema } from "./settings-schema.ts";

/**
 * Content of openclaw.plugin.json, which OpenClaw reads before any code of the plugin runs. Built here so that the file, the
 * reader of the settings and the runtime's schema cannot drift apart; `test/manifest.test.ts` compares and, on request, writes it.
 */
export function buildManifest(): Readonly<Record<string, unknown>> {
  return {
    id: PLUGIN_ID,
    name: "WhatsApp Continuity",
    description:
      "WhatsApp channel that recovers by itself, never loops and accounts for every message.",
    categories: ["channels"],
    activation: { onStartup: true },
    channels: [CHANNEL_ID],
    contracts: { tools: [LOGIN_TOOL] },
    configSchema: settingsSchema,
    channelConfigs: {
      [CHANNEL_ID]: {
        label: "WhatsApp",
        description: "Linked to a WhatsApp number by QR code.",
        schema: channelSchema,
        uiHints: channelHints,
        // A configured channels.whatsapp would otherwise make OpenClaw fetch and enable the official plugin beside this one.
        preferOver: [OFFICIAL_PLUGIN_ID],
      },
    },
  };
}
