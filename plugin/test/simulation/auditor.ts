import type { Effect, Input } from "../../src/events/index.ts";

export interface Finding {
  readonly rule: string;
  readonly at: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** What the hourly budget allows, whatever happens. */
const ATTEMPTS_PER_HOUR = 60;
/** The gateway's health monitor takes an account for dead that says nothing for this long. */
const STATUS_SILENCE_MS = 2 * MINUTE;
/** A question asked while the link was dead may stay without an answer. */
const ANSWER_MS = MINUTE;
const MAX_VIOLATIONS = 20;

/**
 * Watches facts and decisions and nothing of the core's state, so that it cannot share the core's mistakes. What it demands is what an owner of
 * an account demands.
 */
export class Auditor {
  readonly violations: Finding[] = [];
  /** Every attempt to connect. */
  readonly attempts: number[] = [];
  #isOpen = false;
  #isBlocked = false;
  #isRecovering = false;
  #lastStatusAt = 0;
  #healthy: { readonly since: number; readonly boundMs: number } | null = null;
  #mayBlock = false;
  /** Since when the link lives again; null while it is dead. */
  #aliveSince: number | null = -HOUR;
  readonly #alive = new Set<number>();
  #openedAfter: number[] = [];

  /** How long it took to open after each return of a healthy world. */
  get openedAfterMs(): readonly number[] {
    return this.#openedAfter;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Nothing is in the way any more: within `boundMs` the account must be open. */
  expectOpen(at: number, boundMs: number): void {
    this.#healthy = this.#isOpen ? null : { since: at, boundMs };
    if (this.#isOpen) this.#openedAfter.push(0);
  }

  /** Something is in the way: nothing is expected. */
  expectNothing(): void {
    this.#healthy = null;
  }

  /** Whether from now on a person may be needed. */
  mayBlock(allowed: boolean): void {
    this.#mayBlock = allowed;
  }

  /** The open link is dead (or lives): only then may it be given up. */
  linkIs(state: "dead" | "alive", at: number): void {
    this.#aliveSince = state === "dead" ? null : at;
  }

  onInput(input: Input, at: number): void {
    switch (input.kind) {
      case "socket.opened":
        this.#isOpen = true;
        this.#noteOpen(at);
        return;
      case "socket.closed":
        this.#alive.delete(input.socketId);
        this.#isOpen = this.#isOpen && this.#alive.size > 0;
        return;
      case "operator.acted":
      case "controller.started":
        this.#isBlocked = false;
        return;
      default:
        return;
    }
  }

  onEffect(effect: Effect, at: number): void {
    switch (effect.kind) {
      case "socket.open":
        return this.#onAttempt(effect.socketId, at);
      case "socket.close":
        this.#alive.delete(effect.socketId);
        if (effect.reason === "silent" && this.#aliveSince !== null) {
          const hadTime = at - this.#aliveSince > ANSWER_MS;
          if (hadTime) this.violated("a living connection was given up", at);
        }
        this.#isOpen = false;
        return;
      case "status.publish":
        this.#lastStatusAt = at;
        this.#isRecovering = effect.lifecycle === "recovering" || effect.lifecycle === "starting";
        if (effect.terminal && !this.#isBlocked && !this.#mayBlock) {
          this.violated("given up without a reason that needs a person", at);
        }
        this.#isBlocked = effect.terminal;
        return;
      default:
        return;
    }
  }

  onTime(at: number): void {
    if (this.#isRecovering && at - this.#lastStatusAt > STATUS_SILENCE_MS) {
      this.violated("recovering without a word to the gateway", at);
      this.#lastStatusAt = at;
    }
    if (this.#healthy !== null && !this.#isBlocked) {
      const { since, boundMs } = this.#healthy;
      if (at - since > boundMs) {
        this.violated(`not open within ${boundMs / SECOND} s of a healthy world`, at);
        this.#healthy = null;
      }
    }
  }

  violated(rule: string, at: number): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ rule, at });
  }

  /** Most attempts in any hour. */
  busiestHour(): number {
    let first = 0;
    let most = 0;
    for (const [index, at] of this.attempts.entries()) {
      while ((this.attempts[first] ?? at) <= at - HOUR) first += 1;
      most = Math.max(most, index - first + 1);
    }
    return most;
  }

  #onAttempt(socketId: number, at: number): void {
    this.attempts.push(at);
    if (this.#isBlocked) this.violated("tried although a person is needed", at);
    if (this.#alive.size > 0) this.violated("two connections at once", at);
    this.#alive.add(socketId);
    const inHour = this.attempts.length - 1 - ATTEMPTS_PER_HOUR;
    const earlier = this.attempts[inHour];
    if (earlier !== undefined && earlier > at - HOUR) {
      this.violated(`more than ${ATTEMPTS_PER_HOUR} attempts in an hour`, at);
    }
  }

  #noteOpen(at: number): void {
    if (this.#healthy === null) return;
    this.#openedAfter.push(at - this.#healthy.since);
    this.#healthy = null;
  }
}
