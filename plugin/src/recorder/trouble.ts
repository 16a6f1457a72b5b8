import type { LogRecord } from "../events/index.ts";

/** What led to a trouble happens before it. */
const BEFORE_MS = 60_000;
/** Without any trouble, what happened last is all there is to show. */
const QUIET_MS = 5 * 60_000;

/**
 * When an account's last trouble began, with a minute before it: the end of the last time it was connected, as its published status says.
 * Without trouble the last five minutes.
 *
 * @param records of one account, oldest first
 * @returns monotonic milliseconds
 */
export function troubleBeganMs(records: readonly LogRecord[]): number {
  let wasConnected: boolean | null = null;
  let beganMs: number | null = null;
  for (const record of records) {
    if (record.kind !== "status.publish") continue;
    const { connected } = record;
    if (!connected && wasConnected !== false) beganMs = record.at;
    wasConnected = connected;
  }
  const lastMs = records.at(-1)?.at ?? 0;
  return beganMs === null ? lastMs - QUIET_MS : beganMs - BEFORE_MS;
}
