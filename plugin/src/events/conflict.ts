import { count, nullable, oneOf, optional, text, type UnionOf } from "./schema.ts";

/** Stream replaced: somebody logged in with the same credentials. First question: was it ourselves? */
export const conflictInputs = {
  /**
   * Emitted in answer to `conflict.inspect`. `own-socket`: a socket of this process is still open (its id is given);
   * `other-process`: the owner lock names another living process; `external`: neither.
   */
  "conflict.inspected": {
    finding: oneOf("own-socket", "other-process", "external"),
    socketId: nullable(count),
    holder: optional(text),
  },
} as const;
export type ConflictInput = UnionOf<typeof conflictInputs>;

export const conflictEffects = {
  "conflict.inspect": { socketId: count },
} as const;
export type ConflictEffect = UnionOf<typeof conflictEffects>;
