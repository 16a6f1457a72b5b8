import {
  type AccountState,
  DEFAULT_POLICY,
  describeCause,
  findBreach,
  initialState,
  type Policy,
  transition,
} from "../../src/core/index.ts";
import type { Input, LogRecord, RawError } from "../../src/events/index.ts";
import { FORMAT, FORMAT_VERSION } from "../../src/events/record.ts";
import { GatewayLog } from "../../src/recorder/gateway-log.ts";
import { DEFAULT_LOG_SETTINGS } from "../../src/recorder/log-settings.ts";
import { AccountWorld } from "../../src/replay/completion/account-world.ts";
import { Agenda } from "../../src/replay/completion/agenda.ts";
import type { FactOf } from "../../src/replay/completion/report.ts";
import { HandClock } from "../../src/runtime/hand-clock.test-support.ts";
import { Auditor } from "./auditor.ts";

export type Network = Omit<FactOf<"network">, "fact" | "epochMs" | "account">;

const ACCOUNT = "account-1";
const BOOT = "simulation";
const SELF = { pn: "user-1", lid: "user-2" };
/** Records kept to write down what led to a violation; a day of a DNS outage has about 200,000. */
const MAX_RECORDS = 1_000_000;

/**
 * The real core in a closed loop with a small world, in virtual time: what the core decides happens, and what happens is told to the core.
 * The gateway's log is the real one too. Deterministic for a seed.
 */
export class CoreRun {
  readonly seed: string;
  readonly policy: Policy;
  readonly auditor = new Auditor();
  readonly world: AccountWorld;
  readonly agenda = new Agenda();
  readonly logTimes: number[] = [];
  readonly records: LogRecord[] = [];
  readonly #keepsRecords: boolean;
  readonly #clock = new HandClock();
  readonly #log: GatewayLog;
  #state: AccountState;
  #now = 0;
  #seq = 0;
  #onOpen: (() => void) | null = null;

  constructor(
    seed: string,
    options: { readonly policy?: Policy; readonly keepsRecords?: boolean } = {},
  ) {
    this.seed = seed;
    this.policy = options.policy ?? DEFAULT_POLICY;
    this.#keepsRecords = options.keepsRecords ?? false;
    this.#state = initialState(ACCOUNT, seed);
    const line = (): void => void this.logTimes.push(this.#now);
    this.#log = new GatewayLog({
      log: { info: line, warn: line, error: line },
      clock: this.#clock,
      timers: this.#clock,
      describeCause,
      settingsOf: () => DEFAULT_LOG_SETTINGS,
    });
    this.world = new AccountWorld(
      {
        agenda: this.agenda,
        now: () => this.#now,
        assume: (input) => this.tell(input),
        attemptIsReported: () => false,
        answerIsReported: () => false,
      },
      SELF,
      [],
    );
    this.#keep({
      boot: BOOT,
      seq: 0,
      at: 0,
      dir: "in",
      kind: "log.header",
      format: FORMAT,
      version: FORMAT_VERSION,
      startedAt: new Date(Date.UTC(2026, 0, 1)).toISOString(),
      seed,
      plugin: "0.1.0",
      baileys: "7.0.0-rc14",
      origin: "simulation",
    });
  }

  get now(): number {
    return this.#now;
  }

  get state(): AccountState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state.connection.phase === "open";
  }

  start(): this {
    this.world.controllerId += 1;
    this.tell({
      kind: "controller.started",
      controllerId: this.world.controllerId,
      reason: "gateway-start",
      credentials: "linked",
    });
    return this;
  }

  /** Plans an act of the world. */
  plan(at: number, act: () => void): void {
    this.agenda.plan(at, act);
  }

  /** Called each time a connection has opened, e.g. to end it again. */
  whenOpened(act: (() => void) | null): void {
    this.#onOpen = act;
  }

  setNetwork(network: Network): void {
    this.world.setNetwork({ fact: "network", epochMs: this.#now, account: ACCOUNT, ...network });
  }

  /** The server ends the current connection. */
  hangUp(error: RawError | null): void {
    const { socketId } = this.world;
    if (socketId === null) return;
    this.world.forgetSocket();
    this.tell({ kind: "socket.closed", socketId, origin: "remote", error });
  }

  runUntil(at: number): void {
    for (let next = this.agenda.take(at); next !== null; next = this.agenda.take(at)) {
      this.#moveTo(next.at);
      next.run();
    }
    this.#moveTo(at);
  }

  tell(input: Input): void {
    const cause = this.#append({ ...this.#envelope(), dir: "in", ...input });
    this.auditor.onInput(input, this.#now);
    const step = transition(this.#state, input, this.#now, this.policy);
    this.#state = step.state;
    for (const { rule, effect } of step.effects) {
      this.#append({ ...this.#envelope(), dir: "out", cause, rule, ...effect });
      this.auditor.onEffect(effect, this.#now);
    }
    const breach = findBreach(step.state);
    if (breach !== null) this.auditor.violated(breach.invariant, this.#now);
    for (const { effect } of step.effects) this.world.perform(effect);
    if (input.kind === "socket.opened") this.#onOpen?.();
  }

  #moveTo(at: number): void {
    if (at <= this.#now) return;
    this.#clock.advance(at - this.#now);
    this.#now = at;
    this.auditor.onTime(at);
  }

  #envelope() {
    this.#seq += 1;
    return { boot: BOOT, seq: this.#seq, at: this.#now, account: ACCOUNT };
  }

  #append(record: LogRecord): number {
    this.#keep(record);
    this.#log.append(record);
    return record.seq;
  }

  #keep(record: LogRecord): void {
    if (this.#keepsRecords && this.records.length < MAX_RECORDS) this.records.push(record);
  }
}
