import type { Timers } from "../../runtime/ports.ts";
import type { ChannelLog } from "../log.ts";

/** Pauses before the same message is handed over again. The last one repeats while the gateway takes no work at all. */
const PAUSES_MS = [1_000, 5_000, 30_000] as const;

/** Of the host, which does not export it: the gateway is being suspended or restarted. */
const NO_WORK_NOW = "GatewayDrainingError";

/**
 * Hands a message over again when the host could not take it. A message that is given up stays in the journal and comes again with the
 * account's next start.
 */
export class Patience {
  readonly #timers: Timers;
  readonly #log: Pick<ChannelLog, "warn">;
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(timers: Timers, log: Pick<ChannelLog, "warn">) {
    this.#timers = timers;
    this.#log = log;
  }

  async until<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pauseMs = PAUSES_MS[failures] ?? (isNoWorkNow(error) ? PAUSES_MS.at(-1) : undefined);
        if (failures === 0) {
          this.#log.warn("A message could not be handed to the agent; it is tried again.", {
            error,
          });
        }
        if (pauseMs === undefined || !(await this.#pause(pauseMs))) throw error;
      }
    }
  }

  /** The account ends: what waits is given up at once. */
  close(): void {
    this.#isOver = true;
    for (const end of this.#waiting) end();
  }

  /** Resolves to false when there is no next time. */
  #pause(delayMs: number): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve(!this.#isOver);
      };
      const cancel = this.#timers.start(delayMs, end);
      this.#waiting.add(end);
    });
  }
}

function isNoWorkNow(error: unknown): boolean {
  return error instanceof Error && error.name === NO_WORK_NOW;
}
