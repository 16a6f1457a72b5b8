import type { BinaryNode } from "./library.ts";

const SERVER = "s.whatsapp.net";

/** Proves the Noise stream and the server's loop behind it; what the library itself sends every 30 s. */
export function transportPing(): BinaryNode {
  return {
    tag: "iq",
    attrs: { to: SERVER, type: "get", xmlns: "w:p" },
    content: [{ tag: "ping", attrs: {} }],
  };
}

/** Reads how many prekeys the server has: changes nothing, needs no push name, and reaches a service behind the stream. */
export function countPreKeys(): BinaryNode {
  return {
    tag: "iq",
    attrs: { to: SERVER, type: "get", xmlns: "encrypt" },
    content: [{ tag: "count", attrs: {} }],
  };
}

export function presence(
  state: "available" | "unavailable",
  pushName: string | undefined,
): BinaryNode {
  // The library strips `@` as well: the server refuses it in a name.
  const name = pushName?.replaceAll("@", "") ?? "";
  return { tag: "presence", attrs: { ...(name === "" ? {} : { name }), type: state } };
}

/**
 * Asks for the next part of what the server kept; rc14 asks once per connection, for 100, and never again. That the server waits for it is
 * an assumption (whatsapp-rust `offline_resume.rs`).
 */
export function offlineBatch(count: number): BinaryNode {
  return {
    tag: "ib",
    attrs: {},
    content: [{ tag: "offline_batch", attrs: { count: String(count) } }],
  };
}
