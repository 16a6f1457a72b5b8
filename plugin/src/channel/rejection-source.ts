import {
  registerUncaughtExceptionHandler,
  registerUnhandledRejectionHandler,
} from "openclaw/plugin-sdk/runtime-env";
import type { RejectionSource } from "../runtime/ports.ts";

/** The host offers each unhandled rejection and each uncaught exception to its handlers before it would end the process. */
export const rejectionSource: RejectionSource = {
  subscribe(handler) {
    const stops = [
      registerUnhandledRejectionHandler((reason) => handler(reason, "rejection")),
      registerUncaughtExceptionHandler((error) => handler(error, "exception")),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  },
};
