import { randomFrom } from "./seeded-random.ts";

export const CHATS = ["Alice", "Bob", "Team"] as const;
export type Chat = (typeof CHATS)[number];

/** What the server does with a message of the outage: deliver it afterwards, forget it, or announce and then forget it. */
export type Fate = "kept" | "lost" | "announced-only";
export type PhoneManner = "answers" | "small-pages" | "repeats" | "shuffles" | "silent";

/** Everything random about one outage. */
export interface BackfillPlan {
  readonly seed: number;
  readonly awayMs: number;
  readonly messages: readonly { readonly text: string; readonly chat: Chat; readonly fate: Fate }[];
  readonly phone: PhoneManner;
  /** Chats in which somebody writes after the outage, in this order. */
  readonly speakers: readonly Chat[];
  /** The process ends between the outage and what is written afterwards. */
  readonly restarts: boolean;
}

const MANNERS: readonly PhoneManner[] = ["answers", "small-pages", "repeats", "shuffles", "silent"];

/** The plan of a seed; the same seed always gives the same plan. */
export function backfillPlan(seed: number): BackfillPlan {
  const random = randomFrom(`backfill-${seed}`);
  // Whether this server forgets: not at all, everything, or what it announced.
  const losses = random.of(["none", "silent", "announced"] as const);
  const fateOf = (): Fate => {
    if (losses === "none") return "kept";
    if (losses === "silent") return "lost";
    return random.below(2) === 0 ? "announced-only" : "kept";
  };
  const messages = Array.from({ length: random.below(9) }, (_, index) => ({
    text: `message ${index}`,
    chat: random.of(CHATS),
    fate: fateOf(),
  }));
  return {
    seed,
    awayMs: 62_000 + random.below(60_000),
    messages,
    phone: random.of(MANNERS),
    speakers: CHATS.filter(() => random.below(3) > 0),
    restarts: random.below(5) === 0,
  };
}

/** What the plugin's account of the outage has to say. */
export interface ExpectedAccount {
  readonly recoveredOffline: number;
  readonly recoveredHistory: number;
  readonly duplicates: number;
  readonly tooOld: number;
  readonly unanswered: number;
  readonly waiting: number;
}

/** Counted from what the world did, without a look at the plugin. */
export function expectedAccount({ messages, phone, speakers }: BackfillPlan): ExpectedAccount {
  const isLost = ({ fate }: BackfillPlan["messages"][number]): boolean => fate !== "kept";
  const kept = messages.filter((message) => !isLost(message));
  const announcesTooMuch = messages.some(({ fate }) => fate === "announced-only");
  // Something is known to be missing, or nothing came after an absence in which the chats had been busy.
  const isSuspect = announcesTooMuch || kept.length === 0;
  const asked = isSuspect ? speakers : [];
  const answered = phone === "silent" ? [] : asked;
  const inAnswered = messages.filter(({ chat }) => answered.includes(chat));
  return {
    recoveredOffline: kept.length,
    recoveredHistory: inAnswered.filter(isLost).length,
    // The phone's page also has what the server delivered; a phone that repeats itself sends all of it twice.
    duplicates: inAnswered.filter((message) => !isLost(message)).length,
    tooOld: 0,
    unanswered: phone === "silent" ? asked.length : 0,
    waiting: isSuspect ? CHATS.length - spokenWhenWritten(messages, phone, speakers) : 0,
  };
}

/** How many chats had spoken up when the account was written last: an answer that changes nothing does not write it again. */
function spokenWhenWritten(
  messages: BackfillPlan["messages"],
  phone: PhoneManner,
  speakers: readonly Chat[],
): number {
  // Silence is known when its time is over, and by then all have spoken.
  if (phone === "silent") return speakers.length;
  return speakers.findLastIndex((speaker) => messages.some(({ chat }) => chat === speaker)) + 1;
}
