import type { WASocket } from "./library.ts";

/** The part of a `ws` WebSocket that the library gives no access to. */
export interface RawWebSocket {
  /** Bytes that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  /** Cuts the TCP connection without a close frame. */
  terminate(): void;
}

/** The WebSocket below the library's client; declared protected there, and the only way to a teardown in milliseconds. */
export function rawWebSocketOf(sock: WASocket): RawWebSocket | null {
  return (sock.ws as unknown as { readonly socket: RawWebSocket | null }).socket;
}

/** Works in every state of the WebSocket, also while it connects. */
export function cutConnection(sock: WASocket): void {
  rawWebSocketOf(sock)?.terminate();
}
