/** Goal: whoever starts an account next knows since when it was away and how that began, at the price of one row a minute. */
import { describe, expect, it } from "vitest";
import { SERVICE_UNAVAILABLE, Story } from "../core/story.test-support.ts";
import type { Input } from "../events/index.ts";
import { SignOfLife } from "./sign-of-life.ts";

const MINUTE = 60_000;
const START_MS = Date.UTC(2026, 4, 11, 6);

/** Processes that follow each other on one journal; the clock of each begins anew. */
class Machine {
  readonly kept = new Map<string, string>();
  wallMs = START_MS;
  writes = 0;

  /** @param goesOn the account's state, which outlives a controller in the same process */
  process(goesOn?: Process): Process {
    return new Process(this, goesOn?.story);
  }
}

class Process {
  readonly story: Story;
  readonly posted: Input[] = [];
  readonly #life: SignOfLife;
  readonly #machine: Machine;

  constructor(machine: Machine, story = new Story()) {
    this.#machine = machine;
    this.story = story;
    this.#life = new SignOfLife({
      journal: {
        keep: (name, value) => {
          machine.writes += 1;
          machine.kept.set(name, value);
        },
        kept: (name) => machine.kept.get(name) ?? null,
      },
      clock: { wallMs: () => machine.wallMs, monotonicMs: () => this.story.at },
      post: (input) => this.posted.push(input),
    });
    this.#life.restore(this.story.state);
  }

  /** Lets the story do something and so much time pass; returns itself. */
  after(ms: number, tell: (story: Story) => void = () => undefined): this {
    const { at, state } = this.story;
    this.story.at += ms;
    tell(this.story);
    this.#machine.wallMs += this.story.at - at;
    this.#life.follow(state, this.story.state);
    return this;
  }

  connect(): this {
    return this.after(0, (story) => story.start().open());
  }
}

const stop = (story: Story): void => {
  story.tell({ kind: "controller.stopped", controllerId: 1, reason: "shutdown" }, 0);
};

describe("sign of life", () => {
  it("dates a stop exactly, and calls it one", () => {
    const machine = new Machine();
    machine.process().connect().after(90_000, stop);
    machine.wallMs += 30 * MINUTE;
    expect(machine.process().posted).toEqual([
      { kind: "absence.restored", how: "stopped", awayAgeMs: 30 * MINUTE },
    ]);
  });

  it("dates the end of a killed process within a minute", () => {
    const machine = new Machine();
    const one = machine.process().connect();
    for (let tick = 0; tick < 7; tick += 1) one.after(20_000);
    machine.wallMs += 30 * MINUTE;
    const [absence] = machine.process().posted;
    expect(absence).toMatchObject({ kind: "absence.restored", how: "vanished" });
    const awayAgeMs = absence?.kind === "absence.restored" ? absence.awayAgeMs : 0;
    expect(awayAgeMs - 30 * MINUTE).toBeGreaterThanOrEqual(0);
    expect(awayAgeMs - 30 * MINUTE).toBeLessThanOrEqual(MINUTE);
  });

  it("costs a row a minute and no more while the connection stands", () => {
    const machine = new Machine();
    const one = machine.process().connect();
    for (let tick = 0; tick < 60 * 60; tick += 1) one.after(1_000);
    expect(machine.writes).toBeLessThanOrEqual(61);
  });

  it("carries an outage that ran, with its beginning and its cause", () => {
    const machine = new Machine();
    const one = machine.process().connect();
    one.after(MINUTE, (story) => story.close(SERVICE_UNAVAILABLE, 0)).after(5 * MINUTE, stop);
    machine.wallMs += 10 * MINUTE;
    expect(machine.process().posted).toMatchObject([
      { how: "stopped", awayAgeMs: 15 * MINUTE, causeId: "stream-unavailable" },
    ]);
  });

  it("carries what a delivery had brought when the process was killed in it", () => {
    const machine = new Machine();
    const one = machine.process().connect();
    one.after(MINUTE, (story) => story.close(SERVICE_UNAVAILABLE, 0));
    one.after(5 * MINUTE, (story) => {
      story.fire("reconnect");
      story.open();
    });
    const { socketId } = one.story;
    const counts = { announced: 9, messages: 9, receipts: 0, notifications: 0 };
    one.after(10, (story) => story.tell({ kind: "drain.previewed", socketId, ...counts }));
    const before = machine.writes;
    for (let index = 0; index < 8; index += 1) {
      const messageId = `AC${index}`;
      one.after(400, (story) => {
        story.tell({ kind: "stanza.received", socketId, stanzaId: messageId, class: "message" });
        story.tell({
          kind: "message.journalled",
          socketId,
          messageId,
          chat: "user-a",
          chatKind: "direct",
          via: "offline",
          ageMs: MINUTE,
          fromMe: false,
          mentioned: false,
          duplicate: false,
        });
      });
    }
    expect(machine.writes - before).toBeLessThanOrEqual(4);
    const [absence] = machine.process().posted;
    expect(absence).toMatchObject({ how: "vanished", causeId: "stream-unavailable" });
    const brought = absence?.kind === "absence.restored" ? absence.recoveredOffline : 0;
    // Of the last second nothing is known.
    expect(brought).toBeGreaterThanOrEqual(6);
    expect(brought).toBeLessThanOrEqual(8);
  });

  it.each([
    ["the gateway is stopped or restarted", "restart"],
    ["the account is switched off", "disabled"],
    ["the process says goodbye", "shutdown"],
  ] as const)("of an orderly end is a stop: %s", (_what, reason) => {
    const machine = new Machine();
    const stopped = { kind: "controller.stopped", controllerId: 1, reason } as const;
    machine
      .process()
      .connect()
      .after(0, (story) => void story.tell(stopped, 0));
    machine.wallMs += MINUTE;
    expect(machine.process().posted).toMatchObject([{ how: "stopped", awayAgeMs: MINUTE }]);
  });

  it("of a reload in the same process is none", () => {
    const machine = new Machine();
    const one = machine.process().connect();
    one.after(0, (story) => {
      story.tell({ kind: "controller.stopped", controllerId: 1, reason: "reload" });
    });
    expect(machine.process(one).posted).toEqual([]);
  });

  it("of a stop in the same process is one", () => {
    const machine = new Machine();
    const one = machine.process().connect().after(0, stop);
    machine.wallMs += MINUTE;
    expect(machine.process(one).posted).toMatchObject([{ how: "stopped", awayAgeMs: MINUTE }]);
  });

  it("of an account that was never connected is none", () => {
    const machine = new Machine();
    machine
      .process()
      .after(0, (story) => story.start())
      .after(MINUTE, stop);
    expect(machine.kept.size).toBe(0);
    expect(machine.process().posted).toEqual([]);
  });

  it("that cannot be read claims nothing", () => {
    const machine = new Machine();
    machine.process().connect();
    machine.kept.forEach((_value, name) => machine.kept.set(name, "{"));
    expect(machine.process().posted).toEqual([]);
  });
});
