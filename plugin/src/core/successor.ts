import type { SelfIdentity } from "../events/index.ts";

/** Whether two logins are the same WhatsApp account, as far as can be known. */
export type IdentityMatch = "same" | "different" | "unknown" | "ambiguous";

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
  return crossMatch(captured.pn ?? candidate.pn, captured.lid ?? candidate.lid, mappings);
}

/** One side showed only the PN, the other only the LID. A form that is paired with several others proves nothing. */
function crossMatch(
  pn: string | null,
  lid: string | null,
  mappings: readonly string[],
): IdentityMatch {
  if (pn === null || lid === null) return "unknown";
  const lids = mappings.filter((pair) => pair.startsWith(`${pn}|`));
  const pns = mappings.filter((pair) => pair.endsWith(`|${lid}`));
  const isPair = lids.includes(`${pn}|${lid}`);
  if (lids.length > 1 || pns.length > 1) return isPair ? "ambiguous" : "different";
  if (isPair) return "same";
  // Known to belong to somebody else.
  return lids.length > 0 || pns.length > 0 ? "different" : "unknown";
}
