import {
  FormatCapabilityProfile,
  markdownToIRWithMeta,
  renderMarkdownIRChunksWithinLimit,
  renderMarkdownWithMarkers,
  sanitizeAssistantVisibleTextWithProfile,
  stripToolCallXmlTags,
} from "openclaw/plugin-sdk/text-chunking";
import { sanitizeForPlainText } from "openclaw/plugin-sdk/channel-outbound";

/** WhatsApp itself accepts 65536 characters but folds long messages away; the official plugin's limit is kept. */
export const MAX_MESSAGE_CHARS = 4_096;
export const DEFAULT_CHUNK_CHARS = 4_000;

type MarkdownIR = ReturnType<typeof markdownToIRWithMeta>["ir"];

/** What WhatsApp can show: bold, italic, strikethrough and monospace; the rest falls back to text. */
const profile = FormatCapabilityProfile.define({
  mechanism: "markdown",
  constructs: {
    underline: "strip",
    spoiler: "fallback",
    codeLanguage: "fallback",
    linkLabel: "fallback",
    heading: "fallback",
    taskList: "fallback",
    table: "fallback",
    image: "fallback",
  },
  chunk: { limit: MAX_MESSAGE_CHARS, unit: "chars" },
});

const styleMarkers = {
  bold: { open: "*", close: "*" },
  italic: { open: "_", close: "_" },
  strikethrough: { open: "~", close: "~" },
  code: { open: "```", close: "```" },
  code_block: { open: "```\n", close: "```" },
} as const;

/**
 * Renders Markdown once into messages of at most `limit` characters. The result is WhatsApp's own markup and must not be rendered
 * again: there, `*bold*` would become italic.
 */
export function renderMessages(markdown: string, limit: number): string[] {
  const text = markdown.trimEnd();
  if (text.trim() === "") return [];
  const { ir } = markdownToIRWithMeta(text, {
    linkify: false,
    autolink: false,
    enableTaskLists: true,
    headingStyle: "rich",
    blockquotePrefix: "> ",
    // Tables were turned into what the account wants before; one that is left is wanted as it was written.
    tableMode: "off",
    preserveSourceBlockSpacing: true,
    preserveDunderIdentifiers: true,
  });
  const render = (chunk: MarkdownIR): string =>
    renderMarkdownWithMarkers(chunk, { styleMarkers, escapeText: (value) => value }, profile);
  const chunks = renderMarkdownIRChunksWithinLimit({
    ir,
    limit: Math.min(limit, MAX_MESSAGE_CHARS),
    renderChunk: render,
    measureRendered: (rendered) => rendered.length,
  });
  return chunks.map((chunk) => chunk.rendered).filter((rendered) => rendered.trim() !== "");
}

/** Removes what a model wrote for its tools and not for people. Leading indentation stays, leading blank lines do not. */
export function visibleText(text: string | undefined): string {
  const start = (text ?? "").replace(/^(?:[ \t]*\r?\n)+/, "");
  const withoutTools = stripToolCallXmlTags(
    sanitizeAssistantVisibleTextWithProfile(start, "history"),
    {
      stripFunctionCallsXmlPayloads: true,
    },
  );
  const plain = sanitizeForPlainText(withoutTools, { style: "markdown" });
  return plain.trim() === "" ? "" : plain.replace(/^(?:[ \t]*\r?\n)+/, "");
}
