import type { Effect } from "../../events/index.ts";
import type { Storyteller } from "./account-world.ts";

/** The timers of an account: each fires when it is due, unless it was cancelled. */
export class WorldTimers {
  readonly #story: Storyteller;
  readonly #orders = new Map<number, number>();

  constructor(story: Storyteller) {
    this.#story = story;
  }

  start({ timerId, timer, delayMs, subject }: Extract<Effect, { kind: "timer.start" }>): void {
    const order = this.#story.agenda.plan(this.#story.now() + delayMs, () => {
      this.#orders.delete(timerId);
      this.#story.assume({
        kind: "timer.fired",
        timerId,
        timer,
        ...(subject === undefined ? {} : { subject }),
      });
    });
    this.#orders.set(timerId, order);
  }

  cancel(timerId: number): void {
    const order = this.#orders.get(timerId);
    if (order === undefined) return;
    this.#orders.delete(timerId);
    this.#story.agenda.cancel(order);
  }
}
