import type { DropsState } from "./drops.ts";
import { LIMITS } from "./limits.ts";
import type { Policy } from "./policy.ts";

type Mode = Policy["keepalive"]["mode"];

/** One thing that can be tried against drops at a regular interval. */
export type Rung = "shorter-interval" | "next-mode" | "rotation";

/** How a session is kept from being cut: what is written, how often, and after which age the connection is replaced by ourselves. */
export interface SessionPlan {
  readonly mode: Mode;
  readonly intervalMs: number;
  /** Null: never. */
  readonly rotateAfterMs: number | null;
}

/**
 * What can be tried, in order: two halvings of the interval (where they change it), the next mode that does not suppress the phone's
 * notifications, and, only where the owner opted in, a planned rotation. `presence-available` is never taken unasked, and `off` is kept.
 */
export function ladderOf({ keepalive }: Policy): readonly Rung[] {
  const { mode, intervalMs, rotateAfterMs } = keepalive;
  const halvings =
    mode === "off" ? 0 : Math.min(2, halvingsAbove(shortestOf(intervalMs), intervalMs));
  return [
    ...Array.from({ length: halvings }, (): Rung => "shorter-interval"),
    ...(nextModeOf(mode) === mode ? [] : (["next-mode"] as const)),
    ...(rotateAfterMs > 0 ? (["rotation"] as const) : []),
  ];
}

/**
 * The plan after the rungs taken so far. Without `adaptive` there is no ladder: what is configured holds from the beginning, a rotation
 * included. With it the rotation comes before the next drop that the rhythm foretells, if that is sooner than what is configured.
 */
export function sessionPlan(
  drops: Pick<DropsState, "step" | "rhythm">,
  policy: Policy,
): SessionPlan {
  const { mode, intervalMs, adaptive, rotateAfterMs } = policy.keepalive;
  const taken = adaptive ? ladderOf(policy).slice(0, drops.step) : [];
  const halvings = taken.filter((rung) => rung === "shorter-interval").length;
  const rotates = rotateAfterMs > 0 && (!adaptive || taken.includes("rotation"));
  return {
    mode: taken.includes("next-mode") ? nextModeOf(mode) : mode,
    intervalMs: Math.max(shortestOf(intervalMs), intervalMs / 2 ** halvings),
    rotateAfterMs: rotates ? rotationAge(rotateAfterMs, drops.rhythm?.medianMs ?? null) : null,
  };
}

function rotationAge(configuredMs: number, medianMs: number | null): number {
  const foretold = medianMs === null ? Infinity : medianMs * LIMITS.rotationShare;
  return Math.max(LIMITS.youngestRotationMs, Math.min(configuredMs, Math.round(foretold)));
}

/** What the owner asks for may be shorter than what we would choose ourselves. */
function shortestOf(intervalMs: number): number {
  return Math.min(LIMITS.shortestSessionKeepaliveMs, intervalMs);
}

function halvingsAbove(shortestMs: number, intervalMs: number): number {
  return intervalMs <= shortestMs ? 0 : Math.ceil(Math.log2(intervalMs / shortestMs));
}

function nextModeOf(mode: Mode): Mode {
  switch (mode) {
    case "iq":
      return "presence-unavailable";
    case "presence-unavailable":
      return "iq";
    case "presence-available":
    case "off":
      return mode;
  }
}
