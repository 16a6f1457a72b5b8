import type { Effect, EffectKind, Input, RawError, TimerName } from "../events/index.ts";
import {
  type AccountState,
  DEFAULT_POLICY,
  findBreach,
  initialState,
  type Policy,
  type Step,
  transition,
} from "./index.ts";

export const SELF = { pn: "user-self-pn", lid: "user-self-lid" };
export const DNS_ERROR: RawError = {
  name: "Error",
  message: "WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)",
  statusCode: 408,
  errorCode: "ENOTFOUND",
};
export const REPLACED: RawError = {
  name: "Error",
  message: "Stream Errored (conflict)",
  statusCode: 440,
  tag: "conflict",
  attrs: { type: "replaced" },
};
export const SERVICE_UNAVAILABLE: RawError = {
  name: "Error",
  message: "Stream Errored (unknown)",
  statusCode: 503,
  tag: "stream:error",
};

/** Tells a story to the core: every step moves the clock and checks the invariants. */
export class Story {
  state: AccountState;
  at = 0;
  policy: Policy;
  last: Step<AccountState> | null = null;

  constructor(policy: Policy = DEFAULT_POLICY, seed = "story") {
    this.policy = policy;
    this.state = initialState("default", seed);
  }

  tell(input: Input, afterMs = 10): Step<AccountState> {
    this.at += afterMs;
    const step = transition(this.state, input, this.at, this.policy);
    const breach = findBreach(step.state);
    if (breach !== null)
      throw new Error(`${breach.invariant}: ${breach.detail} after ${input.kind}`);
    this.state = step.state;
    this.last = step;
    return step;
  }

  /** Fires the running timer of this name. */
  fire(timer: TimerName, afterMs = 10, subject?: string): Step<AccountState> {
    const running = this.state.timers.find(
      (t) => t.timer === timer && (subject === undefined || t.subject === subject),
    );
    if (running === undefined) throw new Error(`timer ${timer} is not running`);
    return this.tell({ kind: "timer.fired", timerId: running.timerId, timer }, afterMs);
  }

  /** Effects of one kind in the last step. */
  effects<K extends EffectKind>(kind: K): Extract<Effect, { kind: K }>[] {
    return (this.last?.effects ?? [])
      .map(({ effect }) => effect)
      .filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }

  get socketId(): number {
    return this.state.nextSocketId - 1;
  }

  start(controllerId = 1): this {
    this.tell({
      kind: "controller.started",
      controllerId,
      reason: "gateway-start",
      credentials: "linked",
    });
    this.tell({ kind: "owner.resolved", result: "acquired" });
    return this;
  }

  open(self = SELF): this {
    this.tell({ kind: "socket.upgraded", socketId: this.socketId });
    this.tell({ kind: "socket.opened", socketId: this.socketId, self });
    return this;
  }

  close(error: RawError | null, afterMs = 10): Step<AccountState> {
    return this.tell(
      { kind: "socket.closed", socketId: this.socketId, origin: "remote", error },
      afterMs,
    );
  }

  send(
    sendId: string,
    change: Partial<Extract<Input, { kind: "send.requested" }>> = {},
  ): Step<AccountState> {
    return this.tell({
      kind: "send.requested",
      sendId,
      controllerId: 1,
      chat: "user-a",
      operation: "text",
      messageId: `3EB0${sendId}`,
      self: SELF,
      ...change,
    });
  }
}
