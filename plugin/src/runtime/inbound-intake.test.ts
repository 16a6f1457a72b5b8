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
