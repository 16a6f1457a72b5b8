import type { RawError } from "../events/index.ts";

/** What can be read off an error without interpreting it, in one flat shape. */
export interface DisconnectFacts {
  readonly statusCode: number | null;
  /** Node's error code, from the error or the first inner error that has one. */
  readonly errorCode: string | null;
  readonly httpStatus: number | null;
  readonly viaProxy: boolean;
  /** Child of `<stream:error>` (`conflict`, `xml-not-well-formed`, `ack`) where there was one. */
  readonly streamTag: string | null;
  readonly conflictType: string | null;
  /** `reason` of `<failure>`; null when the error is not a login failure. */
  readonly failureReason: string | null;
  readonly location: string | null;
  /** Seconds a temporary ban lasts, from `<failure expire>`. */
  readonly expireSeconds: number | null;
  /** The library's own words. Only Baileys' texts are matched against it, never ours. */
  readonly message: string;
  readonly name: string;
}

const NO_FACTS: DisconnectFacts = {
  statusCode: null,
  errorCode: null,
  httpStatus: null,
  viaProxy: false,
  streamTag: null,
  conflictType: null,
  failureReason: null,
  location: null,
  expireSeconds: null,
  message: "",
  name: "",
};

/** Reads the facts off a recorded error. Total: anything unexpected simply leaves fields null. */
export function extractFacts(error: RawError | null): DisconnectFacts {
  if (error === null) return NO_FACTS;
  const attrs = error.attrs ?? {};
  const isStreamError = error.message.startsWith("Stream Errored");
  const isFailure = error.message === "Connection Failure";
  return {
    statusCode: error.statusCode ?? null,
    errorCode: error.errorCode ?? innerErrorCode(error) ?? codeInMessage(error.message),
    httpStatus: error.httpStatus ?? statusInMessage(error.message),
    viaProxy: error.via === "proxy",
    streamTag: isStreamError ? streamTag(error) : null,
    conflictType: isStreamError && error.tag === "conflict" ? (attrs["type"] ?? null) : null,
    failureReason: isFailure ? (attrs["reason"] ?? String(error.statusCode ?? "")) : null,
    location: isFailure ? (attrs["location"] ?? null) : null,
    expireSeconds: isFailure ? wholeSeconds(attrs["expire"]) : null,
    message: error.message,
    name: error.name,
  };
}

function streamTag(error: RawError): string | null {
  if (error.tag !== undefined) return error.tag;
  const named = /^Stream Errored \(([^)]+)\)/.exec(error.message);
  return named?.[1] ?? null;
}

function innerErrorCode(error: RawError): string | null {
  for (const inner of error.errors ?? []) {
    const code = inner.errorCode ?? innerErrorCode(inner);
    if (code !== null && code !== undefined) return code;
  }
  return null;
}

/** Published logs often hold only the text: `WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)`. */
function codeInMessage(message: string): string | null {
  const found =
    /\b(E[A-Z]{3,}(?:_[A-Z]+)*|EAI_[A-Z]+|ERR_[A-Z_]+|HPE_[A-Z_]+|CERT_HAS_EXPIRED|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+)\b/.exec(
      message,
    );
  return found?.[1] ?? null;
}

/** `ws` says it in words where nobody listens to the answer itself. */
function statusInMessage(message: string): number | null {
  const found = /Unexpected server response: (\d{3})\b/.exec(message);
  return found === null ? null : Number(found[1]);
}

function wholeSeconds(value: string | undefined): number | null {
  if (value === undefined) return null;
  const seconds = Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : null;
}
