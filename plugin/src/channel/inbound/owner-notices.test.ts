/** Goal: the owner hears once of every old message that nobody answered, also when the process ends in between. */
import { describe, expect, test } from "vitest";
import type { NoticeJournal } from "../../runtime/kept-notices.ts";
import { OwnerNotices } from "./owner-notices.ts";

const ALICE = "+15550100001";

/** A journal over the ends of processes; each process has an `OwnerNotices` of its own. */
class Machine {
  readonly custody = new Set<string>();
  readonly #kept = new Map<string, string>();
  #ids = 0;

  process(): OwnerNotices {
    const journal = {
      keep: (name: string, value: string) => void this.#kept.set(name, value),
      kept: (name: string) => this.#kept.get(name) ?? null,
      custody: (sendId: string) => (this.custody.has(sendId) ? {} : null),
    } as NoticeJournal;
    return new OwnerNotices({
      journal: () => journal,
      newSendId: () => `late-notice/${(this.#ids += 1)}`,
    });
  }
}

describe("a notice to the owner", () => {
  test("says how many in which chats, and the next one begins anew", () => {
    const notices = new Machine().process();
    notices.note(ALICE, "Alice (+15550100001)", "A1");
    notices.note(ALICE, "Alice (+15550100001)", "A2");
    notices.note("group", 'group "Team"', "G1");
    const notice = notices.take(120);
    expect(notice?.text).toMatch(/^3 messages in 2 chats .*older than 120 min/u);
    expect(notice?.text).toContain('- Alice (+15550100001): 2\n- group "Team": 1');
    notices.told();
    expect(notices.take(120)).toBeNull();
    notices.note(ALICE, "Alice (+15550100001)", "A3");
    expect(notices.take(120)?.sendId).not.toBe(notice?.sendId);
  });

  test("waits for what is still being looked at, also when that fails", async () => {
    const notices = new Machine().process();
    const looking = Promise.withResolvers<void>();
    void notices.waitFor(looking.promise.then(() => notices.note(ALICE, "Alice", "A1")));
    const failing = Promise.withResolvers<void>();
    const reported = notices.waitFor(failing.promise).catch((error: unknown) => String(error));
    let isSettled = false;
    const settled = notices.settled().then(() => void (isSettled = true));
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    failing.reject(new Error("no lookup"));
    looking.resolve();
    await settled;
    await expect(reported).resolves.toBe("Error: no lookup");
    expect(notices.take(120)?.text).toMatch(/^1 message in 1 chat /u);
  });

  test("names twenty chats and counts the others", () => {
    const notices = new Machine().process();
    for (let index = 0; index < 23; index += 1) notices.note(`chat ${index}`, "chat", `M${index}`);
    expect(notices.take(120)?.text).toContain("- and 3 more chats");
  });
});

describe("the end of a process", () => {
  test("before the notice: the next one gives it, with what comes then, and counts no message twice", () => {
    const machine = new Machine();
    machine.process().note(ALICE, "Alice", "A1");
    const next = machine.process();
    next.note(ALICE, "Alice", "A1");
    next.note("group", 'group "Team"', "G1");
    expect(next.take(120)?.text).toMatch(/^2 messages in 2 chats /u);
  });

  test("between taking it and its custody: it is given again under the same id", () => {
    const machine = new Machine();
    const first = machine.process();
    first.note(ALICE, "Alice", "A1");
    const notice = first.take(120);
    expect(machine.process().take(120)).toEqual(notice);
    first.note("group", 'group "Team"', "G1");
    expect(machine.process().take(120)?.text).toMatch(/^2 messages in 2 chats /u);
  });

  test("in its custody: the custody sends it, and nobody else", () => {
    const machine = new Machine();
    const first = machine.process();
    first.note(ALICE, "Alice", "A1");
    machine.custody.add(first.take(120)?.sendId ?? "");
    expect(machine.process().take(120)).toBeNull();
    // The custody forgets what is long sent.
    machine.custody.clear();
    expect(machine.process().take(120)).toBeNull();
  });

  test("after it could not be sent: it is told with the next one, under an id of its own", () => {
    const machine = new Machine();
    const first = machine.process();
    first.note(ALICE, "Alice", "A1");
    const failed = first.take(120);
    first.putBack();
    machine.custody.add(failed?.sendId ?? "");
    const again = machine.process().take(120);
    expect(again?.text).toBe(failed?.text);
    expect(again?.sendId).not.toBe(failed?.sendId);
  });
});
