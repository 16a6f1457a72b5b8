import type { Effect, Input } from "../../events/index.ts";

type Admitted = Extract<Effect, { kind: "message.admit" }>;
type End = Pick<Extract<Input, { kind: "message.settled" }>, "messageId" | "state" | "reason">;

/** What the agent of a completed report can do. */
export interface AgentActs {
  /** The report says itself when this message was answered. */
  answerIsReported(messageId: string): boolean;
  /** The message ends without an answer of its own. */
  settle(end: End): void;
  /** Asks for the answer to be sent, after the time that an agent takes. */
  answer(sendId: string, replyId: string, to: { messageId: string; chat: string }): void;
}

/** Stands in for the gateway's agent: one answer per turn. */
export class Agent {
  readonly #acts: AgentActs;
  #answerNumber = 0;
  /** Messages decided as parts of one turn, which is complete within the step. */
  #burst: Admitted[] = [];

  constructor(acts: AgentActs) {
    this.#acts = acts;
  }

  admit(effect: Admitted): void {
    const { messageId, chat, as } = effect;
    if (effect.burst !== undefined) this.#burst.push(effect);
    else if (as === "reply") this.#answer(messageId, chat);
    else {
      const state = as === "context" ? "context" : "ignored";
      this.#acts.settle({ messageId, state, reason: as });
    }
  }

  /** One turn, one answer: to the message whose answer is reported, else to the last question. */
  admitBurst(): void {
    const questions = this.#burst.filter(({ as }) => as === "reply");
    const asked =
      questions.findLast(({ messageId }) => this.#acts.answerIsReported(messageId)) ??
      questions.at(-1);
    for (const { messageId } of this.#burst) {
      if (messageId === asked?.messageId) continue;
      const reason = "answered together with others";
      this.#acts.settle({ messageId, state: "answered", reason });
    }
    this.#burst = [];
    if (asked !== undefined) this.#answer(asked.messageId, asked.chat);
  }

  #answer(messageId: string, chat: string): void {
    if (this.#acts.answerIsReported(messageId)) return;
    this.#answerNumber += 1;
    const number = this.#answerNumber;
    const replyId = `3EB0A${String(number).padStart(6, "0")}`;
    this.#acts.answer(`send-a${number}`, replyId, { messageId, chat });
  }
}
