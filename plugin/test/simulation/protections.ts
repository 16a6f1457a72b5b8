import { type Baileys, loadBaileys } from "../../src/baileys/library.ts";
import type { AccountJournal } from "../../src/journal/index.ts";
import type { SocketFactory } from "../../src/runtime/ports.ts";

/**
 * What keeps an offline delivery whole, each of which a run can do without, to show what it prevents.
 * - `flush`: what Baileys holds back is handed over before it throws its buffer away.
 * - `reread`: a redelivered stanza is read from the plaintext that was stored when it was first decrypted.
 * - `reinject`: what was decrypted and never handed over is handed over at the next opening.
 * - `pull`: the next batch of an offline delivery is asked for; rc14 asks once.
 * - `dedupe`: the journal recognises a message it has.
 */
export const PROTECTIONS = ["flush", "reread", "reinject", "pull", "dedupe"] as const;
export type Protection = (typeof PROTECTIONS)[number];

/** The journal without these protections; everything else of it goes on working. */
export function weakenedJournal(
  journal: AccountJournal,
  without: ReadonlySet<Protection>,
): AccountJournal {
  const weak: Partial<AccountJournal> = {};
  if (without.has("reread")) weak.findPlaintext = () => null;
  if (without.has("reinject")) weak.pendingPlaintexts = () => [];
  if (without.has("dedupe")) {
    weak.receive = (message, nowMs) => {
      const entry = journal.receive(message, nowMs);
      return { ...entry, duplicate: false };
    };
  }
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(weak, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The library without what the end of a socket needs of it. */
export async function weakenedLibrary(without: ReadonlySet<Protection>): Promise<Baileys> {
  const baileys = await loadBaileys();
  if (!without.has("flush")) return baileys;
  const makeWASocket: Baileys["makeWASocket"] = (config) => {
    const sock = baileys.makeWASocket(config);
    const { flush } = sock.ev;
    let isEnding = false;
    const register = sock.registerSocketEndHandler;
    sock.registerSocketEndHandler = (handler) => {
      register((error) => {
        isEnding = true;
        return handler(error);
      });
    };
    sock.ev.flush = () => !isEnding && flush();
    return sock;
  };
  return { ...baileys, makeWASocket };
}

export function weakenedSockets(
  factory: SocketFactory,
  without: ReadonlySet<Protection>,
): SocketFactory {
  if (!without.has("pull")) return factory;
  return {
    whenStored: (authDir) => factory.whenStored(authDir),
    open(request) {
      const socket = factory.open(request);
      socket.pullOffline = () => undefined;
      return socket;
    },
  };
}
