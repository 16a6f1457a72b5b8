import {
  type AccountId,
  type Effect,
  type EffectRecord,
  type Input,
  type InputRecord,
  type LogRecord,
  type RawError,
} from "../../events/index.ts";

/** What another program says it decided; the rule id tells readers that it was not this plugin. */
type Reported = Extract<Effect, { kind: "reported.decide" }>;
export type Decision = Omit<Reported, "kind" | "text">;

/** What is known of one account while its log is read. */
interface ReportedAccount {
  controllerId: number;
  socketId: number;
  isOpen: boolean;
  /** A close told twice (by the module's log and on the console) is one close. */
  lastClose: { readonly key: string; readonly ms: number } | null;
  lastInputSeq: number | null;
  lastAt: number;
}

/** The line a record comes from. */
export interface Origin {
  readonly account: AccountId;
  readonly ms: number;
  readonly assumed: boolean;
  /** The scrubbed line. */
  readonly source: string;
}

/** The same close is told by several lines within this time. */
const SAME_CLOSE_MS = 5_000;

/**
 * Turns what a foreign log tells, line by line, into records of this vocabulary: ids are given in the order of appearance, time never goes
 * back within an account, and each decision names the fact before it as its cause.
 */
export class ReportedStory {
  readonly #boot: string;
  readonly #beganMs: number;
  readonly #accounts = new Map<AccountId, ReportedAccount>();
  #nextSeq = 1;
  #out: LogRecord[] = [];

  constructor(boot: string, beganMs: number) {
    this.#boot = boot;
    this.#beganMs = beganMs;
  }

  get accounts(): readonly AccountId[] {
    return [...this.#accounts.keys()];
  }

  /** The records since the last call. */
  take(): readonly LogRecord[] {
    const records = this.#out;
    this.#out = [];
    return records;
  }

  controllerStarted(origin: Origin): void {
    const account = this.#account(origin.account);
    account.controllerId += 1;
    account.isOpen = false;
    const { controllerId } = account;
    this.#in(origin, {
      kind: "controller.started",
      controllerId,
      reason: "unknown",
      credentials: "linked",
    });
  }

  controllerStopped(origin: Origin, reason: "restart" | "shutdown" | "disabled"): void {
    const account = this.#account(origin.account);
    account.isOpen = false;
    this.#in(origin, { kind: "controller.stopped", controllerId: account.controllerId, reason });
  }

  opened(origin: Origin): void {
    const account = this.#account(origin.account);
    if (account.isOpen) return;
    account.socketId += 1;
    account.isOpen = true;
    account.lastClose = null;
    const { socketId } = account;
    this.#in(origin, { kind: "socket.opened", socketId, self: { pn: null, lid: null } });
  }

  /** @returns false when this close was told before by another line */
  closed(origin: Origin, error: RawError, key: string, by: "remote" | "local" = "remote"): boolean {
    const account = this.#account(origin.account);
    const last = account.lastClose;
    if (last?.key === key && Math.abs(origin.ms - last.ms) < SAME_CLOSE_MS) return false;
    account.lastClose = { key, ms: origin.ms };
    // A close without an open before it is an attempt that failed: a socket of its own.
    if (!account.isOpen) account.socketId += 1;
    account.isOpen = false;
    this.#in(origin, { kind: "socket.closed", socketId: account.socketId, origin: by, error });
    return true;
  }

  /** Any other fact; the callback gets the socket in use. */
  fact(origin: Origin, build: (socketId: number) => Input): void {
    this.#in(origin, build(this.#account(origin.account).socketId));
  }

  decided(origin: Origin, decision: Decision): void {
    const account = this.#account(origin.account);
    const cause = account.lastInputSeq;
    // A decision always follows a fact; a log that begins with one begins with a controller nobody saw start.
    if (cause === null) this.controllerStarted({ ...origin, assumed: true });
    const record: EffectRecord = {
      ...this.#envelope(origin, account),
      dir: "out",
      kind: "reported.decide",
      ...decision,
      text: origin.source,
      cause: account.lastInputSeq ?? 0,
      rule: `reported/${decision.decision}`,
    };
    this.#out.push(record);
  }

  #in(origin: Origin, input: Input): void {
    const account = this.#account(origin.account);
    const envelope = this.#envelope(origin, account);
    account.lastInputSeq = envelope.seq;
    const record: InputRecord = { ...envelope, dir: "in", ...input };
    this.#out.push(record);
  }

  #envelope(origin: Origin, account: ReportedAccount) {
    const at = Math.max(account.lastAt, Math.max(0, Math.round(origin.ms - this.#beganMs)));
    account.lastAt = at;
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    return {
      boot: this.#boot,
      seq,
      at,
      account: origin.account,
      source: origin.source,
      ...(origin.assumed ? { assumed: true as const } : {}),
    };
  }

  #account(id: AccountId): ReportedAccount {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    const fresh: ReportedAccount = {
      controllerId: 0,
      socketId: 0,
      isOpen: false,
      lastClose: null,
      lastInputSeq: null,
      lastAt: 0,
    };
    this.#accounts.set(id, fresh);
    return fresh;
  }
}
