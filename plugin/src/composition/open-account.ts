import { createMediaSource, createSocketFactory } from "../baileys/index.ts";
import type { Composition, HostServices, OpenedAccount } from "../channel/composition.ts";
import { toPolicy } from "../channel/config/policy.ts";
import { type JournalStatus, openJournal } from "../journal/index.ts";
import { createInstallPseudonyms } from "../recorder/index.ts";
import { createAccountRuntime } from "../runtime/account-runtime.ts";
import { systemClock, systemTimers } from "../runtime/system-ports.ts";
import type { SharedParts } from "./shared-parts.ts";
import { DEVICE_NAME } from "./versions.ts";

type OpenRequest = Parameters<Composition["openAccount"]>[0];

/** One account's own parts on top of the shared ones. Nothing connects before the runtime is started. */
export function openAccount(
  host: HostServices,
  shared: SharedParts,
  request: OpenRequest,
): OpenedAccount {
  const { accountId, authDir, settings, channel } = request;
  shared.recorder.configure(accountId, settings.log);
  const log = shared.diagnostics.child({ account: accountId });
  const journal = openJournal({
    stateDir: host.stateDir,
    accountId,
    clock: systemClock,
    timers: systemTimers,
    settings: settings.journal,
    onChange: onJournalTurn(({ state, fault }) => {
      if (state === "ok") runtime.resumeFromJournal();
      if (fault !== null) log.warn({ component: "journal" }, `${fault.sentence} ${fault.action}.`);
    }),
  });
  // A person keeps one pseudonym whichever address a stanza carries.
  const pseudonyms = createInstallPseudonyms({
    folder: shared.folder,
    canonical: (jid) => journal.canonicalAddress(jid),
  });
  const runtime = createAccountRuntime({
    accountId,
    authDir,
    policy: toPolicy(settings),
    run: shared.run,
    ports: {
      clock: systemClock,
      timers: systemTimers,
      sockets: createSocketFactory({
        clock: systemClock,
        versions: shared.versions,
        journal,
        env: process.env,
        deviceName: DEVICE_NAME,
        onLibraryWarning: ({ level, message }) =>
          log[level === "error" ? "error" : "warn"]({ component: "baileys" }, message),
      }),
      ownerLock: shared.ownerLock,
      networkProbe: shared.networkProbe,
      credentials: shared.credentials,
      versions: shared.versions,
      journal,
      records: shared.recorder,
      pseudonyms,
      channel,
      media: createMediaSource(process.env),
      incidents: shared.incidents,
      registry: host.registry,
      rejections: host.rejections,
    },
  });
  return {
    runtime,
    journal,
    journalStatus: () => journal.status(),
    messages: (query) => journal.messages(query),
    applySettings(next) {
      shared.recorder.configure(accountId, next.log);
      journal.configure(next.journal);
      runtime.updatePolicy(toPolicy(next));
    },
    close() {
      journal.close();
      return Promise.resolve();
    },
  };
}

/** Only when it became unusable or usable again, however often it says so. */
function onJournalTurn(tell: (status: JournalStatus) => void): (status: JournalStatus) => void {
  let told: JournalStatus["state"] = "ok";
  return (status) => {
    if (status.state === told) return;
    told = status.state;
    tell(status);
  };
}
