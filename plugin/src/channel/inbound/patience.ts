import type { Timers } from "../../runtime/ports.ts";
import type { ChannelLog } from "../log.ts";

/** Pauses before the same message is handed over again. The last one repeats for as long as the gateway says that it takes no work now. */
const PAUSES_MS = [1_000, 5_000, 30_000] as const;

/**
 * Errors of the host that end by themselves, by the names it gives them; it exports none. The second one says "another OpenClaw process
 * owns state-lifecycle", but means its own database, which a worker of the same gateway holds for too long on a busy machine.
 */
const NO_WORK_NOW: ReadonlyMap<string, string> = new Map([
  ["GatewayDrainingError", "The gateway is being restarted or suspended"],
  ["StateDatabaseCoordinatorContentionError", "The gateway's own database is busy"],
]);
/** Errors inside each other that are looked through for one of these. */
const MAX_CAUSES = 4;

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
        const passing = whatPasses(error);
        const pauseMs = PAUSES_MS[failures] ?? (passing === null ? undefined : PAUSES_MS.at(-1));
        if (failures === 0) this.#tell(passing, error);
        if (pauseMs === undefined || !(await this.#pause(pauseMs))) throw error;
      }
    }
  }

  #tell(passing: string | null, error: unknown): void {
    if (passing !== null) {
      this.#log.warn(`${passing}; a message waits for it and is handed to the agent then.`);
      return;
    }
    this.#log.warn("A message could not be handed to the agent; it is tried again.", { error });
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

/** What the gateway is busy with, null when the failure is no matter of time. */
function whatPasses(error: unknown): string | null {
  let inner: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && inner instanceof Error; depth += 1) {
    const passing = NO_WORK_NOW.get(inner.name);
    if (passing !== undefined) return passing;
    inner = inner.cause;
  }
  return null;
}
