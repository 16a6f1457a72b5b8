import { randomUUID } from "node:crypto";
import type { AccountRuntime, AccountStatus, LoginOutcome } from "../../runtime/account.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import type { AccountAtWork } from "../accounts-at-work.ts";
import type { Composition, OpenedAccount } from "../composition.ts";
import type { Settings } from "../config/settings.ts";
import { detachedPort } from "./detached-port.ts";

/** After these the stored keys are of no use to anybody, so somebody who asks for linking wants a code and no explanation. */
const DEAD_DEVICE: ReadonlySet<string> = new Set([
  "device-removed",
  "stream-logged-out",
  "logged-out",
  "account-locked",
  "credentials-corrupt",
]);

/** How long one attempt to link may take altogether; WhatsApp itself stops offering codes after about two minutes. */
const LOGIN_LIMIT_MS = 180_000;

export interface LoginSessionRequest {
  readonly account: WhatsAppAccount;
  readonly settings: Settings;
  /** Unlink the stored device first, whether or not it works. */
  readonly force: boolean;
  /**
   * The running account, where it is to link itself: with its own journal, and it goes on by itself afterwards. Not where the gateway ends the
   * account while the code is shown.
   */
  readonly atWork?: AccountAtWork;
  /** Told what keeps the attempt from going on, once per cause. */
  readonly onCause?: (causeId: string) => void;
}

export function isDeadDevice(causeId: string | null): boolean {
  return causeId !== null && DEAD_DEVICE.has(causeId);
}

/**
 * One attempt to link a device, in the gateway or on the command line. Unless a running account links itself, it has a runtime of its own,
 * which takes charge of the account as long as the attempt lasts and gives device and lock back before {@link outcome} resolves.
 */
export class LoginSession {
  readonly id = randomUUID();
  /** Resolves when the attempt is over and everything was given back; never rejects. */
  readonly outcome: Promise<LoginOutcome>;
  readonly #end = new AbortController();
  readonly #watchers = new Set<() => void>();
  #code: string | null = null;
  #isOver = false;
  #runtime: AccountRuntime | null = null;

  constructor(composition: Composition, request: LoginSessionRequest) {
    const limit = setTimeout(() => this.cancel(), LOGIN_LIMIT_MS);
    limit.unref();
    this.outcome = this.#run(composition, request).finally(() => {
      clearTimeout(limit);
      this.#isOver = true;
      this.#notify();
    });
  }

  /** The code to scan now, null before the first one. */
  get code(): string | null {
    return this.#code;
  }

  /** Where the attempt stands; null before it has begun and when it is over. */
  status(): AccountStatus | null {
    return this.#isOver ? null : (this.#runtime?.status() ?? null);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  cancel(): void {
    this.#end.abort();
  }

  /** Resolves when there is another code than `known`, the attempt is over, or after the limit. */
  changed(known: string | null, limitMs: number): Promise<void> {
    if (this.#isOver || this.#code !== known) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#watchers.add(done);
    });
  }

  async #run(composition: Composition, request: LoginSessionRequest): Promise<LoginOutcome> {
    const { account, settings, force, atWork, onCause } = request;
    if (atWork !== undefined) return this.#attempt(atWork.runtime, force);
    let opened: OpenedAccount | null = null;
    let causeId: string | null = null;
    try {
      opened = await composition.openAccount({
        accountId: account.accountId,
        authDir: account.authDir,
        settings,
        channel: detachedPort((next) => {
          if (next !== null && next !== causeId) onCause?.(next);
          causeId = next;
        }),
      });
      const outcome = await this.#attempt(opened.runtime, force);
      // The keys on disk turned out to be dead only now; the person has asked for a device, so they make room.
      return !outcome.connected && !force && isDeadDevice(causeId)
        ? await this.#attempt(opened.runtime, true)
        : outcome;
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      return { connected: false, self: null, sentence };
    } finally {
      // The account itself is started next; what a contact sent meanwhile waits for it.
      await opened?.runtime.stop("restart");
      await opened?.close();
    }
  }

  #attempt(runtime: AccountRuntime, force: boolean): Promise<LoginOutcome> {
    this.#runtime = runtime;
    return runtime.login({
      force,
      signal: this.#end.signal,
      onQr: (code) => {
        this.#code = code;
        this.#notify();
      },
    });
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
