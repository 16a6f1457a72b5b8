import type { RegistryStore } from "../runtime/ports.ts";
import { processSlot } from "./process-slot.ts";

/** Account state that the next generation of the plugin's code goes on with. Its values carry a version of their own. */
export function createRegistryStore(): RegistryStore {
  const entries = processSlot<unknown>("accounts");
  return {
    get: (accountId) => entries.get(accountId),
    set(accountId, entry) {
      if (entry === undefined) entries.delete(accountId);
      else entries.set(accountId, entry);
    },
  };
}
