import type { Input, TimerId, TimerName } from "../events/index.ts";
import type { Clock, Timers } from "./ports.ts";

/** A timer of the core that is running, as data, so that a successor of this code can go on with it. */
export interface RunningTimer {
  readonly timerId: TimerId;
  readonly timer: TimerName;
  readonly subject: string | null;
  /** On the monotonic clock of this process. */
  readonly dueAt: number;
}

/** Lateness below this is how timers are. */
const UNREMARKABLE_LATE_MS = 50;

/** Runs the core's timers on the machine's and reports them when they come due. */
export class CoreTimers {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #post: (input: Input) => void;
  readonly #running = new Map<
    TimerId,
    { readonly timer: RunningTimer; readonly cancel: () => void }
  >();

  constructor(
    ports: { readonly clock: Clock; readonly timers: Timers },
    post: (input: Input) => void,
  ) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#post = post;
  }

  start(timerId: TimerId, timer: TimerName, delayMs: number, subject: string | null): void {
    this.#run({ timerId, timer, subject, dueAt: this.#clock.monotonicMs() + delayMs });
  }

  /** Goes on with timers of a predecessor; those that came due in between fire at once. */
  resume(timers: readonly RunningTimer[]): void {
    for (const timer of timers) this.#run(timer);
  }

  cancel(timerId: TimerId): void {
    this.#running.get(timerId)?.cancel();
    this.#running.delete(timerId);
  }

  /** Stops all and returns them for a successor. */
  stop(): readonly RunningTimer[] {
    const timers = [...this.#running.values()].map(({ timer }) => timer);
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
    return timers;
  }

  get count(): number {
    return this.#running.size;
  }

  #run(timer: RunningTimer): void {
    this.cancel(timer.timerId);
    const delayMs = Math.max(0, timer.dueAt - this.#clock.monotonicMs());
    const cancel = this.#timers.start(delayMs, () => this.#fire(timer));
    this.#running.set(timer.timerId, { timer, cancel });
  }

  #fire({ timerId, timer, subject, dueAt }: RunningTimer): void {
    this.#running.delete(timerId);
    const lateMs = Math.round(this.#clock.monotonicMs() - dueAt);
    this.#post({
      kind: "timer.fired",
      timerId,
      timer,
      ...(subject === null ? {} : { subject }),
      ...(lateMs > UNREMARKABLE_LATE_MS ? { lateMs } : {}),
    });
  }
}
