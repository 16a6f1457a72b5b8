const OFFSET_LOW = 0x811c9dc5;
const OFFSET_HIGH = 0x1000193b;
const PRIME = 0x01000193;

/**
 * Fingerprint of a line of evidence: two FNV-1a sums of 32 bits, 16 hex digits. Every step of such a sum is a bijection, so one
 * replaced character always changes it, whatever the rest of the line is. It finds damage; it is no protection against somebody
 * who wants to deceive (the repository's history is).
 */
export function digestOf(text: string): string {
  let low = OFFSET_LOW;
  let high = OFFSET_HIGH;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, PRIME);
    high = Math.imul(high ^ (unit + index), PRIME);
  }
  return hex(high) + hex(low);
}

function hex(sum: number): string {
  // A leading 1 keeps the zeros that come first.
  return (0x1_0000_0000 + (sum >>> 0)).toString(16).slice(1);
}
