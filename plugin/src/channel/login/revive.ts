import type { AccountStatus } from "../../runtime/account.ts";
import { systemClock, systemTimers } from "../../runtime/system-ports.ts";
import type { AccountAtWork } from "../accounts-at-work.ts";

const LOOK_MS = 200;

/**
 * Starts a linked account anew in process, which also revives one that waits for a person, and watches until the attempt has shown how it
 * ends: connected, failed, or in need of a person.
 * @param always also when the account is connected
 * @returns where it stands then, or after the limit
 */
export async function revive(
  { runtime }: AccountAtWork,
  limitMs: number,
  always = false,
): Promise<AccountStatus> {
  const { phase } = runtime.status();
  const isWaiting = phase === "waiting" || phase === "blocked" || phase === "idle";
  if (isWaiting || phase === "stopped" || (always && phase === "open")) await runtime.restart();
  const deadline = systemClock.monotonicMs() + limitMs;
  for (;;) {
    const status = runtime.status();
    if (hasEnded(status) || systemClock.monotonicMs() >= deadline) return status;
    await new Promise<void>((resolve) => void systemTimers.start(LOOK_MS, resolve));
  }
}

function hasEnded({ phase }: AccountStatus): boolean {
  switch (phase) {
    case "open":
    case "waiting":
    case "blocked":
    case "stopped":
      return true;
    case "idle":
    case "claiming":
    case "connecting":
    case "inspecting":
      return false;
  }
}
