import { registerUnhandledRejectionHandler } from "openclaw/plugin-sdk/runtime-env";
import type { RejectionSource } from "../runtime/ports.ts";

/** The host offers each unhandled rejection to its handlers before it would end the process. */
export const rejectionSource: RejectionSource = {
  subscribe: (handler) => registerUnhandledRejectionHandler(handler),
};
