/** `43 s`, `14 min 20 s`, `3 h 5 min`, `2 days 4 h`: two units are as much as anybody reads. */
export function describeDuration(ms: number): string {
  const units = [
    { name: "day", plural: "days", size: 86_400_000 },
    { name: "h", plural: "h", size: 3_600_000 },
    { name: "min", plural: "min", size: 60_000 },
    { name: "s", plural: "s", size: 1_000 },
  ];
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const first = units.findIndex(({ size }) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const { name, plural, size } of units.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount} ${amount === 1 ? name : plural}`);
  }
  return parts.join(" ");
}

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
