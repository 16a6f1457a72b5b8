import type { ChannelPort } from "../../runtime/ports.ts";

/**
 * The gateway as a login sees it: nobody looks at the status, and nothing is answered. A message that arrives while a device is being linked
 * stays unsettled in the journal, so the account answers it when it starts.
 */
export const detachedPort: ChannelPort = {
  publishStatus: () => undefined,
  admit: () => Promise.reject(new Error("Nothing is answered while a device is being linked.")),
  raiseAlert: () => undefined,
  clearAlert: () => undefined,
};
