import path from "node:path";
import type { Jid } from "../runtime/ports.ts";
import { keyFileName, readSafely } from "./credential-files.ts";

/**
 * Both forms of a person's address, from the mapping files that the library keeps with the keys (`lid-mapping-<number>.json` and
 * `lid-mapping-<lid>_reverse.json`). Needs no socket and never asks the server, as the library's own look-up would.
 */
export function addressForms(
  authDir: string,
  jid: Jid,
): { readonly pn: Jid | null; readonly lid: Jid | null } {
  const [user, domain] = jid.replace(/:\d+@/, "@").split("@", 2);
  if (user === undefined || domain === undefined) return { pn: null, lid: null };
  if (domain === "lid") {
    const number = mapped(authDir, `${user}_reverse`);
    return { pn: number === null ? null : `${number}@s.whatsapp.net`, lid: `${user}@lid` };
  }
  if (domain !== "s.whatsapp.net" && domain !== "c.us") return { pn: null, lid: null };
  const lid = mapped(authDir, user);
  return { pn: `${user}@s.whatsapp.net`, lid: lid === null ? null : `${lid}@lid` };
}

function mapped(authDir: string, id: string): string | null {
  const content = readSafely(path.join(authDir, keyFileName("lid-mapping", id)));
  if (content === null) return null;
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "string" && value !== "" ? value : null;
  } catch {
    // Half a file of a store that writes in place: no mapping is known.
    return null;
  }
}
