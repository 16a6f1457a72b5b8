import { count, flag, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** Stream replaced: somebody logged in with the same credentials. First question: was it ourselves? */
export const conflictInputs = {
  /**
   * Emitted in answer to `conflict.inspect`. `own-socket`: a socket of this process was still open (its id is given when it is one of the
   * account's own numbers; one that no controller knows is ended by the inspection itself); `other-process`: another process has the
   * owner lock or writes the credentials; `external`: neither.
   */
  "conflict.inspected": {
    finding: oneOf("own-socket", "other-process", "external"),
    socketId: nullable(count),
    /** Process number, program and state directory of the other process, as far as they can be known. */
    holder: optional(text),
    /** The other process has taken the owner lock, so its end will be noticed. */
    holdsLock: optional(flag),
  },
} as const;
export type ConflictInput = UnionOf<typeof conflictInputs>;

export const conflictEffects = {
  "conflict.inspect": { socketId: count },
} as const;
export type ConflictEffect = UnionOf<typeof conflictEffects>;
