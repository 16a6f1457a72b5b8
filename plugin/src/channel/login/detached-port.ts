import type { ChannelPort } from "../../runtime/ports.ts";

const NOT_NOW = "Nothing is answered while a device is being linked.";

/**
 * The gateway as a login sees it: nothing is answered. A message that arrives while a device is being linked stays unsettled in the
 * journal, so the account answers it when it starts.
 * @param onCause told with every status why it does not go on, null when it does
 */
export function detachedPort(onCause: (causeId: string | null) => void): ChannelPort {
  return {
    publishStatus: ({ lifecycle, causeId }) => {
      // A stop at the end of an attempt takes nothing back.
      if (lifecycle !== "stopped") onCause(causeId);
    },
    admit: () => Promise.reject(new Error(NOT_NOW)),
    admitBurst: () => Promise.reject(new Error(NOT_NOW)),
    notifyOwner: () => undefined,
    raiseAlert: () => undefined,
    clearAlert: () => undefined,
  };
}
