import { count, flag, literal, nullable, object, oneOf, text, type Infer } from "../schema.ts";

/*
 * Version 0: the format of the first design, called `wa-event-log` and numbering itself 1. FROZEN: these shapes describe files
 * that exist; nothing here may change and nothing here may refer to today's tables.
 *
 * What was different: one log per run, so records had no `boot`; addresses kept their domain (`user-1@s.whatsapp.net`); a close carried
 * `facts` that had already been picked out of the error; `origin` named who noticed (`local`: this side, e.g. a missed keepalive),
 * not who ended the socket.
 */

export const FORMAT_V0 = "wa-event-log";
/** What the header of a version 0 file says about itself. */
export const OWN_VERSION_V0 = 1;

const place = { seq: count, at: count, account: text } as const;
const decided = { ...place, dir: literal("out"), cause: count, rule: text } as const;
const happened = { ...place, dir: literal("in") } as const;

const timerV0 = oneOf("reconnect", "watchdog");

export const shapesV0 = {
  "log.header": object({
    seq: count,
    at: count,
    dir: literal("in"),
    kind: literal("log.header"),
    format: literal(FORMAT_V0),
    version: literal(OWN_VERSION_V0),
    startedAt: text,
    seed: text,
    plugin: text,
    baileys: text,
  }),
  "socket.opened": object({
    ...happened,
    kind: literal("socket.opened"),
    socketId: count,
    self: nullable(text),
  }),
  "socket.closed": object({
    ...happened,
    kind: literal("socket.closed"),
    socketId: count,
    facts: object({
      statusCode: nullable(count),
      origin: oneOf("local", "server"),
      tag: nullable(text),
    }),
  }),
  "timer.fired": object({
    ...happened,
    kind: literal("timer.fired"),
    timerId: count,
    timer: timerV0,
  }),
  "message.received": object({
    ...happened,
    kind: literal("message.received"),
    socketId: count,
    messageId: text,
    from: text,
    offline: flag,
  }),
  "socket.open": object({ ...decided, kind: literal("socket.open"), socketId: count }),
  "timer.start": object({
    ...decided,
    kind: literal("timer.start"),
    timerId: count,
    timer: timerV0,
    delayMs: count,
  }),
  "event.dropped": object({
    ...decided,
    kind: literal("event.dropped"),
    socketId: count,
    reason: literal("retired-socket"),
  }),
} as const;

export type RecordV0 = {
  [K in keyof typeof shapesV0]: Infer<(typeof shapesV0)[K]>;
}[keyof typeof shapesV0];
