import type { IncomingContent } from "../../runtime/ports.ts";

/**
 * What changes or rates an earlier message is no question of its own: rc14's names, of edits and deletions ours. An agent that was asked about
 * them would answer "<revoke>".
 */
const ABOUT_ANOTHER_MESSAGE: ReadonlySet<string> = new Set([
  "edit",
  "revoke",
  "pollUpdate",
  "encReaction",
  "encEventResponse",
  "secretEncrypted",
  "keepInChat",
  "pinInChat",
]);

/** What the agent reads of a message; null for what is not for it, see {@link whyNotForAgent}. */
export function textForAgent(content: IncomingContent): string | null {
  switch (content.type) {
    case "text":
      return content.text.trim() === "" ? null : content.text;
    case "media":
      return [content.caption, `<media:${content.media}>`].filter(Boolean).join("\n");
    case "other":
      if (ABOUT_ANOTHER_MESSAGE.has(content.label)) return null;
      return [`<${content.label}>`, content.text].filter(Boolean).join(" ");
    case "reaction":
    case "protocol":
      return null;
  }
}

/** The reason with which a message ends that the agent is not asked about. */
export function whyNotForAgent(content: IncomingContent): string {
  switch (content.type) {
    case "other":
    case "protocol":
      return content.label;
    case "text":
    case "media":
      return "empty";
    case "reaction":
      return content.type;
  }
}

/** What counts as a command or a mention: only what the person typed. */
export function typedText(content: IncomingContent): string {
  switch (content.type) {
    case "text":
      return content.text;
    case "media":
      return content.caption ?? "";
    case "other":
    case "reaction":
    case "protocol":
      return "";
  }
}
