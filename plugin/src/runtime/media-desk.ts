import {
  type DownloadLimits,
  type MediaSource,
  MediaUnavailable,
  type ReceivedFile,
} from "./ports/media.ts";
import type { Timers } from "./ports.ts";

/** Asks the phone for a new link and resolves with the message that has it; see `LiveSocket.renewMedia`. */
export type RenewMedia = (raw: string) => Promise<string>;

export const MEDIA_LIMITS = {
  /** For one file, all attempts, the wait for a free place and the phone included: its chat waits for it. */
  perFileMs: 60_000,
  /** Files of an account that are fetched at the same time; each may need twice `mediaMaxMb` of memory. */
  atOnce: 2,
  waiting: 50,
  /** Before each further attempt when the server was not reached. */
  retryAfterMs: [1_000, 4_000],
} as const;

/** Fetches files within bounds: a few at once, each within a minute. */
export class MediaDesk {
  readonly #source: MediaSource;
  readonly #timers: Timers;
  readonly #renew: RenewMedia;
  readonly #waiting: (() => void)[] = [];
  #underway = 0;

  constructor(source: MediaSource, timers: Timers, renew: RenewMedia) {
    this.#source = source;
    this.#timers = timers;
    this.#renew = renew;
  }

  /** @throws {MediaUnavailable} */
  async fetch(raw: string, maxBytes: number): Promise<ReceivedFile> {
    const over = new AbortController();
    const cancel = this.#timers.start(MEDIA_LIMITS.perFileMs, () => over.abort());
    try {
      await this.#place(over.signal);
      try {
        return await this.#fetch(raw, { maxBytes, signal: over.signal });
      } finally {
        this.#leave();
      }
    } catch (error) {
      if (over.signal.aborted) throw new MediaUnavailable("not-in-time", { cause: error });
      throw error;
    } finally {
      cancel();
    }
  }

  async #fetch(raw: string, limits: DownloadLimits): Promise<ReceivedFile> {
    try {
      return await this.#attempt(raw, limits);
    } catch (error) {
      if (!(error instanceof MediaUnavailable) || error.problem !== "expired") throw error;
    }
    const renewed = await untilAborted(this.#renew(raw), limits.signal);
    return this.#attempt(renewed, limits);
  }

  /** A name that does not resolve for a second must not cost a picture. */
  async #attempt(raw: string, limits: DownloadLimits): Promise<ReceivedFile> {
    for (const pauseMs of MEDIA_LIMITS.retryAfterMs) {
      try {
        return await this.#download(raw, limits);
      } catch (error) {
        if (!(error instanceof MediaUnavailable) || error.problem !== "unreachable") throw error;
      }
      await untilAborted(this.#pause(pauseMs), limits.signal);
    }
    return this.#download(raw, limits);
  }

  #download(raw: string, limits: DownloadLimits): Promise<ReceivedFile> {
    return untilAborted(this.#source.download(raw, limits), limits.signal);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#timers.start(delayMs, resolve));
  }

  async #place(signal: AbortSignal): Promise<void> {
    if (this.#underway < MEDIA_LIMITS.atOnce) {
      this.#underway += 1;
      return;
    }
    if (this.#waiting.length >= MEDIA_LIMITS.waiting) throw new MediaUnavailable("too-many");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      const index = this.#waiting.indexOf(resolve);
      // Already given the place, which is passed on.
      if (index === -1) this.#leave();
      else this.#waiting.splice(index, 1);
      throw error;
    }
  }

  /** The place goes to whoever waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underway -= 1;
    else next();
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new MediaUnavailable("not-in-time"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
