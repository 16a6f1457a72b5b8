import type { LiveSocket, RegistryStore } from "./ports.ts";

/** Raised whenever the shape changes: other code then begins with a list of its own. */
const FORMAT = "whatsapp-continuity/open-sockets/1";

type OpenSocket = Pick<LiveSocket, "socketId" | "close">;

interface Entry {
  readonly format: typeof FORMAT;
  readonly sockets: Set<OpenSocket>;
}

/**
 * All sockets of this process on one credentials folder that have not reported their end, whichever controller or generation of the
 * code opened them. Kept where the host keeps what outlives a reload, because a socket that outlived its controller would otherwise
 * fight with every later one, and its conflict would look like somebody else's (#46188).
 */
export class OpenSockets {
  readonly #sockets: Set<OpenSocket>;

  constructor(store: RegistryStore, authDir: string) {
    const key = `auth-dir:${authDir}`;
    const found = store.get(key);
    if (isEntry(found)) {
      this.#sockets = found.sockets;
      return;
    }
    const entry: Entry = { format: FORMAT, sockets: new Set() };
    store.set(key, entry);
    this.#sockets = entry.sockets;
  }

  add(socket: OpenSocket): void {
    this.#sockets.add(socket);
  }

  delete(socket: OpenSocket): void {
    this.#sockets.delete(socket);
  }

  /** Tells every socket to end for which nobody here is responsible; returns how many there were. */
  endAllBut(isOurs: (socket: OpenSocket) => boolean, reason: string): number {
    const strays = [...this.#sockets].filter((socket) => !isOurs(socket));
    for (const socket of strays) socket.close(reason);
    return strays.length;
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    typeof value === "object" && value !== null && "format" in value && value.format === FORMAT
  );
}
