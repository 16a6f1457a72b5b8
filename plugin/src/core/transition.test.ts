import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Input, inputTable, TIMER_NAMES } from "../events/index.ts";
import { DEFAULT_POLICY, findBreach, initialState, INVARIANTS, transition } from "./index.ts";
import { DNS_ERROR, REPLACED, SELF, SERVICE_UNAVAILABLE, Story } from "./story.test-support.ts";

const errors = fc.constantFrom(null, DNS_ERROR, REPLACED, SERVICE_UNAVAILABLE, {
  name: "RangeError",
  message: "index out of range: 73 + 8 > 80",
});
const id = fc.integer({ min: 0, max: 6 });
const sendId = fc.constantFrom("s1", "s2", "s3");
const chat = fc.constantFrom("user-a", "user-b");

/** Any input at any time, with ids small enough that many of them hit something. */
const anyInput: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    kind: fc.constant("controller.started" as const),
    controllerId: id,
    reason: fc.constantFrom("gateway-start" as const, "login" as const),
    credentials: fc.constantFrom("linked" as const, "missing" as const, "corrupt" as const),
  }),
  fc.record({
    kind: fc.constant("controller.stopped" as const),
    controllerId: id,
    reason: fc.constantFrom("restart" as const, "removed" as const),
  }),
  fc.record({
    kind: fc.constant("owner.resolved" as const),
    result: fc.constantFrom("acquired" as const, "busy" as const),
  }),
  fc.record({ kind: fc.constant("socket.upgraded" as const), socketId: id }),
  fc.record({ kind: fc.constant("qr.offered" as const), socketId: id, index: fc.constant(0) }),
  fc.record({ kind: fc.constant("socket.opened" as const), socketId: id, self: fc.constant(SELF) }),
  fc.record({
    kind: fc.constant("socket.closed" as const),
    socketId: id,
    origin: fc.constant("remote" as const),
    error: errors,
  }),
  fc.record({
    kind: fc.constant("timer.fired" as const),
    timerId: fc.integer({ min: 1, max: 60 }),
    timer: fc.constantFrom(...TIMER_NAMES),
  }),
  fc.record({
    kind: fc.constant("network.probed" as const),
    result: fc.constantFrom("reachable" as const, "unreachable" as const),
    error: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant("version.resolved" as const),
    source: fc.constant("network" as const),
    version: fc.constant("2.3000.1"),
  }),
  fc.record({
    kind: fc.constant("conflict.inspected" as const),
    finding: fc.constantFrom("own-socket" as const, "external" as const, "other-process" as const),
    socketId: fc.oneof(fc.constant(null), id),
  }),
  fc.record({
    kind: fc.constant("operator.acted" as const),
    act: fc.constantFrom(
      "restart" as const,
      "relink" as const,
      "logout" as const,
      "takeover" as const,
    ),
  }),
  fc.record({ kind: fc.constant("loop.stalled" as const), stallMs: fc.constant(40_000) }),
  fc.record({
    kind: fc.constant("fault.raised" as const),
    origin: fc.constantFrom("crypto" as const, "effect" as const, "listener" as const),
    socketId: fc.oneof(fc.constant(null), id),
    error: fc.constant(DNS_ERROR),
  }),
  fc.record({
    kind: fc.constant("liveness.sampled" as const),
    socketId: id,
    frameAgeMs: fc.nat(60_000),
    bufferedBytes: fc.nat(3),
  }),
  fc.record({
    kind: fc.constant("ping.answered" as const),
    socketId: id,
    pingId: id,
    rttMs: fc.nat(100),
  }),
  fc.record({
    kind: fc.constant("send.requested" as const),
    sendId,
    controllerId: id,
    chat,
    operation: fc.constantFrom("text" as const, "typing" as const, "read-receipt" as const),
    messageId: fc.constant(null),
    self: fc.constantFrom(SELF, null, { pn: "user-x", lid: null }),
  }),
  fc.record({ kind: fc.constant("send.written" as const), sendId, socketId: id }),
  fc.record({ kind: fc.constant("send.acked" as const), sendId, socketId: id }),
  fc.record({
    kind: fc.constant("send.failed" as const),
    sendId,
    socketId: id,
    left: fc.boolean(),
    error: fc.constant(SERVICE_UNAVAILABLE),
  }),
  fc.record({ kind: fc.constant("send.cancelled" as const), sendId }),
  fc.record({
    kind: fc.constant("drain.previewed" as const),
    socketId: id,
    announced: fc.nat(20),
    messages: fc.constant(0),
    receipts: fc.constant(0),
    notifications: fc.constant(0),
  }),
  fc.record({
    kind: fc.constant("stanza.received" as const),
    socketId: id,
    stanzaId: fc.constant("M"),
    class: fc.constant("message" as const),
  }),
  fc.record({ kind: fc.constant("drain.ended" as const), socketId: id, delivered: fc.nat(20) }),
);

describe("transition", () => {
  it("is total, keeps every invariant, and repeats exactly for the same seed", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyInput, fc.nat(90_000)), { maxLength: 120 }), (story) => {
        const run = () => {
          let state = initialState("default", "seed");
          let at = 0;
          const rules: string[] = [];
          for (const [input, afterMs] of story) {
            at += afterMs;
            const step = transition(state, input, at, DEFAULT_POLICY);
            expect(findBreach(step.state)).toBeNull();
            state = step.state;
            rules.push(step.rule);
          }
          return { state, rules };
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 300 },
    );
  });

  it("records what a phase has no use for and changes nothing", () => {
    const story = new Story();
    const before = story.state;
    story.tell({ kind: "network.probed", result: "reachable", error: null });
    expect(story.effects("input.refuse")).toEqual([
      { kind: "input.refuse", inputKind: "network.probed", phase: "idle" },
    ]);
    expect(story.state).toEqual(before);
  });

  it("drops facts of a retired socket visibly", () => {
    const story = new Story().start().open();
    story.close(DNS_ERROR);
    story.tell({ kind: "socket.opened", socketId: 1, self: SELF });
    expect(story.effects("event.drop")[0]).toMatchObject({ why: "retired-socket" });
  });

  it("survives being stored as JSON between any two steps", () => {
    const story = new Story().start().open();
    story.send("a");
    story.state = JSON.parse(JSON.stringify(story.state));
    story.tell({ kind: "send.written", sendId: "a", socketId: 1 });
    expect(story.last?.rule).toBe("sends/written");
  });

  it("covers every kind of the vocabulary without throwing, in every phase", () => {
    const phases = [
      new Story(),
      new Story().start(),
      new Story().start().open(),
      waiting(),
      blocked(),
    ];
    for (const { state } of phases) {
      for (const kind of Object.keys(inputTable)) {
        const input = {
          kind,
          socketId: 1,
          sendId: "a",
          timerId: 1,
          timer: "stable",
          chat: "c",
          self: SELF,
          messageId: "M",
          result: "x",
          act: "restart",
          finding: "external",
          reason: "restart",
          controllerId: 1,
          state: "saved",
          error: null,
          evidence: "key-used",
          recovered: 0,
          duplicates: 0,
        };
        expect(() => transition(state, input as never, 1, DEFAULT_POLICY)).not.toThrow();
      }
    }
  });
});

describe("invariants", () => {
  it("has ten, each with its number", () => {
    expect(INVARIANTS.map((name) => name.split(" ")[0])).toEqual(
      Array.from({ length: 10 }, (_, index) => `I${index + 1}`),
    );
  });

  it.each([
    ["I1", { retiring: [1] }],
    ["I2", { nextSocketId: 1 }],
    ["I7", { retiring: [11, 12, 13, 14, 15, 16, 17, 18, 19], nextSocketId: 99 }],
    ["I5", { keepalive: { nextPingId: 2, pendingPingId: 1 }, timers: [] }],
  ])("%s is found when broken", (number, change) => {
    const { state } = new Story().start().open();
    expect(findBreach({ ...state, ...change })?.invariant).toMatch(number);
  });

  it("I3, I4, I6 are found when a timer goes missing", () => {
    expect(findBreach({ ...waiting().state, timers: [] })?.invariant).toMatch("I3");
    const connecting = new Story().start().state;
    expect(findBreach({ ...connecting, timers: [] })?.invariant).toMatch("I4");
    const unseen = connecting.timers.filter((t) => t.timer !== "status-refresh");
    expect(findBreach({ ...connecting, timers: unseen })?.invariant).toMatch("I6");
  });

  it("I8 and I9 are found when a send is doubled or forgotten", () => {
    const story = new Story().start().open();
    story.send("a");
    const { state } = story;
    const [send] = state.sends.pending;
    expect(send).toBeDefined();
    expect(findBreach({ ...state, sends: { pending: [send, send] } } as never)?.invariant).toMatch(
      "I8",
    );
    const untimed = state.timers.filter((t) => t.subject !== "a");
    expect(findBreach({ ...state, timers: untimed })?.invariant).toMatch("I9");
  });
});

function waiting(): Story {
  const story = new Story().start().open();
  story.close(DNS_ERROR);
  return story;
}

function blocked(): Story {
  const story = new Story().start().open();
  story.close(REPLACED);
  story.tell({ kind: "conflict.inspected", finding: "external", socketId: null });
  return story;
}
