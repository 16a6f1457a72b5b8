import { whenFilesIdle } from "./file-queue.ts";
import type { SocketFactory } from "../runtime/ports.ts";
import { BaileysSocket } from "./live-socket.ts";
import { DEFAULT_SOCKET_TIMING, type SocketFactoryOptions } from "./socket-options.ts";

/** Creates sockets of the unmodified library. Loading it takes place with the first `open`. */
export function createSocketFactory(options: SocketFactoryOptions): SocketFactory {
  const timing = { ...DEFAULT_SOCKET_TIMING, ...options.timing };
  return {
    open(request) {
      const socket = new BaileysSocket(options, timing, request);
      socket.begin();
      return socket;
    },
    async whenStored(authDir) {
      await whenFilesIdle(authDir, timing.storeMs);
    },
  };
}
