/** Goal: what comes while catching up is one turn per chat, held in bounds and never for ever. */
import { describe, expect, it } from "vitest";
import type { Effect, Input } from "../events/index.ts";
import { DEFAULT_POLICY, LIMITS, type Policy } from "./index.ts";
import { SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const MINUTE = 60_000;
type Journalled = Extract<Input, { kind: "message.journalled" }>;

function message(messageId: string, change: Partial<Journalled> = {}): Journalled {
  return {
    kind: "message.journalled",
    socketId: 1,
    messageId,
    chat: "user-a",
    chatKind: "direct",
    via: "offline",
    ageMs: 10 * MINUTE,
    fromMe: false,
    mentioned: false,
    duplicate: false,
    ...change,
  };
}

const WITHOUT_HISTORY: Policy = {
  ...DEFAULT_POLICY,
  backfill: { ...DEFAULT_POLICY.backfill, history: "off" },
};

/** Connected, with this many messages announced and on the way. */
function draining(announced: number, policy?: Policy): Story {
  const story = new Story(policy).start().open();
  story.tell({
    kind: "drain.previewed",
    socketId: 1,
    announced,
    messages: announced,
    receipts: 0,
    notifications: 0,
  });
  for (let index = 0; index < announced; index += 1) {
    story.tell(
      { kind: "stanza.received", socketId: 1, stanzaId: `S${index}`, class: "message" },
      1,
    );
  }
  return story;
}

const END = { kind: "drain.ended", socketId: 1, delivered: 0 } as const;

/** What the last step decided about messages, as `id as rule turn`. */
function admitted(story: Story): string[] {
  return (story.last?.effects ?? []).flatMap(({ rule, effect }) =>
    effect.kind === "message.admit"
      ? [`${effect.messageId} ${effect.as} ${rule.replace("inbound/", "")} ${effect.burst ?? "-"}`]
      : [],
  );
}

describe("an offline delivery", () => {
  it("becomes one turn per chat when it is over, and not before", () => {
    const story = draining(4);
    story.tell(END);
    for (const id of ["A1", "A2"]) {
      story.tell(message(id));
      expect(admitted(story)).toEqual([]);
      expect(story.effects("message.hold")).toMatchObject([{ messageId: id, why: "delivery" }]);
    }
    story.tell(message("B1", { chat: "user-b" }));
    story.tell(message("A3"));
    expect(admitted(story)).toEqual([
      "A1 reply late-reply 1",
      "A2 reply late-reply 1",
      "A3 reply late-reply 1",
      "B1 reply late-reply -",
    ]);
    expect(story.effects("burst.admit")).toEqual([
      { kind: "burst.admit", burst: 1, chat: "user-a", messages: 3, replies: 3, why: "caught-up" },
    ]);
  });

  it("takes a live message of the same chat into its turn", () => {
    const story = draining(1);
    story.tell(message("A1"));
    story.tell(message("LIVE", { via: "live", ageMs: 0 }));
    expect(admitted(story)).toEqual([]);
    story.tell(END);
    expect(admitted(story)).toEqual(["A1 reply late-reply 1", "LIVE reply live 1"]);
    story.tell(message("NEXT", { via: "live", ageMs: 0 }));
    expect(admitted(story)).toEqual(["NEXT reply live -"]);
  });

  it("in a group is one turn with what was said around the mention, and none without one", () => {
    const story = draining(4);
    const group = { chat: "group-1", chatKind: "group" } as const;
    story.tell(message("G1", group));
    story.tell(message("G2", { ...group, mentioned: true }));
    story.tell(message("H1", { chat: "group-2", chatKind: "group" }));
    story.tell(message("H2", { chat: "group-2", chatKind: "group" }));
    story.tell(END);
    expect(admitted(story)).toEqual([
      "G1 context late-context 1",
      "G2 reply late-reply 1",
      "H1 context late-context -",
      "H2 context late-context -",
    ]);
    expect(story.effects("burst.admit")).toMatchObject([{ messages: 2, replies: 1 }]);
  });

  it("that does not end is not waited for longer than the deadline", () => {
    const story = draining(3);
    story.tell(message("A1"));
    story.tell(message("A2"));
    story.fire("burst-deadline", LIMITS.burstDeadlineMs);
    expect(admitted(story)).toEqual(["A1 reply late-reply 1", "A2 reply late-reply 1"]);
    expect(story.effects("burst.admit")).toMatchObject([{ why: "deadline" }]);
    story.tell(message("A3"));
    expect(admitted(story)).toEqual([]);
    expect(story.state.timers.some(({ timer }) => timer === "burst-deadline")).toBe(true);
  });
});

describe("bounds", () => {
  it("a chat holds so many; the oldest become context, with a record", () => {
    const story = draining(LIMITS.burstMessages + 1);
    for (let index = 0; index < LIMITS.burstMessages; index += 1)
      story.tell(message(`M${index}`), 1);
    story.tell(message("ONE MORE"));
    expect(admitted(story)).toEqual(["M0 context burst-overflow -"]);
    story.tell(END);
    expect(admitted(story)).toHaveLength(LIMITS.burstMessages);
  });

  it("all chats together hold so many; then the oldest burst begins", () => {
    const story = draining(LIMITS.heldMessages + 2);
    story.tell(message("A1"));
    story.tell(message("A2"));
    for (let index = 0; index < LIMITS.heldMessages - 2; index += 1) {
      story.tell(message(`M${index}`, { chat: `user-${index}` }), 1);
    }
    story.tell(message("ONE MORE", { chat: "user-z" }));
    expect(admitted(story)).toEqual(["A1 reply late-reply 1", "A2 reply late-reply 1"]);
    expect(story.effects("burst.admit")).toMatchObject([{ why: "full" }]);
  });
});

describe("history from the phone", () => {
  /** An outage in an active chat after which the server had nothing; the next message is the anchor to ask the phone with. */
  function filling(policy = DEFAULT_POLICY): Story {
    const story = draining(0, policy);
    story.tell(END);
    story.tell(message("ABCDEF0000000001", { via: "live", ageMs: 0 }));
    story.fire("stable", LIMITS.stableMs);
    story.close(SERVICE_UNAVAILABLE);
    story.fire("reconnect", 12 * MINUTE);
    story.open();
    const { socketId } = story;
    story.tell({ ...END, socketId });
    story.tell(message("ABCDEF0000000009", { socketId, via: "live", ageMs: 0 }));
    expect(story.effects("history.request")).toMatchObject([{ chat: "user-a" }]);
    const isHeld = policy.backfill.holdMs > 0;
    expect(story.effects("message.hold")).toMatchObject(isHeld ? [{ why: "history" }] : []);
    const deadlines = story
      .effects("timer.start")
      .filter(({ timer }) => timer === "burst-deadline");
    expect(deadlines).toMatchObject(isHeld ? [{ delayMs: policy.backfill.holdMs }] : []);
    expect(admitted(story)).toHaveLength(isHeld ? 0 : 1);
    return story;
  }

  function requestOf(story: Story): string {
    return story.state.backfill.gaps.find(({ chat }) => chat === "user-a")?.requestId ?? "";
  }

  function answer(requestId: string): Extract<Input, { kind: "history.answered" }> {
    return {
      kind: "history.answered",
      requestId,
      chat: "user-a",
      messages: 2,
      recovered: 2,
      duplicates: 0,
      endOfHistory: true,
    };
  }

  it("is waited for, and what it brings belongs to the turn", () => {
    const story = filling();
    const { socketId } = story;
    story.tell(message("ABCDEF0000000005", { socketId, via: "history", ageMs: 6 * MINUTE }));
    expect(admitted(story)).toEqual([]);
    story.tell(answer(requestOf(story)));
    expect(admitted(story)).toEqual([
      "ABCDEF0000000009 reply live 1",
      "ABCDEF0000000005 reply late-reply 1",
    ]);
  });

  it("that does not come holds a new message for seconds, and only once", () => {
    const story = filling();
    story.fire("burst-deadline", DEFAULT_POLICY.backfill.holdMs);
    expect(admitted(story)).toEqual(["ABCDEF0000000009 reply live -"]);
    const { socketId } = story;
    story.fire("history-deadline", LIMITS.historyAnswerMs);
    expect(story.effects("history.request")).toMatchObject([{ addressing: "pn" }]);
    story.tell(message("ABCDEF000000000A", { socketId, via: "live", ageMs: 0 }));
    expect(admitted(story)).toEqual(["ABCDEF000000000A reply live -"]);
  });

  it("that comes late is one turn by itself", () => {
    const story = filling();
    const { socketId } = story;
    story.fire("burst-deadline", DEFAULT_POLICY.backfill.holdMs);
    const requestId = requestOf(story);
    for (const id of ["ABCDEF0000000004", "ABCDEF0000000005"]) {
      story.tell(message(id, { socketId, via: "history", ageMs: 6 * MINUTE }), 0);
      expect(admitted(story)).toEqual([]);
    }
    story.tell(answer(requestId));
    expect(admitted(story)).toEqual([
      "ABCDEF0000000004 reply late-reply 1",
      "ABCDEF0000000005 reply late-reply 1",
    ]);
  });

  it("of several pages is waited for as long as pages come in", () => {
    const story = filling();
    const { socketId } = story;
    const page = (id: string): void => {
      story.tell(message(id, { socketId, via: "history", ageMs: 6 * MINUTE }), 3_000);
      story.tell(
        {
          ...answer(requestOf(story)),
          endOfHistory: false,
          oldestMessageId: id,
          oldestAgeMs: 6 * MINUTE,
        },
        0,
      );
      expect(story.effects("history.request")).toHaveLength(1);
      expect(admitted(story)).toEqual([]);
    };
    page("ABCDEF0000000007");
    page("ABCDEF0000000006");
    story.tell(message("ABCDEF0000000005", { socketId, via: "history", ageMs: 6 * MINUTE }), 3_000);
    story.tell(answer(requestOf(story)), 0);
    expect(admitted(story)).toHaveLength(4);
    expect(story.effects("burst.admit")).toMatchObject([{ messages: 4, why: "caught-up" }]);
  });

  it("is not waited for where the owner does not want it", () => {
    const story = filling({
      ...DEFAULT_POLICY,
      backfill: { ...DEFAULT_POLICY.backfill, holdMs: 0 },
    });
    expect(admitted(story)).toEqual(["ABCDEF0000000009 reply live -"]);
  });
});

describe("without a connection", () => {
  it("what a crash left waits for it and becomes one turn, judged by its age then", () => {
    const story = new Story().start();
    story.tell(message("A1", { via: "live", socketId: 0, ageMs: 0 }));
    story.tell(message("A2", { via: "live", socketId: 0, ageMs: 0 }));
    expect(story.effects("message.hold")).toMatchObject([{ why: "not-connected" }]);
    story.tell({ kind: "network.probed", result: "reachable", error: null }, 3 * 60 * MINUTE);
    story.open();
    story.tell({ ...END, socketId: story.socketId });
    expect(admitted(story)).toEqual(["A1 context too-old -", "A2 context too-old -"]);
  });

  it("a burst outlives the loss of its connection", () => {
    const story = draining(3, WITHOUT_HISTORY);
    story.tell(message("A1"));
    story.tell({
      kind: "socket.closed",
      socketId: 1,
      origin: "remote",
      error: SERVICE_UNAVAILABLE,
    });
    expect(story.state.timers.some(({ timer }) => timer === "burst-deadline")).toBe(false);
    story.fire("reconnect", 5_000);
    story.open();
    expect(admitted(story)).toEqual([]);
    story.tell(message("A2", { socketId: story.socketId }));
    story.tell({ ...END, socketId: story.socketId });
    expect(admitted(story)).toEqual(["A1 reply late-reply 1", "A2 reply late-reply 1"]);
  });

  it("ends with a logout: another number's messages are nobody's", () => {
    const story = new Story().start();
    story.tell(message("A1"));
    story.tell({ kind: "operator.acted", act: "logout" });
    expect(story.state.bursts.held).toEqual([]);
  });
});

describe("the notice to the owner", () => {
  const policy: Policy = {
    ...WITHOUT_HISTORY,
    late: { ...DEFAULT_POLICY.late, older: "notify" },
  };
  const old = { ageMs: 3 * 60 * MINUTE } as const;

  it("is one per outage, with the number of messages and chats, after the delivery", () => {
    const story = draining(3, policy);
    story.tell(message("A1", old));
    story.tell(message("A2", old));
    story.tell(message("B1", { ...old, chat: "user-b" }));
    expect(story.effects("owner.notify")).toEqual([]);
    story.tell(END);
    expect(admitted(story)).toHaveLength(3);
    const notice: Effect = { kind: "owner.notify", messages: 3, chats: 2 };
    expect(story.effects("owner.notify")).toEqual([notice]);
    story.tell(message("A3", { ...old, via: "history" }));
    story.tell({
      kind: "history.answered",
      requestId: "",
      chat: "user-a",
      messages: 1,
      recovered: 1,
      duplicates: 0,
      endOfHistory: true,
    });
    expect(admitted(story)).toEqual(["A3 context too-old-told -"]);
    expect(story.effects("owner.notify")).toEqual([]);
  });

  it("is not given when it is off", () => {
    const story = draining(1);
    story.tell(message("A1", old));
    story.tell(END);
    expect(admitted(story)).toEqual(["A1 context too-old -"]);
    expect(story.effects("owner.notify")).toEqual([]);
  });

  it("comes again with the next outage", () => {
    const story = draining(1, policy);
    story.tell(message("A1", old));
    story.tell(END);
    story.tell({
      kind: "socket.closed",
      socketId: 1,
      origin: "remote",
      error: SERVICE_UNAVAILABLE,
    });
    story.fire("reconnect", 5_000);
    story.open();
    const { socketId } = story;
    story.tell({ ...END, socketId });
    story.tell(message("A2", { ...old, socketId }));
    expect(story.effects("owner.notify")).toMatchObject([{ messages: 1 }]);
  });

  it("that the process before owed is given with what came meanwhile, when the catching-up is over", () => {
    const story = new Story(policy);
    story.tell({
      kind: "controller.started",
      controllerId: 1,
      reason: "gateway-start",
      credentials: "linked",
    });
    story.tell({ kind: "absence.restored", how: "vanished", awayAgeMs: 3 * 60 * MINUTE });
    story.tell({ kind: "notice.restored", messages: 2, chats: 1 });
    story.tell({ kind: "owner.resolved", result: "acquired" });
    story.open();
    expect(story.effects("owner.notify")).toEqual([]);
    const counts = { announced: 1, messages: 1, receipts: 0, notifications: 0 };
    story.tell({ kind: "drain.previewed", socketId: 1, ...counts });
    story.tell({ kind: "stanza.received", socketId: 1, stanzaId: "A1", class: "message" });
    story.tell(message("A1", old));
    story.tell({ kind: "stanza.receipted", socketId: 1, stanzaId: "A1" });
    expect(story.effects("owner.notify")).toEqual([]);
    story.tell(END);
    expect(story.effects("owner.notify")).toEqual([
      { kind: "owner.notify", messages: 3, chats: 2 },
    ]);
    story.tell({ kind: "notice.restored", messages: 2, chats: 1 });
    expect(story.effects("owner.notify")).toHaveLength(1);
  });
});
