export { describeDuration } from "../events/index.ts";

/** `1 message`, `3 messages`. */
export function describeCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `2026-11-21 12:02:27` in the given zone offset; the time a person sees on the wall. */
export function describeTime(wallMs: number, offsetMinutes: number): string {
  return new Date(wallMs + offsetMinutes * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

/** `12:02:27` in the given zone offset. */
export function describeClock(wallMs: number, offsetMinutes: number): string {
  return describeTime(wallMs, offsetMinutes).slice(11);
}

/** `What to do: Link again.` A catalogue's advice that nothing needs to be done says so itself. */
export function describeAction(action: string): string {
  return action.startsWith("Nothing to do") ? `${action}.` : `What to do: ${action}.`;
}
