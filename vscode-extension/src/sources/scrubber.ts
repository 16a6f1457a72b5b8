import { createHmac, randomBytes } from "node:crypto";
import { createPseudonymiser } from "openclaw-whatsapp-continuity-plugin/events";

/**
 * Removes identities from foreign log lines before they reach a view, a tool or a clipboard. The key lives as long as the
 * window, so pseudonyms are stable within it and comparable with nothing else.
 */
export function createScrubber(): (text: string) => string {
  const key = randomBytes(32);
  const keyedHash = (text: string): string => createHmac("sha256", key).update(text).digest("hex");
  const pseudonyms = createPseudonymiser({ keyedHash });
  return (text) => pseudonyms.text(text);
}
