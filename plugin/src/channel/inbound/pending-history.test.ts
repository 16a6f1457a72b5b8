import { expect, test } from "vitest";
import type { IncomingMessage, JournalledMessage } from "../../runtime/ports.ts";
import { createPendingHistory, type PendingEntry } from "./pending-history.ts";

const author = { phone: "+15550100001", lid: null };

function entry(body: string): PendingEntry {
  const message = { messageId: body } as Pick<IncomingMessage, "messageId"> as IncomingMessage;
  const stored: JournalledMessage = {
    message,
    conversation: "chat",
    receivedAtMs: 0,
    duplicate: false,
  };
  return { sender: "Alice", body, author, stored };
}

function historyWith() {
  const shown: string[] = [];
  const history = createPendingHistory(({ message }) => void shown.push(message.messageId));
  return { history, shown };
}

test("keeps the newest messages of a conversation until its turn has shown them", () => {
  const { history, shown } = historyWith();
  for (const body of ["one", "two", "three"]) history.remember("chat", entry(body), 2);
  history.remember("other", entry("elsewhere"), 2);
  expect(history.peek("chat").map(({ body }) => body)).toEqual(["two", "three"]);
  history.consume("chat", history.peek("chat"), 2);
  expect(history.peek("chat")).toEqual([]);
  expect(history.peek("other")).toHaveLength(1);
  expect(shown).toEqual(["two", "three"]);
});

test("what came while a turn was running is still there for the next one", () => {
  const { history, shown } = historyWith();
  history.remember("chat", entry("before"), 5);
  const turn = history.peek("chat");
  history.remember("chat", entry("meanwhile"), 5);
  history.consume("chat", turn, 5);
  expect(history.peek("chat").map(({ body }) => body)).toEqual(["meanwhile"]);
  expect(shown).toEqual(["before"]);
});

test("a limit of 0 keeps nothing", () => {
  const { history } = historyWith();
  history.remember("chat", entry("one"), 0);
  expect(history.peek("chat")).toEqual([]);
});

test("forgets the conversation that was silent longest when there are too many", () => {
  const { history } = historyWith();
  history.remember("first", entry("a"), 5);
  history.remember("second", entry("b"), 5);
  history.remember("first", entry("c"), 5);
  for (let index = 0; index < 499; index += 1) history.remember(`chat ${index}`, entry("x"), 5);
  expect(history.peek("second")).toEqual([]);
  expect(history.peek("first").map(({ body }) => body)).toEqual(["a", "c"]);
});
