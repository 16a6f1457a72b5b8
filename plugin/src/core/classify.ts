import type { CauseId } from "./causes.ts";
import type { DisconnectFacts } from "./facts.ts";

/** What the connection was doing when it ended; a 401 while pairing is not a logout. */
export interface ClosingContext {
  readonly pairing: boolean;
}

/**
 * From facts to a cause. Most specific facts first: stanzas, then HTTP, then Node's error codes, then Baileys' own texts, and only
 * then its status codes. Sources: whatsapp-wire disconnect table for rc14; whatsmeow and WhatsApp Web classifications of login failures.
 */
export function classify(facts: DisconnectFacts, context: ClosingContext): CauseId {
  return (
    fromOwnError(facts.name) ??
    fromLoginFailure(facts) ??
    fromStreamError(facts) ??
    fromHttpStatus(facts) ??
    fromErrorCode(facts.errorCode) ??
    fromLibraryText(facts, context) ??
    fromStatusCode(facts.statusCode) ??
    "unknown"
  );
}

/** What our own socket layer found out; it says so by the error's name. */
function fromOwnError(name: string): CauseId | null {
  switch (name) {
    case "CredentialsMissing":
      return "not-linked";
    case "UnsafeCredentialPath":
    case "CredentialsUnreadable":
      return "credentials-corrupt";
    case "SocketUrlRefused":
      return "address-refused";
    // The library rejects what waits for a frame with the WebSocket's close code and nothing else.
    case "CloseCode":
      return "closed-by-server";
    default:
      return null;
  }
}

function fromLoginFailure(facts: DisconnectFacts): CauseId | null {
  switch (facts.failureReason) {
    case null:
      return null;
    case "400":
      return "login-malformed";
    case "401":
      return "login-rejected";
    case "402":
      return "temporary-ban";
    case "403":
      return "account-locked";
    case "405":
      return "client-outdated";
    case "406":
      return "account-banned";
    case "409":
      return "bad-user-agent";
    case "411":
      return "not-multi-device";
    case "413":
    case "414":
      return "token-expired";
    case "415":
    case "418":
    case "419":
      return "login-unsupported";
    case "440":
      return "stream-replaced";
    case "500":
      return "login-internal";
    case "501":
      return "login-experimental";
    case "503":
      return "login-unavailable";
    default:
      return "login-other";
  }
}

function fromStreamError(facts: DisconnectFacts): CauseId | null {
  if (facts.streamTag === null) return null;
  if (facts.conflictType === "device_removed") return "device-removed";
  if (facts.conflictType === "replaced") return "stream-replaced";
  if (facts.streamTag === "xml-not-well-formed") return "stream-malformed";
  if (facts.streamTag === "ack") return "stream-unacked";
  switch (facts.statusCode) {
    case 401:
      return "device-removed";
    case 440:
      return "stream-replaced";
    case 500:
      return "stream-internal";
    case 503:
      return "stream-unavailable";
    case 515:
      return "restart-required";
    case 516:
      return "stream-logged-out";
    default:
      return "stream-other";
  }
}

function fromHttpStatus(facts: DisconnectFacts): CauseId | null {
  const status = facts.httpStatus;
  if (status === null) return null;
  if (status === 407) return "proxy-auth";
  if (facts.viaProxy) return "proxy-refused";
  if (status === 401 || status === 403) return "http-forbidden";
  if (status === 429) return "http-rate-limited";
  if (status === 502 || status === 503 || status === 504) return "http-unavailable";
  return status >= 500 ? "http-error" : "http-unexpected";
}

function fromErrorCode(code: string | null): CauseId | null {
  switch (code) {
    case null:
      return null;
    case "ENOTFOUND":
    case "ENODATA":
    case "EAI_NONAME":
      return "dns-not-found";
    case "EAI_AGAIN":
    case "EAI_FAIL":
    case "EAI_NODATA":
    case "ESERVFAIL":
    case "EREFUSED":
    case "ETIMEOUT":
      return "dns-temporary";
    case "ECONNREFUSED":
      return "tcp-refused";
    case "ETIMEDOUT":
      return "tcp-timeout";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
      return "tcp-unreachable";
    case "EPIPE":
    case "ECONNABORTED":
      return "tcp-broken";
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "tls-expired";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "tls-wrong-host";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return "tls-untrusted";
    case "EPROTO":
      return "tls-protocol";
    default:
      if (code.startsWith("ERR_SSL_")) return "tls-protocol";
      return code.startsWith("HPE_") ? "not-http" : null;
  }
}

function fromLibraryText(facts: DisconnectFacts, context: ClosingContext): CauseId | null {
  const { message } = facts;
  if (message.includes("Opening handshake has timed out")) return "handshake-timeout";
  if (message.includes("socket hang up")) return "tcp-hangup";
  if (facts.errorCode === "ECONNRESET") return "tcp-reset";
  if (message === "Connection was lost") return "transport-silence";
  if (message === "QR refs attempts ended") return context.pairing ? "qr-expired" : "not-linked";
  if (message === "Timed Out") return "noise-timeout";
  if (message === "certification match failed") return "noise-certificate";
  if (message === "Multi-device beta not joined") return "not-multi-device";
  if (message === "Connection Terminated by Server") return "stream-ended";
  if (message.startsWith("Connection Terminated")) return "closed-by-server";
  if (message === "Intentional Logout") return "not-linked";
  if (facts.name === "RangeError") return "noise-garbage";
  // An AggregateError has no text of its own: no address could be reached.
  if (message === "WebSocket Error ()") return "tcp-unreachable";
  // 408 stands for every error with a code of Node's; one that is not known here must not pass for a link gone silent.
  return message.startsWith("WebSocket Error") ? "unknown" : null;
}

/** Last resort, for logs that kept only a number: the number's most common meaning that is not permanent. */
function fromStatusCode(statusCode: number | null): CauseId | null {
  switch (statusCode) {
    case null:
      return null;
    case 401:
      return "login-rejected";
    case 405:
      return "client-outdated";
    case 408:
      return "transport-silence";
    case 428:
      return "closed-by-server";
    case 429:
      return "http-rate-limited";
    case 440:
      return "stream-replaced";
    case 500:
      return "stream-internal";
    case 503:
      return "stream-unavailable";
    case 515:
      return "restart-required";
    default:
      return null;
  }
}
