import { DEFAULT_POLICY, type Policy } from "../../core/policy.ts";
import type { Settings } from "./settings.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Translates settings in people's units (seconds, minutes) into the decisions' policy (milliseconds). */
export function toPolicy(settings: Settings): Policy {
  const { keepalive, recovery, backfill, late, alert } = settings;
  return {
    keepalive: {
      mode: keepalive.mode,
      intervalMs: keepalive.intervalSeconds * SECOND,
      adaptive: keepalive.adaptive,
      rotateAfterMs: keepalive.rotateAfterMinutes * MINUTE,
    },
    recovery: {
      maxDelayMs: recovery.maxDelaySeconds * SECOND,
      attemptsPerHour: recovery.attemptsPerHour,
      conflictProbeMs: recovery.conflictProbeMinutes * MINUTE,
    },
    backfill: {
      windowMs: backfill.windowMinutes * MINUTE,
      history: backfill.history,
      requestsPerHour: backfill.requestsPerHour,
      holdMs: backfill.holdSeconds * SECOND,
    },
    late: {
      direct: late.direct,
      mention: late.mention,
      group: late.group,
      maxAgeMs: late.maxAgeMinutes * MINUTE,
      older: late.older,
    },
    sends: DEFAULT_POLICY.sends,
    alert: { afterMs: alert.afterMinutes * MINUTE },
  };
}
