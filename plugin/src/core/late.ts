import type { DrainInput } from "../events/index.ts";
import { LIMITS } from "./limits.ts";
import type { LateAnswer, Policy } from "./policy.ts";

type Journalled = Extract<DrainInput, { kind: "message.journalled" }>;

/** What the answer policy asks about a message; ids play no part in it. */
export type MessageFacts = Pick<Journalled, "chatKind" | "via" | "ageMs" | "fromMe" | "mentioned">;

export interface Verdict {
  readonly rule: string;
  readonly as: "reply" | "context" | "notify-owner" | "ignore";
  readonly late: boolean;
  /** Would have been answered, had it come earlier: counted in the account of the outage. */
  readonly tooOld: boolean;
  /** For people, of late messages only: what it was and how old. */
  readonly reason: string | null;
}

/**
 * The answer policy for one message that the journal did not have yet. One without a usable time counts as new: it did arrive now. Only what
 * would have been answered can be too old; it is context then, and the owner is told where they want to be.
 *
 * @param ownerTold the owner got this outage's one notice already
 */
export function judge(message: MessageFacts, policy: Policy, ownerTold = false): Verdict {
  if (message.chatKind === "status" || message.chatKind === "other") {
    return { rule: "inbound/not-a-chat", as: "ignore", late: false, tooOld: false, reason: null };
  }
  if (!isLate(message)) {
    return { rule: "inbound/live", as: "reply", late: false, tooOld: false, reason: null };
  }
  if (isOurOwn(message)) return late(message, "inbound/late-own", "context");
  const answer = lateAnswer(message, policy);
  switch (answer) {
    case "off":
      return late(message, "inbound/late-off", "ignore");
    case "context":
      return late(message, "inbound/late-context", "context");
    case "reply":
      return isTooOld(message, policy)
        ? tooOld(message, policy, ownerTold)
        : late(message, "inbound/late-reply", "reply");
  }
}

function late(message: MessageFacts, rule: string, as: Verdict["as"]): Verdict {
  return { rule, as, late: true, tooOld: false, reason: describe(message) };
}

function tooOld(message: MessageFacts, policy: Policy, ownerTold: boolean): Verdict {
  const reason = `${describe(message)}, answered up to ${inWords(policy.late.maxAgeMs)}`;
  const verdict = { late: true, tooOld: true } as const;
  if (policy.late.older !== "notify") {
    return { ...verdict, rule: "inbound/too-old", as: "context", reason };
  }
  return ownerTold
    ? {
        ...verdict,
        rule: "inbound/too-old-told",
        as: "context",
        reason: `${reason}; the owner was told of this outage before`,
      }
    : { ...verdict, rule: "inbound/too-old-notify", as: "notify-owner", reason };
}

function isTooOld({ ageMs }: MessageFacts, policy: Policy): boolean {
  return ageMs !== null && ageMs > policy.late.maxAgeMs;
}

/** What the phone is asked for was missed, however short ago. */
function isLate({ ageMs, via }: MessageFacts): boolean {
  return via === "history" || (ageMs !== null && ageMs > LIMITS.lateAfterMs);
}

/**
 * Written by ourselves on another device: something to know, nothing to answer. In the chat with oneself the owner talks to the agent; only
 * the phone's history holds our own answers there as well.
 */
function isOurOwn({ fromMe, chatKind, via }: MessageFacts): boolean {
  return fromMe && (chatKind !== "self" || via === "history");
}

function lateAnswer({ chatKind, mentioned }: MessageFacts, policy: Policy): LateAnswer {
  if (chatKind !== "group") return policy.late.direct;
  return mentioned ? policy.late.mention : policy.late.group;
}

function describe({ chatKind, mentioned, via, ageMs }: MessageFacts): string {
  const what = chatKind === "group" ? (mentioned ? "group mention" : "group message") : chatKind;
  const age = ageMs === null ? "of unknown age" : `${inWords(ageMs)} old`;
  return `${what}, ${age}${via === "history" ? ", from the phone's history" : ""}`;
}

/** `40 s`, `12 min`, `3 h`, `4 d`: whole units, rounded down, as one speaks of an age. */
function inWords(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 2 * 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
