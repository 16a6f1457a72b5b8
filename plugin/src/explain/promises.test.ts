import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type EffectRecord, type InputRecord, type LogRecord, parseLog } from "../events/index.ts";
import { currentCore, foldAll } from "../replay/index.ts";
import { checkPromises, type PromiseId, PROMISES } from "./promises.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");
const MINUTE = 60_000;

type Told = Partial<InputRecord> | Partial<EffectRecord>;

/** Records of one account, a minute apart unless they say when. */
function checksOf(...told: readonly (Told & { readonly minute?: number })[]) {
  const records = told.map(({ minute, ...record }, index) => {
    const dir = String(record.kind).match(
      /^(?:socket\.(?:open|close)|status\.publish|drain\.close|message\.admit|send\.settle)$/,
    )
      ? "out"
      : "in";
    const whole = { boot: "run", seq: index + 1, at: 0, account: "a", dir, ...record };
    return { record: whole as LogRecord, wallMs: (minute ?? index) * MINUTE };
  });
  return checkPromises(records);
}

function brokenIn(checks: ReturnType<typeof checkPromises>): readonly PromiseId[] {
  return checks.filter(({ ok }) => !ok).map(({ promise }) => promise);
}

const opens = (socketId: number): Told => ({ kind: "socket.open", socketId, attempt: 1 });
const closed = (socketId: number): Told => ({ kind: "socket.closed", socketId });
const admits = (messageId: string): Told => ({ kind: "message.admit", messageId, as: "reply" });

describe("a promise", () => {
  const BROKEN: readonly [PromiseId, readonly (Told & { minute?: number })[]][] = [
    ["one-connection", [opens(1), opens(2)]],
    ["no-loop", [{ kind: "status.publish", terminal: true }, opens(1)]],
    [
      "attempts-per-hour",
      Array.from({ length: 61 }, (_, index) => [
        { ...opens(index), minute: 0 },
        { ...closed(index), minute: 0 },
      ]).flat(),
    ],
    [
      "delivery-accounted",
      [{ kind: "drain.close", outcome: "complete", delivered: 2, journalled: 3 }],
    ],
    ["message-once", [admits("m"), { kind: "message.settled", messageId: "m" }, admits("m")]],
    ["message-ends", [admits("m"), { ...closed(1), minute: 40 }]],
    [
      "send-once",
      [
        { kind: "send.requested", sendId: "s", messageId: "1" },
        { kind: "send.requested", sendId: "s", messageId: "2" },
        { kind: "send.settle", sendId: "s" },
      ],
    ],
    [
      "send-ends",
      [
        { kind: "send.requested", sendId: "s", messageId: "1" },
        { ...closed(1), minute: 40 },
      ],
    ],
  ];

  test.each(BROKEN)("%s is seen to be broken, and no other", (promise, told) => {
    const checks = checksOf(...told);
    expect(brokenIn(checks)).toEqual([promise]);
    expect(checks.find((check) => check.promise === promise)?.broken[0]).toMatchObject({
      account: "a",
      boot: "run",
    });
  });

  test("is tried for every one", () => {
    expect(BROKEN.map(([promise]) => promise).toSorted()).toEqual(Object.keys(PROMISES).toSorted());
  });

  test("is not broken by a person who acts, a process that begins anew, or a message that waits for its turn", () => {
    const acted = checksOf(
      { kind: "status.publish", terminal: true },
      { kind: "operator.acted" },
      opens(1),
    );
    const anew = checksOf(opens(1), { ...opens(1), boot: "run-2" });
    const again = checksOf(admits("m"), admits("m"), {
      kind: "message.settled",
      messageId: "m",
    });
    expect([acted, anew, again].flatMap(brokenIn)).toEqual([]);
  });
});

const SLUGS = readdirSync(INCIDENTS).filter(
  (name) => name.endsWith(".jsonl") && !name.endsWith(".expected.jsonl"),
);

/** The records that this plugin would have written: the inputs, and what is decided about them today. */
function asDecidedToday(name: string): readonly { record: LogRecord; wallMs: number }[] {
  const { records } = parseLog(readFileSync(join(INCIDENTS, name), "utf8"));
  let beganMs = 0;
  const beganOf = new Map<string, number>();
  for (const record of records) {
    if (record.kind === "log.header") beganOf.set(record.boot, Date.parse(record.startedAt));
  }
  return foldAll(currentCore, records).flatMap(({ input, effects }) => {
    beganMs = beganOf.get(input.boot) ?? beganMs;
    const { boot, at, account, seq } = input;
    const decided = effects.map(({ rule, effect }): LogRecord => {
      const envelope = { boot, at, account, seq, dir: "out", cause: seq, rule } as const;
      return { ...envelope, ...effect };
    });
    return [input, ...decided].map((record) => ({ record, wallMs: beganMs + at }));
  });
}

test.each(SLUGS)("%s keeps all of them, as it is decided today", (name) => {
  const checks = checkPromises(asDecidedToday(name));
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.some(({ checked }) => checked > 0)).toBe(true);
});
