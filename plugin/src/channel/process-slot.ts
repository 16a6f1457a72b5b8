/*
 * What outlives a reload of the plugin's code, and what several loaded copies of it have in common. OpenClaw 2026.9.6 gives every
 * copy of a third-party plugin a channel runtime context, a runtime store and a module graph of its own: after `plugins.reload` all
 * three are empty, and after a changed setting a turn is delivered through another copy than the one that runs the account
 * (measured). What the copies share is the process, and in it the global symbol registry.
 */

/**
 * The process' map of that name, created on first use.
 * @param name ends in the version of the values' shape, because another copy may be of another version of the code
 */
export function processSlot<Value>(name: string): Map<string, Value> {
  const key = Symbol.for(`openclaw-whatsapp-continuity.${name}`);
  const holder = globalThis as { [key: symbol]: unknown };
  const found = holder[key];
  // The name vouches for the shape of what is in it.
  if (found instanceof Map) return found as Map<string, Value>;
  const created = new Map<string, Value>();
  holder[key] = created;
  return created;
}
