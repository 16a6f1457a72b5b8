import type { IncomingContent } from "../../runtime/ports.ts";

/** What the agent reads of a message; null for what is not for it (protocol messages, reactions). */
export function textForAgent(content: IncomingContent): string | null {
  switch (content.type) {
    case "text":
      return content.text.trim() === "" ? null : content.text;
    case "media":
      return [content.caption, `<media:${content.media}>`].filter(Boolean).join("\n");
    case "other":
      return `<${content.label}>`;
    case "reaction":
    case "protocol":
      return null;
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
