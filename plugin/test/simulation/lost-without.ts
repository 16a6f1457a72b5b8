import { type OfflinePlan, WRITERS } from "./offline-plan.ts";
import { type OfflineResult, runOffline } from "./offline-run.ts";
import type { Protection } from "./protections.ts";

/** A story that goes wrong in one way when a protection is missing, and not at all with it. */
export interface Demonstration {
  readonly name: string;
  /** What is switched off. Two of them are each other's second line: either alone still holds. */
  readonly without: readonly Protection[];
  readonly harm: keyof Pick<OfflineResult, "lost" | "healed" | "doubled">;
  /** How many messages come to harm, or sockets, at least. */
  readonly atLeast: number;
  readonly plan: OfflinePlan;
}

/** What each protection of an offline delivery is there for. */
export const DEMONSTRATIONS: readonly Demonstration[] = [
  {
    name: "receipted messages die with the library's buffer",
    without: ["flush", "reinject"],
    harm: "lost",
    // Those whose receipts were on their way when the connection went.
    atLeast: 5,
    plan: planOf(15, { point: "receipt", count: 5, kind: "reset" }),
  },
  {
    name: "a message whose receipt failed cannot be read a second time",
    without: ["reread", "reinject"],
    harm: "lost",
    atLeast: 1,
    plan: planOf(15, { point: "decrypt", count: 5, kind: "reset" }),
  },
  {
    name: "a message that comes again is said again",
    without: ["dedupe"],
    harm: "doubled",
    atLeast: 1,
    plan: { ...planOf(15), losesReceipt: true },
  },
  {
    name: "what lies behind the first batch comes only when the silent socket is replaced",
    without: ["pull"],
    harm: "healed",
    // The library asks once, for 100; the server's primer comes on top.
    atLeast: 1,
    plan: { ...planOf(130), model: "pull", primer: 5 },
  },
];

export function runWithout(
  { plan }: Demonstration,
  without: readonly Protection[],
): Promise<OfflineResult> {
  return runOffline(plan, new Set(without));
}

/** Warm sessions, no phone to ask for a copy, everything delivered at once. */
function planOf(count: number, ...drops: OfflinePlan["drops"]): OfflinePlan {
  return {
    seed: 1,
    messages: Array.from({ length: count }, (_, index) => ({
      text: `message ${index}`,
      writer: index % WRITERS,
    })),
    drops,
    model: "push",
    primer: 5,
    isWarm: true,
    isPhoneOnline: false,
  };
}
