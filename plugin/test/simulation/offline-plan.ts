import { randomFrom } from "./seeded-random.ts";

/** Where an offline delivery breaks off: after so many of these. */
export type DropPoint = "stanza" | "decrypt" | "hand-over" | "receipt" | "marker";
/** A receipt is lost together with its connection: its message certainly comes again. */
export const LOST_RECEIPT = {
  stage: "open",
  kind: "reset",
  on: { tag: "receipt", count: 1, handled: false },
} as const;
/** How: by the server, by the network, or because the gateway restarts the account. */
export type DropKind = "reset" | "fin" | "close" | "stream-error" | "restart";

export interface Drop {
  readonly point: DropPoint;
  /** Counted from 1 on each connection; a drop whose count is never reached does not happen. */
  readonly count: number;
  readonly kind: DropKind;
}

/** Everything random about one run. */
export interface OfflinePlan {
  readonly seed: number;
  /** Texts that are written while the account is away, in order, with the writer's index. */
  readonly messages: readonly { readonly text: string; readonly writer: number }[];
  readonly model: "pull" | "push";
  readonly primer: number;
  /** One per connection, in turn; the connection after the last one stays. */
  readonly drops: readonly Drop[];
  /** Whether writers and account have Signal sessions before the account goes away. */
  readonly isWarm: boolean;
  readonly isPhoneOnline: boolean;
  /** Whether the receipt of the live message is lost with its connection; see {@link LOST_RECEIPT}. */
  readonly losesReceipt?: boolean;
}

export const WRITERS = 3;
const POINTS: readonly DropPoint[] = ["stanza", "decrypt", "hand-over", "receipt", "marker"];
const KINDS: readonly DropKind[] = ["reset", "fin", "close", "stream-error", "restart"];

/** The plan of a seed; the same seed always gives the same plan. */
export function offlinePlan(seed: number, maxMessages = 60): OfflinePlan {
  const random = randomFrom(`offline-${seed}`);
  const count = 1 + random.below(maxMessages);
  const messages = Array.from({ length: count }, (_, index) => ({
    text: `message ${index}`,
    writer: random.below(WRITERS),
  }));
  const drops = Array.from({ length: 1 + random.below(3) }, (_, index) => {
    const point = random.of(POINTS);
    // Less is left for each connection than for the one before.
    const most = point === "marker" ? 1 : Math.ceil(count / 2 ** index);
    return { point, count: 1 + random.below(most), kind: random.of(KINDS) };
  });
  return {
    seed,
    messages,
    drops,
    model: random.of(["pull", "push"]),
    primer: 1 + random.below(10),
    isWarm: random.below(4) > 0,
    isPhoneOnline: random.below(2) === 0,
  };
}
