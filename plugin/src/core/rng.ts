/** State of the seeded generator: an unsigned 32-bit integer, part of the account state so that a replay repeats every jitter. */
export type RngState = number;

/** Seeds the generator from any string (FNV-1a). */
export function seedRng(seed: string): RngState {
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1) {
    hash ^= seed.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** One step of mulberry32: a number in [0, 1) and the next state. */
export function nextRandom(state: RngState): { readonly value: number; readonly next: RngState } {
  const next = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000, next };
}
