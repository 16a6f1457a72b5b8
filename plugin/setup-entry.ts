import { type ChannelPlugin, defineSetupPluginEntry } from "openclaw/plugin-sdk/channel-core";
import type { WhatsAppAccount } from "./src/channel/accounts/account.ts";
import { createWhatsAppBase } from "./src/channel/channel-base.ts";

/** What OpenClaw loads to list, configure and check the channel without running it. */
const entry: { plugin: Partial<ChannelPlugin<WhatsAppAccount>> } =
  defineSetupPluginEntry(createWhatsAppBase());
export default entry;
