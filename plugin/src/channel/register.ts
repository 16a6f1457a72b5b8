import type { OpenClawPluginApi } from "openclaw/plugin-sdk/channel-core";
import { SETTINGS } from "./config/settings.ts";
import { PLUGIN_ID, SETTINGS_PATH } from "./identifiers.ts";
import { registerLoginTool } from "./login/login-tool.ts";
import { officialPluginWins, OWNERSHIP_ISSUE } from "./ownership.ts";
import type { PluginInstance } from "./plugin-instance.ts";
import { registerRpc } from "./rpc.ts";

/**
 * Everything of the plugin that is not the channel itself: RPC, live records, and settings that change without a restart. Runs only
 * where the plugin is really activated.
 */
export function registerPlugin(api: OpenClawPluginApi, instance: PluginInstance): void {
  registerRpc(api, instance);
  registerLoginTool(api, instance);
  if (officialPluginWins(api.config)) api.logger.warn(OWNERSHIP_ISSUE.message);
  api.lifecycle.onDispose?.(() => instance.dispose());
  // Without this, every change below the plugin's config would replace the plugin and close all sockets.
  api.registerReload({ noopPrefixes: [SETTINGS_PATH] });
  api.registerService({
    id: PLUGIN_ID,
    // Sections and not the whole: a rule for the same prefix as the one above would never be looked at.
    reload: {
      configPrefixes: [...Object.keys(SETTINGS), "accounts"].map(
        (key) => `${SETTINGS_PATH}.${key}`,
      ),
    },
    start: (context) => {
      const events = context.gatewayEvents;
      instance.setEmit(
        events === undefined
          ? null
          : // The host's payload type is JSON; records are JSON by construction (they come from the codec's shapes).
            (event, batch) => events.emit(event, batch as never, { scope: "operator.read" }),
      );
      applySettings(api, instance);
    },
    stop: () => instance.setEmit(null),
  });
}

/** Hands the current settings to all running accounts and says once what cannot be used. */
function applySettings(api: OpenClawPluginApi, instance: PluginInstance): void {
  const reading = instance.settings();
  for (const { sentence } of reading.problems) api.logger.warn(sentence);
  for (const account of instance.accounts.all()) {
    account.applySettings(reading.forAccount(account.accountId));
  }
}
