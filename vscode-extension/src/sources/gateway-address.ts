/** A gateway's address that may be used, or why not. */
export type GatewayAddress =
  | { readonly ok: true; readonly url: string; readonly label: string }
  | { readonly ok: false; readonly sentence: string };

/**
 * Checks and normalises a gateway address as people write it. Plain `ws` is for this machine only: the token would cross the
 * network readable.
 */
export function parseGatewayAddress(text: string): GatewayAddress {
  const trimmed = text.trim();
  if (trimmed === "")
    return {
      ok: false,
      sentence: "Enter the address of the gateway, for example ws://127.0.0.1:18789.",
    };
  const withScheme = /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `ws://${trimmed}`;
  const url = URL.parse(withScheme.replace(/^http/i, "ws"));
  if (url === null || (url.protocol !== "ws:" && url.protocol !== "wss:")) {
    return {
      ok: false,
      sentence: `${trimmed} is not a gateway address. Write ws://127.0.0.1:18789, or wss:// and a host name.`,
    };
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return {
      ok: false,
      sentence:
        "Leave user, password and parameters out of the address: the token is asked for and kept safely.",
    };
  }
  if (url.protocol === "ws:" && !isLoopback(url.hostname)) {
    return {
      ok: false,
      sentence: `Plain ws:// to ${url.hostname} would send the token readable over the network. Use wss://, or a tunnel to this machine (ssh -L 18789:127.0.0.1:18789).`,
    };
  }
  const path = url.pathname === "/" ? "" : url.pathname;
  return { ok: true, url: `${url.protocol}//${url.host}${path}`, label: url.host };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
