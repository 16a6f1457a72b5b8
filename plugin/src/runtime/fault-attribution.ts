import { AsyncLocalStorage } from "node:async_hooks";
import type { AccountId, Input, RawError, SocketId } from "../events/index.ts";
import type { RejectionSource } from "./ports.ts";

/*
 * rc14 answers a frame that it cannot decrypt with an unhandled rejection, and a download that breaks off with an `error` event that nobody
 * listens to; either ends the process. Everything a socket starts runs in a scope that names its account, so that such a fault leads to its
 * socket and to nothing else.
 */

type Fault = Extract<Input, { kind: "fault.raised" }>;

interface Scope {
  readonly accountId: AccountId;
  readonly socketId: SocketId | null;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs something, and everything asynchronous it starts, in the name of an account and one of its sockets. */
export function inNameOf<T>(accountId: AccountId, socketId: SocketId | null, run: () => T): T {
  return scopes.run({ accountId, socketId }, run);
}

/**
 * Turns what nobody caught of this account's sockets into facts. A fault without scope whose stack names the library concerns every
 * account: each asks its connection whether it still lives.
 */
export function watchRejections(
  accountId: AccountId,
  source: RejectionSource,
  account: { isCurrent(socketId: SocketId): boolean; post(input: Fault): void },
): () => void {
  return source.subscribe((reason, kind) => {
    const scope = scopes.getStore();
    if (scope !== undefined && scope.accountId !== accountId) return false;
    if (scope === undefined && !isLibraryError(reason)) return false;
    const isStreamFault = isOutOfStep(reason);
    const socketId = scope?.socketId ?? null;
    // A frame that could not be read proves that the stream is lost. An exception leaves whoever waited for its work waiting for ever, and the
    // library works its messages off one after the other: the link would live and the account be deaf. Anything else is asked, and what a retired
    // socket does is noted.
    const isLost = isStreamFault || kind === "exception";
    const isConcerned = isLost || (socketId !== null && !account.isCurrent(socketId));
    account.post({
      kind: "fault.raised",
      origin: isStreamFault ? "crypto" : kind === "exception" ? "listener" : "unhandled-rejection",
      socketId: isConcerned ? socketId : null,
      error: describe(reason),
    });
    return true;
  });
}

/**
 * The noise stream counts frames: one that fails to decrypt or to decode puts every later one out of step. The library's innermost frame tells,
 * because all handlers of a frame run below the noise handler.
 */
function isOutOfStep(reason: unknown): boolean {
  const innermost = stackOf(reason)
    .split("\n")
    .find((line) => /[\\/]baileys[\\/]lib[\\/]/.test(line));
  return /Utils[\\/](?:noise-handler|crypto)\.|WABinary[\\/]decode\./.test(innermost ?? "");
}

function isLibraryError(reason: unknown): boolean {
  const packages = /[\\/]node_modules[\\/](?:@whiskeysockets[\\/]|libsignal[\\/])/;
  return packages.test(stackOf(reason));
}

function stackOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? "") : "";
}

function describe(reason: unknown): RawError {
  if (!(reason instanceof Error)) return { name: "Rejection", message: String(reason) };
  const { code } = reason as NodeJS.ErrnoException;
  return {
    name: reason.name,
    message: reason.message,
    ...(typeof code === "string" ? { errorCode: code } : {}),
  };
}
