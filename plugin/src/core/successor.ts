import type { SelfIdentity } from "../events/index.ts";

/** Whether two logins are the same WhatsApp account, as far as can be known. */
export type IdentityMatch = "same" | "different" | "unknown";

/**
 * Compares the identity a reply was captured under with that of the socket that would carry it. One common address form decides;
 * a PN on one side and a LID on the other are bridged by known pairs (#85823). Anything else is not the same: a reply of one
 * number must never leave through another.
 *
 * @param mappings known PN-LID pairs of the account, as `pn|lid`
 */
export function matchIdentities(
  captured: SelfIdentity,
  candidate: SelfIdentity,
  mappings: readonly string[],
): IdentityMatch {
  const bothPn = captured.pn !== null && candidate.pn !== null;
  const bothLid = captured.lid !== null && candidate.lid !== null;
  if (bothPn && captured.pn === candidate.pn) return "same";
  if (bothLid && captured.lid === candidate.lid) return "same";
  if (bothPn || bothLid) return "different";
  const crossed =
    isPair(captured.pn, candidate.lid, mappings) || isPair(candidate.pn, captured.lid, mappings);
  return crossed ? "same" : "unknown";
}

function isPair(pn: string | null, lid: string | null, mappings: readonly string[]): boolean {
  return pn !== null && lid !== null && mappings.includes(`${pn}|${lid}`);
}
