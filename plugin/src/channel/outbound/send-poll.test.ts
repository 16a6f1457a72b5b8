import { expect, test } from "vitest";
import { pollContent } from "./send-poll.ts";

const poll = (given: object) =>
  pollContent({ poll: { question: "Lunch?", options: ["yes", "no"], ...given } });

test("a poll is sent as it was asked for, without the blanks", () => {
  expect(poll({ options: [" yes ", "no", ""], maxSelections: 2 })).toEqual({
    operation: "poll",
    question: "Lunch?",
    options: ["yes", "no"],
    maxSelections: 2,
  });
  expect(poll({})).toMatchObject({ maxSelections: 1 });
});

test.each([
  [{ question: " " }, /no question/],
  [{ options: ["yes"] }, /1 options, WhatsApp takes 2 to 12/],
  [{ options: Array.from({ length: 13 }, (_, index) => `${index}`) }, /13 options/],
  [{ options: ["yes", "yes "] }, /two options are the same/],
  [{ maxSelections: 3 }, /3 of 2 options/],
])("%j is refused with what is wrong, and not tried again", (given, why) => {
  expect(() => poll(given)).toThrow(why);
  expect(() => poll(given)).toThrow(expect.objectContaining({ retryable: false }) as Error);
});
