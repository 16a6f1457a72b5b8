import type { Input } from "../events/index.ts";
import type { Clock, Timers } from "./ports.ts";

const TICK_MS = 2_000;
/** A busy machine is a second late now and then; a keepalive measured across more than this is not a fair one. */
const STALL_MS = 3_000;
const JUMP_MS = 5_000;

/**
 * Watches what happens to time: an event loop that did not turn, and a wall clock that left the monotonic one (a host that slept, a VM that was
 * thawed, a clock that was set). Returns how to stop.
 */
export function watchMachine(
  ports: { readonly clock: Clock; readonly timers: Timers },
  post: (input: Input) => void,
): () => void {
  const { clock, timers } = ports;
  let cancel: () => void = () => undefined;
  let monotonic = clock.monotonicMs();
  let wall = clock.wallMs();

  const tick = (): void => {
    const [nextMonotonic, nextWall] = [clock.monotonicMs(), clock.wallMs()];
    const stallMs = Math.round(nextMonotonic - monotonic - TICK_MS);
    const jumpMs = Math.round(nextWall - wall - (nextMonotonic - monotonic));
    [monotonic, wall] = [nextMonotonic, nextWall];
    cancel = timers.start(TICK_MS, tick);
    if (stallMs >= STALL_MS) post({ kind: "loop.stalled", stallMs });
    if (Math.abs(jumpMs) >= JUMP_MS) post({ kind: "clock.jumped", jumpMs });
  };
  cancel = timers.start(TICK_MS, tick);
  return () => cancel();
}
