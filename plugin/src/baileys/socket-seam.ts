import type { SocketId } from "../events/index.ts";
import type { SelfAddress, SocketInput, SocketListener } from "../runtime/ports.ts";
import type { Baileys, WASocket } from "./library.ts";

/** What every group of listeners of one socket works with. */
export interface SocketSeam {
  readonly baileys: Baileys;
  readonly sock: WASocket;
  readonly socketId: SocketId;
  readonly listener: SocketListener;
  /** Reports a fact unless the socket has ended. */
  report(input: SocketInput): void;
  isEnded(): boolean;
  self(): SelfAddress;
}
