import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { CHANNEL_ID, OFFICIAL_PLUGIN_ID, PLUGIN_ID } from "./identifiers.ts";
import type { StandingIssue } from "./status/status-issues.ts";

/*
 * The channel `whatsapp` has one owner. The manifest's `preferOver` settles it for us while the official plugin is merely installed. To be
 * named is stronger: `enabled: true` in its entry, which its own installation writes, or a place in `plugins.allow`. OpenClaw then gives
 * the channel to the official plugin when it starts, and loads ours without one (measured with 2026.9.6 in all combinations); a gateway that
 * runs already leaves it with us until then.
 */

/** Whether the config names the official plugin, which makes it the owner of the channel. */
export function officialPluginWins(cfg: OpenClawConfig): boolean {
  const { plugins } = cfg;
  const named = plugins?.entries?.[OFFICIAL_PLUGIN_ID]?.enabled;
  if (plugins?.enabled === false || plugins?.deny?.includes(OFFICIAL_PLUGIN_ID)) return false;
  return named ?? plugins?.allow?.includes(OFFICIAL_PLUGIN_ID) ?? false;
}

/** The one command that settles it, in the sentence that explains it. */
export const OWNERSHIP_ISSUE: StandingIssue = {
  kind: "config",
  message: `The official plugin is enabled too, so the gateway gives it the channel ${CHANNEL_ID} when it starts; to use ${PLUGIN_ID} instead, run: openclaw plugins disable ${OFFICIAL_PLUGIN_ID}`,
  fix: `Run: openclaw plugins disable ${OFFICIAL_PLUGIN_ID}`,
};
