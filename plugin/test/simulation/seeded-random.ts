import { nextRandom, seedRng } from "../../src/core/rng.ts";

export interface SeededRandom {
  below(limit: number): number;
  of<T>(values: readonly T[]): T;
}

/** The same seed always gives the same numbers. */
export function randomFrom(seed: string): SeededRandom {
  let state = seedRng(seed);
  const below = (limit: number): number => {
    const { value, next } = nextRandom(state);
    state = next;
    return Math.floor(value * limit);
  };
  return {
    below,
    of(values) {
      const chosen = values[below(values.length)];
      if (chosen === undefined) throw new Error("there is nothing to choose from");
      return chosen;
    },
  };
}
