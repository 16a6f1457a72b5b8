import type { AccountId } from "openclaw-whatsapp-continuity-plugin/events";
import type { Decision } from "openclaw-whatsapp-continuity-plugin/replay";
import type { RunningTimer } from "./engine.ts";

interface Started {
  readonly by: number | null;
  readonly dueAt: number;
}

/** When each timer of a replay was started, and by which record: the state itself only lists which ones run. */
export class TimerBook {
  readonly #started = new Map<string, Started>();

  constructor(
    decisions: readonly Decision[],
    indexOf: (boot: string, seq: number) => number | null,
  ) {
    for (const { input, effects } of decisions) {
      for (const { effect } of effects) {
        if (effect.kind !== "timer.start") continue;
        this.#started.set(keyOf(input.boot, input.account, effect.timerId), {
          by: indexOf(input.boot, input.seq),
          dueAt: input.at + effect.delayMs,
        });
      }
    }
  }

  startedBy(boot: string, account: AccountId, timerId: number): number | null {
    return this.#started.get(keyOf(boot, account, timerId))?.by ?? null;
  }

  /** The timers a state lists, the next one first. */
  running(boot: string, account: AccountId, state: Listing | null, at: number): RunningTimer[] {
    const timers = (state?.timers ?? []).map(({ timer, timerId, subject }): RunningTimer => {
      const started = this.#started.get(keyOf(boot, account, timerId));
      const dueAt = started?.dueAt ?? null;
      const dueInMs = dueAt === null ? null : dueAt - at;
      return { timer, timerId, subject, startedBy: started?.by ?? null, dueAt, dueInMs };
    });
    return timers.toSorted((one, other) => (one.dueAt ?? Infinity) - (other.dueAt ?? Infinity));
  }
}

interface Listing {
  readonly timers: readonly {
    readonly timer: string;
    readonly timerId: number;
    readonly subject: string | null;
  }[];
}

function keyOf(boot: string, account: AccountId, timerId: number): string {
  return JSON.stringify([boot, account, timerId]);
}
