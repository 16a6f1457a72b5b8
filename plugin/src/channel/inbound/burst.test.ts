import { expect, test } from "vitest";
import type { AdmittedMessage } from "./admitted-message.ts";
import { type BurstMember, endInBurst, segmentsOf } from "./burst.ts";

function member(name: string, as: "reply" | "context", isCommand = false): BurstMember {
  // Only passed through: what a segment holds plays no part in how a burst is cut.
  const admitted = { text: name } as Pick<AdmittedMessage, "text"> as AdmittedMessage;
  return { admitted, as, isCommand, contextReason: "late" };
}

function cut(...members: BurstMember[]): string[] {
  return segmentsOf(members).map(
    ({ members: each, anchor }) =>
      `${each.map(({ admitted }) => admitted.text).join(" ")} <- ${anchor?.admitted.text ?? "nobody"}`,
  );
}

test("everything is one turn, and the last question is what a reply answers to", () => {
  expect(
    cut(member("a", "context"), member("b", "reply"), member("c", "reply"), member("d", "context")),
  ).toEqual(["a b c d <- c"]);
});

test("a command is carried out alone, at its place", () => {
  expect(
    cut(
      member("a", "reply"),
      member("/new", "reply", true),
      member("b", "reply"),
      member("c", "reply"),
    ),
  ).toEqual(["a <- a", "/new <- /new", "b c <- c"]);
});

test("an old command is only something that was said", () => {
  expect(cut(member("/new", "context", true), member("a", "reply"))).toEqual(["/new a <- a"]);
});

test("without a question there is no turn", () => {
  expect(cut(member("a", "context"), member("b", "context"))).toEqual(["a b <- nobody"]);
});

test("each message ends with what became of the turn it was part of", () => {
  const end = { state: "answered", reason: "adopted" } as const;
  expect(endInBurst(end, 1)).toEqual(end);
  expect(endInBurst(end, 3)).toEqual({ state: "answered", reason: "adopted with 2 others" });
});
