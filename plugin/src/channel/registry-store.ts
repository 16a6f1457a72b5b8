import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { RegistryStore } from "../runtime/ports.ts";
import { CHANNEL_ID } from "./identifiers.ts";

/** Capability under which the entries lie in the host's registry; the official plugin has names of its own. */
const CAPABILITY = "continuity-account-state";

/**
 * Keeps account state in the host's channel runtime contexts, so that a controller of reloaded code continues where the old one
 * stopped. Entries belong to the process and not to an account's task, which the host cleans up after each stop.
 */
export function createRegistryStore(channel: PluginRuntime["channel"]): RegistryStore {
  const { runtimeContexts } = channel;
  const leases = new Map<string, { dispose: () => void }>();
  const key = (accountId: string) => ({
    channelId: CHANNEL_ID,
    accountId,
    capability: CAPABILITY,
  });
  return {
    get: (accountId) => runtimeContexts.get(key(accountId)),
    set(accountId, entry) {
      const before = leases.get(accountId);
      if (entry === undefined) {
        leases.delete(accountId);
        before?.dispose();
        return;
      }
      // A new registration replaces the old one; disposing the old lease afterwards does not touch it.
      leases.set(accountId, runtimeContexts.register({ ...key(accountId), context: entry }));
    },
  };
}
