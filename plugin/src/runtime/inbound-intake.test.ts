/** Goal: every journalled message reaches the channel in bounds, and a channel that rejects is not asked without end. */
import { expect, it } from "vitest";
import type { Input } from "../events/index.ts";
import { HandClock } from "./hand-clock.test-support.ts";
import { InboundIntake } from "./inbound-intake.ts";
import type { ChannelPort, IncomingMessage, Journal, JournalledMessage } from "./ports.ts";

function message(index: number): IncomingMessage {
  return {
    socketId: 1,
    messageId: `M${index}`,
    chat: "100000000000002@lid",
    chatAlternate: null,
    chatKind: "direct",
    sender: "100000000000002@lid",
    senderAlternate: null,
    fromMe: false,
    pushName: null,
    sentAtMs: null,
    via: "offline",
    content: { type: "text", text: "hello" },
    mentions: [],
    quoted: null,
    raw: "{}",
  };
}

/** The core's part: everything is admitted. */
function intakeWith(backlog: number, admit: ChannelPort["admit"]) {
  const unsettled = new Map<string, JournalledMessage>();
  for (let index = 0; index < backlog; index += 1) {
    const entry = { message: message(index), conversation: "c", receivedAtMs: 0, duplicate: false };
    unsettled.set(entry.message.messageId, entry);
  }
  const journal = {
    unsettled: (limit: number) => [...unsettled.values()].slice(0, limit),
    advance: (messageId: string, _chat: string, state: string) => {
      if (state === "settled") unsettled.delete(messageId);
    },
  } as Pick<Journal, "unsettled" | "advance"> as Journal;
  const posted: Input[] = [];
  const intake: InboundIntake = new InboundIntake({
    journal,
    channel: { admit } as Pick<ChannelPort, "admit"> as ChannelPort,
    clock: new HandClock(),
    pseudonyms: {
      address: (jid) => jid,
      self: (self) => self,
      text: (text) => text,
      error: (error) => error,
    },
    underWay: new Map(),
    self: () => ({ pn: null, lid: null }),
    post: (input) => {
      posted.push(input);
      if (input.kind === "message.journalled") {
        const { messageId, chat } = input;
        intake.admit({ messageId, chat, as: "reply", late: false });
      }
    },
  });
  return { intake, posted, unsettled };
}

it("a backlog beyond the bound comes in portions, each message once", async () => {
  const seen: string[] = [];
  let mostAtOnce = 0;
  let now = 0;
  const { intake, unsettled } = intakeWith(1_300, async (entry) => {
    now += 1;
    mostAtOnce = Math.max(mostAtOnce, now);
    seen.push(entry.message.messageId);
    await Promise.resolve();
    now -= 1;
    return { state: "answered", reason: "test" };
  });
  intake.resume();
  await expect.poll(() => unsettled.size).toBe(0);
  expect(seen).toHaveLength(1_300);
  expect(new Set(seen).size).toBe(1_300);
  expect(mostAtOnce).toBeLessThanOrEqual(500);
});

it("a channel that rejects everything is asked once per message and start", async () => {
  let calls = 0;
  const { intake, unsettled, posted } = intakeWith(800, () => {
    calls += 1;
    return Promise.reject(new Error("closed"));
  });
  intake.resume();
  await expect.poll(() => calls).toBe(800);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls).toBe(800);
  expect(unsettled.size).toBe(800);
  expect(posted.filter((input) => input.kind === "fault.raised")).toHaveLength(800);
  intake.resume();
  await expect.poll(() => calls).toBe(1_600);
});

/** The core's part is played by the test: it decides when it likes. */
function undecided(messages: readonly IncomingMessage[]) {
  const stored = messages.map((each) => ({
    message: each,
    conversation: "c",
    receivedAtMs: 0,
    duplicate: false,
  }));
  const settled: string[] = [];
  const journal = {
    unsettled: () => stored.filter((each) => !settled.includes(each.message.messageId)),
    advance: (messageId: string, _chat: string, state: string, reason: string) => {
      if (state === "settled") settled.push(`${messageId} ${reason}`);
    },
  } as Pick<Journal, "unsettled" | "advance"> as Journal;
  const turns: string[][] = [];
  const posted: Input[] = [];
  const intake = new InboundIntake({
    journal,
    channel: {
      admit: (entry) => {
        turns.push([entry.message.messageId]);
        return Promise.resolve({ state: "answered", reason: "alone" });
      },
      admitBurst: (burst) => {
        turns.push(burst.map(({ entry }) => entry.message.messageId));
        return Promise.resolve(burst.map(() => ({ state: "answered", reason: "together" })));
      },
    } as Pick<ChannelPort, "admit" | "admitBurst"> as ChannelPort,
    clock: new HandClock(),
    pseudonyms: {
      address: (jid) => jid,
      self: (self) => self,
      text: (text) => text,
      error: (error) => error,
    },
    underWay: new Map(),
    self: () => ({ pn: null, lid: null }),
    post: (input) => void posted.push(input),
  });
  return { intake, turns, settled, posted };
}

it("a burst is handed over once it is complete, in the order in which it was written", async () => {
  const written = [30_000, 10_000, 20_000].map((sentAtMs, index) => ({
    ...message(index),
    sentAtMs,
  }));
  const { intake, turns, settled } = undecided(written);
  intake.resume();
  for (const { messageId } of written) {
    intake.admit({ messageId, chat: "c", as: "reply", late: true, burst: 1 });
  }
  expect(turns).toEqual([]);
  intake.admitBurst();
  expect(turns).toEqual([["M1", "M2", "M0"]]);
  await expect.poll(() => settled).toHaveLength(3);
  expect(settled[0]).toBe("M1 answered: together");
});

it("what nobody decided is brought by the journal again after the core lost its state", () => {
  const { intake, turns, posted } = undecided([message(0), message(1)]);
  intake.resume();
  intake.admit({ messageId: "M0", chat: "c", as: "reply", late: false });
  intake.resume();
  expect(posted).toHaveLength(2);
  intake.forgetUndecided();
  intake.resume();
  // M0 is with the channel; only M1 is fed once more.
  expect(posted.map((input) => "messageId" in input && input.messageId)).toEqual([
    "M0",
    "M1",
    "M1",
  ]);
  expect(turns).toEqual([["M0"]]);
});
