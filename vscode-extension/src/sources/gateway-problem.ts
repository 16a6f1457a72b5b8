import type { SourceAction, SourceState } from "../model/feed-item.ts";
import { objectOf } from "./gateway-protocol.ts";

type Failed = Extract<SourceState, { phase: "failed" | "reconnecting" }>;

/** A person at the gateway has to approve this device, or more rights for it. */
export interface ApprovalRequest {
  /** As the gateway names it; null when it is none that could be typed safely. */
  readonly requestId: string | null;
  /** The gateway knows the device, with fewer rights than were asked for. */
  readonly mayRead: boolean;
}

/** Null when the gateway refused for another reason. */
export function readApprovalRequest(error: Error): ApprovalRequest | null {
  const details = detailsOf(error);
  if (details["code"] !== "PAIRING_REQUIRED") return null;
  const { requestId, approvedScopes } = details;
  // It ends up in a command that a person copies into a shell.
  const isPlain = typeof requestId === "string" && /^[\w-]{1,64}$/.test(requestId);
  const scopes = Array.isArray(approvedScopes) ? approvedScopes : [];
  return {
    requestId: isPlain ? requestId : null,
    mayRead: scopes.includes("operator.read") || scopes.includes("operator.admin"),
  };
}

/** What a person runs on the gateway's machine. */
export function approvalCommand({ requestId }: ApprovalRequest): string | null {
  return requestId === null ? null : `openclaw devices approve ${requestId}`;
}

export function describeApproval(request: ApprovalRequest, label: string): SourceState {
  const command = approvalCommand(request);
  const approve =
    command === null ? "openclaw devices list, then openclaw devices approve ID" : command;
  const sentence = `The gateway at ${label} wants this editor to be approved first. Run on its machine: ${approve}. It is connected by itself then.`;
  return { phase: "waiting", sentence, command };
}

/** The gateway no longer takes the token it once granted to this device, or it covers less than was asked for. */
export function isGrantRefusal(error: Error): boolean {
  const { code } = detailsOf(error);
  return (
    typeof code === "string" &&
    /^AUTH_(?:DEVICE_TOKEN_MISMATCH|TOKEN_MISMATCH|SCOPE_MISMATCH|UNAUTHORIZED)$/.test(code)
  );
}

/**
 * A certificate could not be compared with the pinned one because the server did not show it again: the editor's network layer
 * had resumed an earlier TLS session. The failure ends that session, so that the next attempt sees the certificate.
 */
export function isUnreadCertificate(error: Error): boolean {
  return /tls fingerprint unavailable/i.test(error.message);
}

function detailsOf(error: Error): Readonly<Record<string, unknown>> {
  return objectOf((error as { readonly details?: unknown }).details);
}

/** Why a gateway cannot be used, in words, and whether trying again can help. */
export function describeConnectError(error: Error, label: string): Failed {
  const code =
    textOf(detailsOf(error)["code"]) ?? textOf((error as NodeJS.ErrnoException).code) ?? "";
  const text = `${code} ${error.message}`;
  if (/AUTH_TOKEN_MISSING|AUTH_REQUIRED/.test(text) || /token missing/i.test(text)) {
    return failed(`The gateway at ${label} asks for a token.`, "set-token");
  }
  if (/RATE_LIMITED/.test(text)) {
    return failed(
      `The gateway at ${label} saw too many wrong tokens and wants a pause. Wait a minute, then try again.`,
      "retry",
    );
  }
  if (/\bDEVICE_|pairing required/.test(text)) {
    return failed(
      `The gateway at ${label} does not accept this editor as a device (${code}). Check the clocks of both machines and try again, or use a tunnel (ssh -L 18789:127.0.0.1:18789) and connect to ws://127.0.0.1:18789.`,
      "retry",
    );
  }
  if (/TOKEN_MISMATCH|AUTH_|unauthorized|password mismatch/i.test(text)) {
    return failed(
      `The gateway at ${label} does not accept this token. Enter the one in gateway.auth.token of its openclaw.json.`,
      "set-token",
    );
  }
  if (isUnreadCertificate(error)) {
    const sentence = `The gateway at ${label} does not show its certificate, so nothing was sent. Check what stands between it and this machine; it is tried again by itself.`;
    return { phase: "reconnecting", sentence, retryMs: null };
  }
  if (/tls fingerprint/i.test(text)) {
    return failed(
      `The gateway at ${label} shows another certificate than the one in the setting whatsappContinuity.gateway.tlsFingerprint, so nothing was sent. If it was renewed there, enter the new SHA-256 fingerprint.`,
      "set-fingerprint",
    );
  }
  if (/CERT|SELF.SIGNED|UNABLE_TO_VERIFY|ALTNAME/i.test(text)) {
    return failed(
      `The certificate of the gateway at ${label} is not trusted, so nothing was sent. Enter its SHA-256 fingerprint (openssl x509 -noout -sha256 -fingerprint -in its certificate), or add its CA by NODE_EXTRA_CA_CERTS and restart the editor.`,
      "set-fingerprint",
    );
  }
  if (/protocol/i.test(text) && /mismatch|unsupported|version/i.test(text)) {
    return failed(
      `The gateway at ${label} speaks another version of the gateway protocol. Update OpenClaw or this extension.`,
      "update-extension",
    );
  }
  return unreachable(code, error.message, label);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function unreachable(code: string, message: string, label: string): Failed {
  const text = `${code} ${message}`;
  const why = /ECONNREFUSED/.test(text)
    ? "nothing listens there. Is the gateway running (openclaw gateway run)"
    : /ENOTFOUND|EAI_AGAIN/.test(text)
      ? "the name does not resolve. Check the address"
      : /EPROTO|ERR_SSL/i.test(text)
        ? "it does not speak TLS there. Check the address, ws:// or wss://"
        : /ETIMEDOUT|timeout/i.test(text)
          ? "it does not answer. Check network and firewall"
          : `${message.slice(0, 200)}. Check the address`;
  const sentence = `The gateway at ${label} cannot be reached: ${why}. It is tried again by itself.`;
  return { phase: "reconnecting", sentence, retryMs: null };
}

function failed(sentence: string, action: SourceAction): Failed {
  return { phase: "failed", sentence, action };
}
