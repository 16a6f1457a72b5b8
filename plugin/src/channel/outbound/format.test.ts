import { expect, test } from "vitest";
import { renderMessages, visibleText } from "./format.ts";

test("Markdown becomes WhatsApp's own markup", () => {
  expect(renderMessages("**bold** and *soft* and ~~gone~~ and `code`", 4_000)).toEqual([
    "*bold* and _soft_ and ~gone~ and ```code```",
  ]);
});

test("a heading and a list stay readable without markup of their own", () => {
  const [message] = renderMessages("# Title\n\n- one\n- two\n", 4_000);
  expect(message).toContain("Title");
  expect(message).toContain("one");
  expect(message).not.toContain("#");
});

test("a long text is cut into messages within the limit and loses nothing", () => {
  const words = Array.from({ length: 400 }, (_, index) => `word${index}`);
  const messages = renderMessages(words.join(" "), 300);
  expect(messages.length).toBeGreaterThan(1);
  for (const message of messages) expect(message.length).toBeLessThanOrEqual(300);
  expect(messages.join(" ").split(/\s+/)).toEqual(words);
});

test("styles that span a cut are closed and opened again", () => {
  const messages = renderMessages(`**${"strong ".repeat(100).trim()}**`, 200);
  expect(messages.length).toBeGreaterThan(1);
  for (const message of messages) expect(message).toMatch(/^\*[^*]+\*$/);
});

test("blank text gives no message", () => {
  expect(renderMessages("  \n ", 4_000)).toEqual([]);
  expect(visibleText("\n  \n")).toBe("");
});

test("what a model wrote for its tools is not shown", () => {
  expect(visibleText("<tool_call>{}</tool_call>Hello")).toBe("Hello");
});

test("identifiers with underscores are not markup", () => {
  expect(renderMessages("call obj.__init__() of some_long_name", 4_000)).toEqual([
    "call obj.__init__() of some_long_name",
  ]);
});
