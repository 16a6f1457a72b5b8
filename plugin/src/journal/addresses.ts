import { withoutDevice } from "../events/index.ts";
import type { Jid } from "../runtime/ports.ts";
import type { Sql } from "./sql.ts";

/*
 * One person has two addresses on WhatsApp: a phone number (PN) and a hidden id (LID). The same message may arrive under either. The LID
 * is the canonical one: it stays when a person changes the number, and a number that is given to somebody else leads to a new LID.
 */

export type AddressForm = "pn" | "lid" | "other";

/** Old and hosted spellings of the two domains. */
const DOMAINS: Readonly<Record<string, string>> = {
  "c.us": "s.whatsapp.net",
  hosted: "s.whatsapp.net",
  "hosted.lid": "lid",
};

/** An address without device and in one spelling. */
export function plainAddress(jid: Jid): Jid {
  const bare = withoutDevice(jid);
  const at = bare.lastIndexOf("@");
  if (at < 0) return bare;
  const domain = bare.slice(at + 1).toLowerCase();
  return `${bare.slice(0, at)}@${(Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : undefined) ?? domain}`;
}

export function formOf(jid: Jid): AddressForm {
  if (jid.endsWith("@s.whatsapp.net")) return "pn";
  return jid.endsWith("@lid") ? "lid" : "other";
}

/** Which of two addresses belongs to whom: `unknown` when one is a PN and the other a LID and neither has a known counterpart. */
export type Likeness = "same" | "different" | "unknown";

/** How long a known pair may go without its "seen" time being written again. */
const SEEN_STEP_MS = 86_400_000;

/** The PN-LID pairs of an account. All addresses given to it are plain, see {@link plainAddress}. */
export class Addresses {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Remembers that both belong to one person. Returns what changed: `new` for a number whose LID was unknown, `moved` for one that was given
   * to somebody else, `known` otherwise.
   */
  learn(pn: Jid, lid: Jid, nowMs: number): "new" | "moved" | "known" {
    const row = this.#sql.get<{ lid: string; seen: number }>(
      "SELECT lid, seen_at_ms AS seen FROM address WHERE pn = ?",
      pn,
    );
    if (row?.lid === lid && nowMs - row.seen < SEEN_STEP_MS) return "known";
    this.#sql.run(
      "INSERT INTO address (pn, lid, seen_at_ms) VALUES (?, ?, ?) ON CONFLICT (pn) DO UPDATE SET lid = excluded.lid, seen_at_ms = excluded.seen_at_ms",
      pn,
      lid,
      nowMs,
    );
    if (row === undefined) return "new";
    return row.lid === lid ? "known" : "moved";
  }

  /** The address that stands for the person or chat. */
  canonical(address: Jid): Jid {
    if (formOf(address) !== "pn") return address;
    return (
      this.#sql.get<{ lid: string }>("SELECT lid FROM address WHERE pn = ?", address)?.lid ??
      address
    );
  }

  /** Every form under which rows of this person or chat may stand, the canonical one first. */
  formsOf(address: Jid): readonly Jid[] {
    const canonical = this.canonical(address);
    if (formOf(canonical) !== "lid") return [canonical];
    return [canonical, ...this.#numbersOf(canonical)];
  }

  compare(a: Jid, b: Jid): Likeness {
    const left = this.canonical(a);
    const right = this.canonical(b);
    if (left === right) return "same";
    const [formLeft, formRight] = [formOf(left), formOf(right)];
    if (formLeft === formRight || formLeft === "other" || formRight === "other") return "different";
    // One is a number without known LID. The LID's own numbers decide whether it could still be the same person.
    return this.#numbersOf(formLeft === "lid" ? left : right).length > 0 ? "different" : "unknown";
  }

  #numbersOf(lid: Jid): Jid[] {
    return this.#sql
      .all<{ pn: string }>("SELECT pn FROM address WHERE lid = ? ORDER BY seen_at_ms DESC", lid)
      .map(({ pn }) => pn);
  }
}
