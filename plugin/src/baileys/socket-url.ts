import { isIP } from "node:net";

export const SOCKET_URL_VARIABLE = "OPENCLAW_WHATSAPP_WEB_SOCKET_URL";

/** Where to connect. `overridden` is a status issue: somebody pointed the account elsewhere. */
export type SocketUrl =
  | { readonly ok: true; readonly url: string | null; readonly overridden: boolean }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads the override of the official plugin with one more rule: plain `ws:` only to this machine. rc14 accepts any certificate chain inside
 * Noise (`Curve.verify` of libsignal 6.0.0 cannot fail), so that server identity rests on TLS alone.
 */
export function socketUrlFrom(env: Readonly<Record<string, string | undefined>>): SocketUrl {
  const value = env[SOCKET_URL_VARIABLE]?.trim() ?? "";
  if (value === "") return { ok: true, url: null, overridden: false };

  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return problem("is not a URL. Set it to a wss:// address or remove it");
  }
  if (url.protocol === "wss:") return { ok: true, url: url.toString(), overridden: true };
  if (url.protocol !== "ws:") return problem("must start with wss://. Correct or remove it");
  if (!isLoopback(url.hostname)) {
    return problem("may use unencrypted ws:// only for this machine. Use wss:// or remove it");
  }
  return { ok: true, url: url.toString(), overridden: true };
}

function problem(what: string): SocketUrl {
  return { ok: false, problem: `${SOCKET_URL_VARIABLE} ${what}, then restart the gateway.` };
}

/** `localhost` counts although a resolver could lie: RFC 6761 reserves it, and Node resolves it to loopback. */
function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost") return true;
  return isIP(host) === 4 ? host.startsWith("127.") : host === "::1";
}
