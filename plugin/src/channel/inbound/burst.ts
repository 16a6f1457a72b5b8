import type { Admission, AdmittedMessage } from "./admitted-message.ts";

/** A message of a burst that passed the account's rules. `command`: it is carried out alone, at its place in the order. */
export interface BurstMember {
  readonly admitted: AdmittedMessage;
  readonly as: "reply" | "context";
  readonly isCommand: boolean;
  /** What it ends with when no turn comes of it. */
  readonly contextReason: string;
}

/** Consecutive members that go to the agent together. `anchor`: the last of them that is to be answered; null when none is. */
export interface Segment {
  readonly members: readonly BurstMember[];
  readonly anchor: BurstMember | null;
}

/**
 * Cuts a burst into turns: one, unless somebody typed a command in between. A command is not a thing said; joined to other text the host would
 * not carry it out.
 */
export function segmentsOf(members: readonly BurstMember[]): readonly Segment[] {
  const groups: BurstMember[][] = [];
  let isOpen = false;
  for (const member of members) {
    const isAlone = member.isCommand && member.as === "reply";
    if (isOpen && !isAlone) groups.at(-1)?.push(member);
    else groups.push([member]);
    isOpen = !isAlone;
  }
  return groups.map((group) => ({
    members: group,
    anchor: group.findLast(({ as }) => as === "reply") ?? null,
  }));
}

/** What a message ends with that went to the agent with others. */
export function endInBurst(end: Admission, messages: number): Admission {
  return messages === 1 ? end : { ...end, reason: `${end.reason} with ${messages - 1} others` };
}
