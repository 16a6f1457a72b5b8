import type { RegistryStore } from "../runtime/ports.ts";

/*
 * What outlives a reload of the plugin's code. OpenClaw 2026.9.6 gives every loaded generation of a third-party plugin a channel runtime
 * context, a runtime store and a module graph of its own (measured: after `plugins.reload` all three are empty), so none of them
 * can hold it. What two generations share is the process, and in it the global symbol registry.
 */

const SLOT = Symbol.for("openclaw-whatsapp-continuity.accounts");

type Slot = Map<string, unknown>;

/** Account state of this process, shared by all generations of the plugin's code. */
export function createRegistryStore(): RegistryStore {
  const entries = slotOf(globalThis as { [SLOT]?: unknown });
  return {
    get: (accountId) => entries.get(accountId),
    set(accountId, entry) {
      if (entry === undefined) entries.delete(accountId);
      else entries.set(accountId, entry);
    },
  };
}

function slotOf(holder: { [SLOT]?: unknown }): Slot {
  const found = holder[SLOT];
  if (found instanceof Map) return found as Slot;
  const created: Slot = new Map();
  holder[SLOT] = created;
  return created;
}
