import { type Infer, nullable, object, text } from "./schema.ts";

/**
 * The account's own addresses as the server confirmed them at login: phone number form (PN) and hidden id (LID), each a
 * pseudonym without device suffix. Either may be unknown: rc14 learns the LID only from `<success lid>`.
 */
export const selfIdentity = object({ pn: nullable(text), lid: nullable(text) });
export type SelfIdentity = Infer<typeof selfIdentity>;

/** OpenClaw's account id: one linked device. */
export type AccountId = string;
/** Generation number of a WebSocket within an account; never reused. */
export type SocketId = number;
/** Generation number of a controller within an account; never reused. */
export type ControllerId = number;
/** Number of a timer within an account; never reused. */
export type TimerId = number;
/** Stable id of a decision, `<slice>/<what>`, shown in the timeline and asserted by goldens. */
export type RuleId = string;
