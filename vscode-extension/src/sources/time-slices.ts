/** Time for which the editor's extension host may be held up at once; keys and other extensions wait for it. */
const SLICE_MS = 15;

/** A long computation that can rest wherever it yields. */
export type Slices<T> = Generator<undefined, T>;

/**
 * Runs a long computation in slices, so that everything else goes on in between.
 *
 * @param isCancelled looked at between two slices
 * @returns null when it was cancelled
 */
export async function inSlices<T>(
  slices: Slices<T>,
  isCancelled: () => boolean = () => false,
): Promise<T | null> {
  for (;;) {
    const endMs = performance.now() + SLICE_MS;
    do {
      const step = slices.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endMs);
    await rest();
    if (isCancelled()) return null;
  }
}

/** Lets everything that waits go first. */
export function rest(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
