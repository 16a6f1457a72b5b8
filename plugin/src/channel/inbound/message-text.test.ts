import { expect, test } from "vitest";
import type { IncomingContent } from "../../runtime/ports.ts";
import { textForAgent, typedText } from "./message-text.ts";

const CASES: readonly [content: IncomingContent, agent: string | null, typed: string][] = [
  [{ type: "text", text: "hello" }, "hello", "hello"],
  [{ type: "text", text: "  " }, null, "  "],
  [{ type: "media", media: "image", caption: "look" }, "look\n<media:image>", "look"],
  [{ type: "media", media: "audio", caption: null }, "<media:audio>", ""],
  [{ type: "other", label: "location" }, "<location>", ""],
  [{ type: "reaction", emoji: "+", targetMessageId: "A" }, null, ""],
  [{ type: "protocol", label: "key share" }, null, ""],
];

test.each(CASES)("%j", (content, agent, typed) => {
  expect(textForAgent(content)).toBe(agent);
  expect(typedText(content)).toBe(typed);
});
