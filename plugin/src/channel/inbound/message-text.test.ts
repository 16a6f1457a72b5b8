import { expect, test } from "vitest";
import type { IncomingContent } from "../../runtime/ports.ts";
import { textForAgent, typedText, whyNotForAgent } from "./message-text.ts";

const CASES: readonly [content: IncomingContent, agent: string | null, typed: string][] = [
  [{ type: "text", text: "hello" }, "hello", "hello"],
  [{ type: "text", text: "  " }, null, "  "],
  [{ type: "media", media: "image", caption: "look" }, "look\n<media:image>", "look"],
  [{ type: "media", media: "audio", caption: null }, "<media:audio>", ""],
  [{ type: "other", label: "location" }, "<location>", ""],
  [
    { type: "other", label: "poll", text: "Where? [here | there]" },
    "<poll> Where? [here | there]",
    "",
  ],
  [{ type: "reaction", emoji: "+", targetMessageId: "A" }, null, ""],
  [{ type: "protocol", label: "key share" }, null, ""],
];

/** These are about another message, so that nobody waits for an answer; each says what it was. */
const NOT_FOR_THE_AGENT: readonly [content: IncomingContent, reason: string][] = [
  [{ type: "other", label: "edit" }, "edit"],
  [{ type: "other", label: "revoke" }, "revoke"],
  [{ type: "other", label: "pollUpdate" }, "pollUpdate"],
  [{ type: "reaction", emoji: "+", targetMessageId: "A" }, "reaction"],
  [{ type: "text", text: " " }, "empty"],
];

test.each(NOT_FOR_THE_AGENT)("%j ends with the reason %s", (content, reason) => {
  expect(textForAgent(content)).toBeNull();
  expect(whyNotForAgent(content)).toBe(reason);
});

test.each(CASES)("%j", (content, agent, typed) => {
  expect(textForAgent(content)).toBe(agent);
  expect(typedText(content)).toBe(typed);
});
