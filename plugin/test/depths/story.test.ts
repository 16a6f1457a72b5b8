/** Goal: a story is played in order, and stands still exactly until a silence was noticed. */
import { expect, it } from "vitest";
import type { WorldEvent } from "../../src/events/index.ts";
import { isRhythmic, outlivesAnswer, withAges } from "./real-pace.ts";
import { type ScheduledEvent, type Stage, tellStory } from "./story.ts";

const SILENCE: WorldEvent = { kind: "server.struck", strike: "silence" };
const FIN: WorldEvent = { kind: "server.struck", strike: "fin" };
const REFUSED: WorldEvent = { kind: "fault.set", faultId: "net", stage: "tcp", fault: "refused" };
const CLEARED: WorldEvent = { kind: "fault.cleared", faultId: "net" };

function wrote(ref: string): WorldEvent {
  return { kind: "contact.wrote", contact: "user-3", chat: "user-3", ref, addressing: "lid" };
}

function at(atMs: number, event: WorldEvent, account = "a"): ScheduledEvent {
  return { atMs, account, event };
}

/** A stage on which a silence is noticed after this long. */
function stageWith(noticeMs: number) {
  let now = 0;
  const silentSince = new Map<string, number>();
  const played: [number, string, string][] = [];
  const stage: Stage = {
    pass: async (ms) => void (now += ms),
    isOpen: (account) => now - (silentSince.get(account) ?? now) < noticeMs,
    play: async ({ account, event }) => {
      if (event === SILENCE) silentSince.set(account, now);
      played.push([now, account, event.kind]);
    },
  };
  return { stage, played };
}

it("plays events at their times, over all accounts", async () => {
  const { stage, played } = stageWith(0);
  await tellStory([at(5, FIN), at(7, CLEARED, "b"), at(9, FIN)], stage);
  expect(played).toEqual([
    [5, "a", "server.struck"],
    [7, "b", "fault.cleared"],
    [9, "a", "server.struck"],
  ]);
});

it("an account's story stands still until its silence is noticed, the others go on", async () => {
  const { stage, played } = stageWith(30_000);
  await tellStory([at(0, SILENCE), at(100, wrote("m")), at(200, FIN, "b")], stage);
  expect(played).toEqual([
    [0, "a", "server.struck"],
    [200, "b", "server.struck"],
    // 100 ms after it was noticed, which is seen in steps of 250 ms.
    [30_300, "a", "contact.wrote"],
  ]);
});

it("a network that failed at the moment of the silence fails at once", async () => {
  const { stage, played } = stageWith(30_000);
  await tellStory([at(10, SILENCE), at(10, REFUSED), at(20, CLEARED)], stage);
  expect(played.map(([now, , kind]) => [now, kind])).toEqual([
    [10, "server.struck"],
    [10, "fault.set"],
    [30_020, "fault.cleared"],
  ]);
});

it("a silence that is never noticed does not hold the story for ever", async () => {
  const { stage, played } = stageWith(Number.POSITIVE_INFINITY);
  await tellStory([at(0, SILENCE), at(1, FIN)], stage);
  expect(played).toHaveLength(2);
});

it("what was written during a shortened absence is as old as the story makes it", () => {
  const schedule = [at(0, wrote("before")), at(10_000, REFUSED), at(40_000, wrote("during"))];
  const aged = withAges([...schedule, at(700_000, CLEARED), at(800_000, wrote("after"))]);
  const ages = aged.map(({ event }) => ("ageSeconds" in event ? event.ageSeconds : undefined));
  expect(ages).toEqual([undefined, undefined, 660, undefined, undefined]);
});

it("what only the phone can bring keeps its place between its neighbours", () => {
  const lost: WorldEvent = { ...wrote("lost"), kind: "contact.wrote", lost: true } as WorldEvent;
  const schedule = [at(10_000, REFUSED), at(40_000, lost), at(700_000, CLEARED)];
  expect(withAges(schedule)).toEqual(schedule);
  expect(outlivesAnswer(schedule, 700_000)).toBe(false);
  expect(outlivesAnswer(schedule, 600_000)).toBe(true);
});

it("four drops of one account make a rhythm", () => {
  const drops = [1, 2, 3].map((time) => at(time, FIN));
  expect(isRhythmic([...drops, at(4, FIN, "b")])).toBe(false);
  expect(isRhythmic([...drops, at(4, FIN)])).toBe(true);
});
