/*
 * Everything impure that a controller needs, as small interfaces named after what is needed and not after the
 * library that provides it. `baileys/`, `journal/`, `recorder/` and `channel/` implement or consume these; none of them sees
 * another's types. Addresses here are raw JIDs: pseudonyms are made where a record is written (see RecordSink).
 */

export * from "./ports/journal.ts";
export * from "./ports/machine.ts";
export * from "./ports/messages.ts";
export * from "./ports/sinks.ts";
export * from "./ports/socket.ts";
export * from "./ports/time.ts";
