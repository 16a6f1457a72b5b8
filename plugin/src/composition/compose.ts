import { socketUrlFrom } from "../baileys/index.ts";
import type { Composition, DeviceInspection, HostServices } from "../channel/composition.ts";
import type { StandingIssue } from "../channel/status/status-issues.ts";
import { openAccount } from "./open-account.ts";
import { createSharedParts, type SharedParts } from "./shared-parts.ts";

/** Puts the plugin together for one process. This folder is the only one that knows all of its parts. */
export function compose(host: HostServices): Composition {
  const shared = createSharedParts(host);
  return {
    pseudonyms: shared.pseudonyms,
    openAccount: (request) => Promise.resolve(openAccount(host, shared, request)),
    inspectDevice: (authDir) => inspectDevice(shared, authDir),
    records: (query) => shared.recorder.read(query),
    recorderStatus: () => shared.recorder.status(),
    capture: (request) => shared.recorder.capture(request),
    issues: () => addressIssues(process.env),
    close() {
      shared.recorder.close();
      return Promise.resolve();
    },
  };
}

async function inspectDevice(
  { ownerLock, credentials }: SharedParts,
  authDir: string,
): Promise<DeviceInspection> {
  const lock = await ownerLock.acquire(authDir);
  if (lock.result === "acquired") await lock.release();
  return {
    credentials: credentials.inspect(authDir),
    holder: lock.result === "busy" ? (lock.holder ?? "another process") : null,
  };
}

/** An address that is not WhatsApp's is legitimate for a test and alarming everywhere else, so it is always shown. */
export function addressIssues(env: Readonly<Record<string, string | undefined>>): StandingIssue[] {
  const override = socketUrlFrom(env);
  if (!override.ok) {
    return [{ kind: "config", message: override.problem, fix: "Correct or remove the variable." }];
  }
  if (override.url === null) return [];
  return [
    {
      kind: "config",
      message: `WhatsApp connections go to ${new URL(override.url).host} instead of WhatsApp (OPENCLAW_WHATSAPP_WEB_SOCKET_URL).`,
      fix: "Remove OPENCLAW_WHATSAPP_WEB_SOCKET_URL from the gateway's environment and restart it.",
    },
  ];
}
