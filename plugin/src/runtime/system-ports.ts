import { randomUUID } from "node:crypto";
import { lookup } from "node:dns/promises";
import type { RawError } from "../events/index.ts";
import type { Clock, NetworkProbe, Run, Timers } from "./ports.ts";

/** The machine's clocks. The monotonic one counts from the start of the process and does not run while the host sleeps. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** The machine's timers; none keeps the process alive. */
export const systemTimers: Timers = {
  start(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const PROBE_LIMIT_MS = 3_000;

/**
 * Asks the system resolver once, through hosts file and all, for the name that a connect would ask for: the proxy's where one is set. Not a
 * DNS client of our own, which would see another network than the connect does.
 */
export function createNetworkProbe(host: string, timers: Timers): NetworkProbe {
  return {
    async probe() {
      let cancel: () => void = () => undefined;
      const limit = new Promise<RawError>((resolve) => {
        cancel = timers.start(PROBE_LIMIT_MS, () => {
          const message = `the resolver gave no answer within ${PROBE_LIMIT_MS} ms`;
          resolve({ name: "ProbeLimit", message });
        });
      });
      try {
        return await Promise.race([resolveOnce(host), limit]);
      } finally {
        cancel();
      }
    },
  };
}

async function resolveOnce(host: string): Promise<RawError | null> {
  try {
    await lookup(host);
    return null;
  } catch (error) {
    return lookupError(error);
  }
}

function lookupError(error: unknown): RawError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { code, syscall } = error as NodeJS.ErrnoException;
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { errorCode: code }),
    ...(syscall === undefined ? {} : { syscall }),
  };
}

/** A run of this process: one sequence of record numbers for all its accounts. */
export function createRun(seed: string = randomUUID()): Run {
  let seq = 0;
  return {
    boot: randomUUID(),
    seed,
    nextSeq() {
      seq += 1;
      return seq;
    },
  };
}
