/** An account at work, and everything it needs from outside as ports. */
export type * from "./account.ts";
export { CredentialsInUse, createAccountRuntime, NotConnected } from "./account-runtime.ts";
export type * from "./ports.ts";
export { SendFailure } from "./ports.ts";
export { createNetworkProbe, createRun, systemClock, systemTimers } from "./system-ports.ts";
