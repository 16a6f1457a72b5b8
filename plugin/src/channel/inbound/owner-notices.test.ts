import { expect, test } from "vitest";
import { OwnerNotices } from "./owner-notices.ts";

test("one notice says how many in which chats, and the next one begins anew", async () => {
  const notices = new OwnerNotices();
  notices.note("+15550100001", "Alice (+15550100001)");
  notices.note("+15550100001", "Alice (+15550100001)");
  notices.note("group", 'group "Team"');
  const text = await notices.take(120);
  expect(text).toMatch(/^3 messages in 2 chats .*older than 120 min/u);
  expect(text).toContain('- Alice (+15550100001): 2\n- group "Team": 1');
  await expect(notices.take(120)).resolves.toBeNull();
});

test("it waits for what is still being looked at, also when that fails", async () => {
  const notices = new OwnerNotices();
  const looking = Promise.withResolvers<void>();
  void notices.waitFor(
    looking.promise.then(() => notices.note("+15550100001", "Alice (+15550100001)")),
  );
  const failing = notices.waitFor(Promise.reject(new Error("no lookup")));
  const taken = notices.take(120);
  looking.resolve();
  await expect(failing).rejects.toThrow("no lookup");
  await expect(taken).resolves.toMatch(/^1 message in 1 chat /u);
});

test("names twenty chats and counts the others", async () => {
  const notices = new OwnerNotices();
  for (let index = 0; index < 23; index += 1) notices.note(`chat ${index}`, `chat ${index}`);
  expect(await notices.take(120)).toContain("- and 3 more chats");
});
