import { Agent } from "node:https";

/*
 * Node's own agent tunnels through HTTPS_PROXY and honours NO_PROXY since 24.5, so no proxy library is needed. Its errors say
 * ERR_PROXY_TUNNEL with the status of the CONNECT answer, which tells a proxy's refusal from one of WhatsApp.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for TLS connections that this process' environment names, or null. Lower case wins, http_proxy is the fallback. */
export function environmentProxy(env: Environment): string | null {
  const named =
    stated(env["https_proxy"]) ??
    stated(env["HTTPS_PROXY"]) ??
    stated(env["http_proxy"]) ??
    stated(env["HTTP_PROXY"]);
  return named === undefined || named === "" ? null : named;
}

/**
 * An agent for the WebSocket and for media uploads, or undefined without a proxy. Certificate checks are Node's defaults: server
 * identity rests on TLS alone.
 */
export function proxyAgent(env: Environment): Agent | undefined {
  const proxy = environmentProxy(env);
  if (proxy === null) return undefined;
  const exceptions = stated(env["no_proxy"]) ?? stated(env["NO_PROXY"]);
  return new Agent({
    proxyEnv: { https_proxy: proxy, ...(exceptions === undefined ? {} : { no_proxy: exceptions }) },
  });
}

/** An empty lower case variable switches the upper case one off, as curl and the official plugin have it. */
function stated(value: string | undefined): string | undefined {
  return value?.trim();
}
