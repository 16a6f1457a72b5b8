import { expect, test } from "vitest";
import { createPendingHistory } from "./pending-history.ts";

const author = { phone: "+15550100001", lid: null };

function entry(body: string) {
  return { sender: "Alice", body, author };
}

test("keeps the newest messages of a conversation until its turn has seen them", () => {
  const history = createPendingHistory();
  for (const body of ["one", "two", "three"]) history.remember("chat", entry(body), 2);
  history.remember("other", entry("elsewhere"), 2);
  expect(history.peek("chat").map(({ body }) => body)).toEqual(["two", "three"]);
  history.consume("chat", 2);
  expect(history.peek("chat")).toEqual([]);
  expect(history.peek("other")).toHaveLength(1);
});

test("a limit of 0 keeps nothing", () => {
  const history = createPendingHistory();
  history.remember("chat", entry("one"), 0);
  expect(history.peek("chat")).toEqual([]);
});

test("forgets the conversation that was silent longest when there are too many", () => {
  const history = createPendingHistory();
  history.remember("first", entry("a"), 5);
  history.remember("second", entry("b"), 5);
  history.remember("first", entry("c"), 5);
  for (let index = 0; index < 499; index += 1) history.remember(`chat ${index}`, entry("x"), 5);
  expect(history.peek("second")).toEqual([]);
  expect(history.peek("first").map(({ body }) => body)).toEqual(["a", "c"]);
});
