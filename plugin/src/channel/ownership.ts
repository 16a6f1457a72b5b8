import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { CHANNEL_ID, OFFICIAL_PLUGIN_ID, PLUGIN_ID } from "./identifiers.ts";
import type { StandingIssue } from "./status/status-issues.ts";

/*
 * The channel `whatsapp` has one owner. The manifest's `preferOver` settles it for us while the official plugin is only installed; an
 * explicit `enabled: true` is stronger, and then OpenClaw gives the channel to the official plugin and loads ours without one.
 */

/** Whether the config names the official plugin explicitly, which makes it the owner of the channel. */
export function officialPluginWins(cfg: OpenClawConfig): boolean {
  const plugins = cfg.plugins;
  if (plugins?.enabled === false || plugins?.deny?.includes(OFFICIAL_PLUGIN_ID)) return false;
  return plugins?.entries?.[OFFICIAL_PLUGIN_ID]?.enabled === true;
}

/** The one command that settles it, in the sentence that explains it. */
export const OWNERSHIP_ISSUE: StandingIssue = {
  kind: "config",
  message: `The official plugin is enabled too and owns the channel ${CHANNEL_ID}; ${PLUGIN_ID} does nothing until you run: openclaw plugins disable ${OFFICIAL_PLUGIN_ID}`,
  fix: `Run: openclaw plugins disable ${OFFICIAL_PLUGIN_ID}`,
};
