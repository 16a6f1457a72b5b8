import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import json5 from "json5";

/** What the gateway's own config says about how to reach it. */
export type LocalGateway =
  | {
      readonly ok: true;
      readonly url: string;
      /** Null when the config holds a reference instead of the token itself: then it must be entered. */
      readonly token: string | null;
      readonly configPath: string;
      /** Of the certificate it serves, which is self-signed as a rule; null without TLS, or when it cannot be read. */
      readonly tlsFingerprint: string | null;
    }
  | { readonly ok: false; readonly sentence: string };

const DEFAULT_PORT = 18_789;

/** Finds the gateway of this machine from its config, so that nobody has to look up port and token. */
export async function findLocalGateway(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<LocalGateway> {
  const configPath = configPathOf(env);
  let text: string;
  try {
    text = await readFile(configPath, "utf8");
  } catch {
    return {
      ok: false,
      sentence: `No OpenClaw config at ${configPath}. Start the gateway once (openclaw gateway run), or enter its address.`,
    };
  }
  try {
    return await gatewayOf(json5.parse(text), configPath, env);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      sentence: `${configPath} cannot be read: ${why}. Run: openclaw config validate`,
    };
  }
}

function stateDirOf(env: Readonly<Record<string, string | undefined>>): string {
  const home = env["OPENCLAW_HOME"] ?? env["HOME"] ?? homedir();
  return env["OPENCLAW_STATE_DIR"] ?? join(home, ".openclaw");
}

function configPathOf(env: Readonly<Record<string, string | undefined>>): string {
  return env["OPENCLAW_CONFIG_PATH"] ?? join(stateDirOf(env), "openclaw.json");
}

async function gatewayOf(
  config: unknown,
  configPath: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LocalGateway> {
  const gateway = objectAt(config, "gateway");
  const auth = objectAt(gateway, "auth");
  const port = Number(gateway["port"] ?? env["OPENCLAW_GATEWAY_PORT"] ?? DEFAULT_PORT);
  const tls = objectAt(gateway, "tls");
  const isTls = tls["enabled"] === true;
  return {
    ok: true,
    url: `${isTls ? "wss" : "ws"}://127.0.0.1:${port}`,
    tlsFingerprint: isTls ? await fingerprintOf(tls["certPath"], env) : null,
    token: tokenOf(auth["token"], env) ?? env["OPENCLAW_GATEWAY_TOKEN"] ?? null,
    configPath,
  };
}

/** OpenClaw's own commands find the pin of a local gateway in the same way: in the certificate on its disk. */
async function fingerprintOf(
  certPath: unknown,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const generated = join(stateDirOf(env), "gateway/tls/gateway-cert.pem");
  try {
    const pem = await readFile(typeof certPath === "string" ? certPath : generated);
    return new X509Certificate(pem).fingerprint256;
  } catch {
    // The trust store decides then, and says so when it does not know the certificate.
    return null;
  }
}

/** A token may be written out or as `${NAME}` of the environment; other references are the gateway's to resolve. */
function tokenOf(value: unknown, env: Readonly<Record<string, string | undefined>>): string | null {
  if (typeof value !== "string" || value === "") return null;
  const name = /^\$\{(\w+)\}$/.exec(value)?.[1];
  return name === undefined ? value : (env[name] ?? null);
}

function objectAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof inner === "object" && inner !== null
    ? (inner as Readonly<Record<string, unknown>>)
    : {};
}
