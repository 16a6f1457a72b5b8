import { type ChannelPlugin, defineChannelPluginEntry } from "openclaw/plugin-sdk/channel-core";
import type { WhatsAppAccount } from "./src/channel/accounts/account.ts";
import { createWhatsAppPlugin } from "./src/channel/channel.ts";
import { PLUGIN_ID } from "./src/channel/identifiers.ts";
import { PluginInstance } from "./src/channel/plugin-instance.ts";
import { registerPlugin } from "./src/channel/register.ts";

// Baileys, journal and recorder come in with the first account that starts, not with the registration.
const instance = new PluginInstance(async (host) => {
  const { compose } = await import("./src/composition/compose.ts");
  return compose(host);
});

const entry: ReturnType<typeof defineChannelPluginEntry<ChannelPlugin<WhatsAppAccount>>> =
  defineChannelPluginEntry({
    id: PLUGIN_ID,
    name: "WhatsApp Continuity",
    description:
      "WhatsApp channel that recovers by itself, never loops and accounts for every message.",
    plugin: createWhatsAppPlugin(instance),
    setRuntime: (runtime) => instance.setRuntime(runtime),
    registerFull: (api) => registerPlugin(api, instance),
  });
export default entry;
