import type { AccountId } from "../events/index.ts";
import type { OutageCauseId } from "./outage-cause.ts";

/** What was brought in afterwards, as the plugin accounted it. */
export interface Recovered {
  readonly offline: number;
  readonly history: number;
  readonly duplicates: number;
  readonly tooOld: number;
  /** Chats about which the phone did not answer, and those in which nobody wrote since. */
  readonly unanswered: number;
  readonly waiting: number;
}

/** One time during which an account was not connected although it should have been. */
export interface Outage {
  readonly account: AccountId;
  readonly startMs: number;
  /** Null while it lasts. */
  readonly endMs: number | null;
  /** How often each cause was met, in the order of the first appearance. */
  readonly causes: Readonly<Partial<Record<OutageCauseId, number>>>;
  readonly attempts: number;
  /** Nobody was trying any more: a person, or a later restart, had to act. */
  readonly gaveUp: boolean;
  /** Who ran the connection. */
  readonly by: "whatsapp-continuity" | "official-plugin";
  readonly recovered: Recovered | null;
  /** The process did not run for this long, shortly before or during the outage. */
  readonly stallMs: number;
  /** `boot` and `seq` of the record it began with, to find it in a timeline. */
  readonly began: { readonly boot: string; readonly seq: number };
}

/** The cause a person should hear about first: the one met most often, the earliest of those. */
export function mainCauseId(outage: Outage): OutageCauseId {
  let best: OutageCauseId = "unknown";
  let most = 0;
  for (const [id, times] of Object.entries(outage.causes)) {
    if (times > most && !(id === "unknown" && most > 0)) {
      best = id as OutageCauseId;
      most = times;
    }
  }
  return best;
}

export function durationOf(outage: Outage, nowMs: number): number {
  return Math.max(0, (outage.endMs ?? nowMs) - outage.startMs);
}
