import type { HeldLock, OwnerLock, Timers } from "./ports.ts";

/** How long a file system may take for a lock file. A healthy one needs a millisecond, a network share after a cut never answers. */
export const LOCK_LIMIT_MS = 10_000;

type Answer = Awaited<ReturnType<OwnerLock["acquire"]>>;

/**
 * The same lock, but nobody waits longer than {@link LOCK_LIMIT_MS} for it: an account whose directory hangs says so and asks again, instead of
 * standing in `claiming` for ever. An acquisition that is still under way is joined by the next one, and given back when it ends and nobody
 * waits for it any more.
 *
 * @throws from `acquire` and `release`: an error that names the file system, after the limit.
 */
export function timeLimitedLock(lock: OwnerLock, timers: Timers): OwnerLock {
  const underway = new Map<string, Acquisition>();
  return {
    async acquire(authDir) {
      const acquisition = underway.get(authDir) ?? begin(lock, authDir, underway);
      acquisition.waiting += 1;
      try {
        const answer = await within(acquisition.answer, timers, "answer");
        return answer.result === "busy" ? answer : limitedRelease(answer, timers);
      } finally {
        acquisition.waiting -= 1;
      }
    },
  };
}

interface Acquisition {
  readonly answer: Promise<Answer>;
  waiting: number;
}

function begin(lock: OwnerLock, authDir: string, underway: Map<string, Acquisition>): Acquisition {
  const acquisition: Acquisition = { answer: lock.acquire(authDir), waiting: 0 };
  underway.set(authDir, acquisition);
  void acquisition.answer
    .then((answer) => {
      // Here and now: whoever waits still counts, and nobody joins a lock that is on its way back.
      underway.delete(authDir);
      const isWanted = acquisition.waiting > 0;
      return isWanted || answer.result === "busy" ? undefined : answer.release();
    })
    .catch(() => {
      // Who waited was told. A lock that could not be given back is found busy, with its holder, by the next claim.
      underway.delete(authDir);
    });
  return acquisition;
}

function limitedRelease(held: HeldLock, timers: Timers): Extract<Answer, { result: "acquired" }> {
  return {
    result: "acquired",
    release: () => within(held.release(), timers, "let go"),
    takenBy: () => held.takenBy(),
  };
}

async function within<T>(work: Promise<T>, timers: Timers, verb: string): Promise<T> {
  let cancel: () => void = () => undefined;
  const limit = new Promise<never>((_, reject) => {
    cancel = timers.start(LOCK_LIMIT_MS, () => {
      reject(
        new Error(
          `The lock of the auth directory did not ${verb} within ${LOCK_LIMIT_MS / 1_000} s. Check the file system that it lies on.`,
        ),
      );
    });
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
