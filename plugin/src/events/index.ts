export * from "./identity.ts";
export { type RawError, MAX_INNER_ERRORS } from "./raw-error.ts";
export { TIMER_NAMES, type TimerName } from "./connection.ts";
export * from "./record.ts";
export type { WorldEvent } from "./world.ts";
