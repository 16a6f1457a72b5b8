import { randomUUID } from "node:crypto";
import type { LoginOutcome } from "../../runtime/account.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import type { Composition, OpenedAccount } from "../composition.ts";
import type { Settings } from "../config/settings.ts";
import { detachedPort } from "./detached-port.ts";

/** How long one attempt to link may take altogether; WhatsApp itself stops offering codes after about two minutes. */
const LOGIN_LIMIT_MS = 180_000;

export interface LoginSessionRequest {
  readonly account: WhatsAppAccount;
  readonly settings: Settings;
  /** Unlink the stored device first. */
  readonly force: boolean;
}

/**
 * One attempt to link a device, in the gateway or on the command line. It has a runtime of its own, which takes charge of the account
 * as long as the attempt lasts and gives device and lock back before {@link outcome} resolves.
 */
export class LoginSession {
  readonly id = randomUUID();
  /** Resolves when the attempt is over and everything was given back; never rejects. */
  readonly outcome: Promise<LoginOutcome>;
  readonly #end = new AbortController();
  readonly #watchers = new Set<() => void>();
  #code: string | null = null;
  #isOver = false;

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
    const { account, settings, force } = request;
    let opened: OpenedAccount | null = null;
    try {
      opened = await composition.openAccount({
        accountId: account.accountId,
        authDir: account.authDir,
        settings,
        channel: detachedPort,
      });
      return await opened.runtime.login({
        force,
        signal: this.#end.signal,
        onQr: (code) => {
          this.#code = code;
          this.#notify();
        },
      });
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      return { connected: false, self: null, sentence };
    } finally {
      // The account itself is started next; what a contact sent meanwhile waits for it.
      await opened?.runtime.stop("restart");
      await opened?.close();
    }
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
