import { describe, expect, it } from "vitest";
import { LIMITS } from "./index.ts";
import { Story } from "./story.test-support.ts";

const HOUR = 3_600_000;
const preview = (socketId: number, announced: number) =>
  ({
    kind: "drain.previewed",
    socketId,
    announced,
    messages: announced,
    receipts: 0,
    notifications: 0,
  }) as const;

/** One tick of the keepalive on a link that answers. Returns how often the delivery was asked to go on. */
function tick(story: Story): number {
  story.fire("keepalive-tick", LIMITS.keepaliveTickMs);
  const pulls = story.effects("drain.pull").length;
  answer(story);
  return pulls;
}

function answer(story: Story): void {
  if (story.state.connection.phase !== "open") return;
  const { socketId } = story.state.connection;
  story.tell({ kind: "liveness.sampled", socketId, frameAgeMs: 1_000, bufferedBytes: 0 });
}

/** Ticks until the session is given up. Returns how often its delivery was asked to go on. */
function untilReplaced(story: Story): number {
  let pulls = 0;
  for (let ticks = 0; ticks < 60 && story.state.connection.phase === "open"; ticks += 1) {
    pulls += tick(story);
  }
  expect(story.state.connection.phase).not.toBe("open");
  return pulls;
}

function reopen(story: Story): void {
  const { connection } = story.state;
  const dueAt = connection.phase === "waiting" ? (connection.nextAttemptAt ?? 0) : 0;
  story.fire("reconnect", Math.max(0, dueAt - story.at));
  story.open();
}

function undecryptable(story: Story, count: number, chat: string, everyMs = 10): void {
  for (let index = 0; index < count; index += 1) {
    if (story.state.connection.phase !== "open") return;
    story.tell(
      {
        kind: "message.orphaned",
        socketId: story.state.connection.socketId,
        messageId: `${chat}-${story.at}`,
        chat,
        why: "undecryptable",
      },
      everyMs,
    );
  }
}

describe("an offline phase without end", () => {
  it("costs the session after a minute although it answers every ping", () => {
    const story = new Story().start().open();
    const since = story.at;
    untilReplaced(story);
    expect(story.last?.rule).toBe("deaf/replace");
    expect(story.effects("socket.close")[0]).toMatchObject({ reason: "deaf" });
    expect(story.state.connection).toMatchObject({ phase: "waiting", causeId: "session-deaf" });
    expect(story.at - since).toBeLessThan(LIMITS.drainSilenceMs + 30_000);
  });

  it("that stays is answered at growing distances, and each answer is a record", () => {
    const story = new Story().start().open();
    const replacedAt: number[] = [];
    while (story.at < 24 * HOUR) {
      tick(story);
      if (story.state.connection.phase === "open") continue;
      replacedAt.push(story.at);
      reopen(story);
    }
    expect(replacedAt.length).toBeGreaterThan(3);
    expect(replacedAt.length).toBeLessThanOrEqual(8);
  });

  it("that is over proves that the session hears, and the next one is answered at once again", () => {
    const story = new Story().start().open();
    untilReplaced(story);
    reopen(story);
    story.tell({ kind: "drain.ended", socketId: story.socketId, delivered: 0 });
    expect(story.state.hearing.heals).toBe(0);
  });

  it("does not exist for a quiet account: a day without a word is no reason", () => {
    const story = new Story().start().open();
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 0 });
    while (story.at < 24 * HOUR) tick(story);
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
  });
});

describe("a queue that is announced and not delivered", () => {
  it("is asked to go on, then the session is replaced", () => {
    const story = new Story().start().open();
    story.tell(preview(1, 80));
    const pulls = untilReplaced(story);
    expect(pulls).toBeGreaterThanOrEqual(2);
    expect(story.state.connection).toMatchObject({ causeId: "queue-blocked" });
  });

  it("is blocked as well when the server declares it over", () => {
    const story = new Story().start().open();
    story.tell(preview(1, 3));
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 3 });
    untilReplaced(story);
    expect(story.state.connection).toMatchObject({ causeId: "queue-blocked" });
  });

  it("is not blocked when nothing but receipts was announced", () => {
    const story = new Story().start().open();
    story.tell({ ...preview(1, 3), messages: 0, receipts: 3 });
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 3 });
    while (story.at < HOUR) tick(story);
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
  });

  it("is left alone while it moves", () => {
    const story = new Story().start().open();
    story.tell(preview(1, 80));
    for (let stanza = 0; stanza < 20; stanza += 1) {
      story.tell({
        kind: "stanza.received",
        socketId: 1,
        stanzaId: `s${stanza}`,
        class: "message",
      });
      tick(story);
    }
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
  });
});

describe("a storm of messages that cannot be decrypted", () => {
  it("renews the sessions of its chat once, however many there are", () => {
    const story = new Story().start().open();
    story.tell({ kind: "drain.ended", socketId: 1, delivered: 0 });
    undecryptable(story, LIMITS.stormFailures, "group-1");
    expect(story.effects("session.reset")).toMatchObject([{ chat: "group-1", failures: 5 }]);
    undecryptable(story, 474, "group-1", 2);
    expect(story.effects("session.reset")).toEqual([]);
    expect(story.state.connection).toMatchObject({ phase: "open", socketId: 1 });
    expect(story.state.hearing.failures.length).toBeLessThanOrEqual(LIMITS.failuresRemembered);
  });

  it("that goes on with new keys costs the session, a bounded number of times", () => {
    const story = new Story().start().open();
    let replaced = 0;
    while (story.at < 6 * HOUR) {
      undecryptable(story, 1, "user-3", 20_000);
      if (story.state.connection.phase === "open") continue;
      expect(story.state.connection).toMatchObject({ causeId: "decryption-storm" });
      replaced += 1;
      reopen(story);
    }
    expect(replaced).toBeGreaterThan(0);
    expect(replaced).toBeLessThanOrEqual(6);
  });

  it("renews at most a few chats an hour", () => {
    const story = new Story().start().open();
    let resets = 0;
    for (let chat = 0; chat < 20; chat += 1) {
      for (let index = 0; index < LIMITS.stormFailures; index += 1) {
        undecryptable(story, 1, `user-${chat}`);
        resets += story.effects("session.reset").length;
      }
    }
    expect(resets).toBe(LIMITS.sessionResetsPerHour);
  });

  it("is none when its chat is read in between", () => {
    const story = new Story().start().open();
    for (let round = 0; round < 10; round += 1) {
      undecryptable(story, LIMITS.stormFailures - 1, "user-3");
      expect(story.effects("session.reset")).toEqual([]);
      story.tell({
        kind: "message.journalled",
        socketId: 1,
        messageId: `read-${round}`,
        chat: "user-3",
        chatKind: "direct",
        via: "live",
        ageMs: 0,
        fromMe: false,
        mentioned: false,
        duplicate: false,
      });
    }
  });
});
