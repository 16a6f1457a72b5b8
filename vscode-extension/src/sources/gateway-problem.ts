import type { SourceState } from "../model/feed-item.ts";
import { objectOf } from "./gateway-protocol.ts";

type Failed = Extract<SourceState, { phase: "failed" | "reconnecting" }>;

/** Why a gateway cannot be used, in words, and whether trying again can help. */
export function describeConnectError(error: Error, label: string): Failed {
  const details = objectOf((error as { readonly details?: unknown }).details);
  const code = textOf(details["code"]) ?? textOf((error as NodeJS.ErrnoException).code) ?? "";
  const text = `${code} ${error.message}`;
  if (/AUTH_TOKEN_MISSING|AUTH_REQUIRED/.test(text) || /token missing/i.test(text)) {
    return failed(`The gateway at ${label} asks for a token.`, "set-token");
  }
  if (/TOKEN_MISMATCH|AUTH_|unauthorized|password mismatch/i.test(text)) {
    return failed(
      `The gateway at ${label} does not accept this token. Enter the one in gateway.auth.token of its openclaw.json.`,
      "set-token",
    );
  }
  if (/PAIRING_REQUIRED|DEVICE_IDENTITY|pairing required/i.test(text)) {
    return failed(
      `The gateway at ${label} wants this device to be approved first. Use a tunnel to it (ssh -L 18789:127.0.0.1:18789) and connect to ws://127.0.0.1:18789.`,
      "set-url",
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
      : /CERT|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/i.test(text)
        ? "its certificate is not trusted. Add its CA by NODE_EXTRA_CA_CERTS and restart the editor"
        : /ETIMEDOUT|timeout/i.test(text)
          ? "it does not answer. Check network and firewall"
          : `${message.slice(0, 200)}. Check the address`;
  const sentence = `The gateway at ${label} cannot be reached: ${why}. It is tried again by itself.`;
  return { phase: "reconnecting", sentence, retryMs: null };
}

function failed(sentence: string, action: "set-token" | "set-url" | "update-extension"): Failed {
  return { phase: "failed", sentence, action };
}
