import { join } from "node:path";
import {
  createCredentialStore,
  createOwnerLock,
  createVersionSource,
  environmentProxy,
  socketUrlFrom,
} from "../baileys/index.ts";
import type { HostServices } from "../channel/composition.ts";
import { describeCause } from "../core/index.ts";
import { STATE_FOLDER } from "../journal/index.ts";
import {
  createDiagnosticLogger,
  createIncidentKeeper,
  createInstallPseudonyms,
  Recorder,
} from "../recorder/index.ts";
import {
  createNetworkProbe,
  createRun,
  systemClock,
  systemTimers,
} from "../runtime/system-ports.ts";
import { BAILEYS_VERSION, PLUGIN_VERSION } from "./versions.ts";

const WHATSAPP_HOST = "web.whatsapp.com";

export type SharedParts = ReturnType<typeof createSharedParts>;

/** What all accounts of the process have in common. Creates folders and reads keys, but opens no connection. */
export function createSharedParts(host: HostServices) {
  const run = createRun();
  const folder = join(host.stateDir, STATE_FOLDER);
  const pseudonyms = createInstallPseudonyms({
    folder,
    onProblem: (sentence) => host.logRecord("warn", sentence, {}),
  });
  const recorder = new Recorder({
    folder,
    run,
    versions: {
      plugin: PLUGIN_VERSION,
      baileys: BAILEYS_VERSION,
      openclaw: host.openclawVersion,
      node: process.versions.node,
    },
    clock: systemClock,
    timers: systemTimers,
    pseudonyms,
    describeCause,
    log: {
      info: (message, meta) => host.logRecord("info", message, meta),
      warn: (message, meta) => host.logRecord("warn", message, meta),
      error: (message, meta) => host.logRecord("error", message, meta),
    },
    emit: (batch) => host.emitRecords(batch),
  });
  return {
    run,
    folder,
    pseudonyms,
    recorder,
    incidents: createIncidentKeeper({
      folder: join(folder, "incidents"),
      capture: (request) => recorder.capture(request),
      onProblem: (sentence) => host.logRecord("warn", sentence, {}),
    }),
    diagnostics: createDiagnosticLogger(recorder.gatewayLog, pseudonyms),
    credentials: createCredentialStore(),
    ownerLock: createOwnerLock(host.acquireFileLock),
    versions: createVersionSource({ file: join(folder, "whatsapp-version.json") }),
    networkProbe: createNetworkProbe(probedHost(process.env), systemTimers),
  };
}

/** The name that a connect asks for: the proxy's, that of an override, or WhatsApp's own. */
export function probedHost(env: Readonly<Record<string, string | undefined>>): string {
  const proxy = environmentProxy(env);
  if (proxy !== null && URL.canParse(proxy)) return new URL(proxy).hostname;
  const override = socketUrlFrom(env);
  if (override.ok && override.url !== null) return new URL(override.url).hostname;
  return WHATSAPP_HOST;
}
