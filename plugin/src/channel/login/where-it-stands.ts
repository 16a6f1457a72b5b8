import type { AccountStatus } from "../../runtime/account.ts";

export const HOW_TO_RELINK =
  "To link another number, or this one anew, ask for a fresh code (relink).";

/** What each phase of a linked device is for a person. */
const PHASES: Readonly<Record<AccountStatus["phase"], string>> = {
  idle: "not started",
  claiming: "waiting for its credentials folder",
  connecting: "connecting",
  open: "connected",
  waiting: "waiting to reconnect",
  inspecting: "finding out who took the connection over",
  blocked: "in need of a person",
  stopped: "stopped",
};

/** Phase, cause and what to do in one line, e.g. for somebody who asked for a code and does not need one. */
export function whereItStands(status: AccountStatus, nowMs: number): string {
  const { phase, cause, nextAttemptAt } = status;
  const holder = cause?.facts["holder"];
  const parts = [
    `This account is ${PHASES[phase]} (${phase}).`,
    ...(cause === null ? [] : [cause.sentence]),
    ...(typeof holder === "string" ? [`It is ${holder}.`] : []),
    ...(cause === null ? [] : [`${cause.action}.`]),
    ...(nextAttemptAt === null
      ? []
      : [`Next attempt in ${Math.max(0, Math.round((nextAttemptAt - nowMs) / 1_000))} s.`]),
  ];
  return parts.join(" ");
}
