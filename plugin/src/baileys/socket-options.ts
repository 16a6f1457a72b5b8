import type { Clock, DecryptMemory, Journal, VersionSource } from "../runtime/ports.ts";
import type { Baileys } from "./library.ts";
import type { LibraryWarning } from "./quiet-logger.ts";

/** Time limits of one socket, in milliseconds. */
export interface SocketTiming {
  /** TCP, TLS and HTTP upgrade, and each step of the Noise handshake. */
  readonly connectMs: number;
  /** An IQ without an answer. */
  readonly queryMs: number;
  /**
   * rc14's own ping and silence check measure by the wall clock and end a healthy socket after a suspend or a stall (#75122), so they
   * are put out of reach: the core's keepalive asks instead.
   */
  readonly libraryKeepaliveMs: number;
  /** How long a server may take to answer our close frame before the TCP connection is cut. rc14 alone waits 30 s. */
  readonly closeFrameMs: number;
  /** How long teardown may take before the socket counts as closed anyway. */
  readonly teardownMs: number;
  /** Unlinking on the server is best effort. */
  readonly logoutMs: number;
  /** How long credentials and keys may take to reach the folder before its lock is given back. */
  readonly storeMs: number;
}

export const DEFAULT_SOCKET_TIMING: SocketTiming = {
  connectMs: 20_000,
  queryMs: 60_000,
  libraryKeepaliveMs: 12 * 60 * 60 * 1000,
  closeFrameMs: 300,
  teardownMs: 1_000,
  logoutMs: 5_000,
  storeMs: 5_000,
};

export interface SocketFactoryOptions {
  readonly clock: Clock;
  readonly versions: VersionSource;
  /** What retry requests of contacts and acks of earlier sockets are looked up in. */
  readonly journal: Pick<Journal, "custodyByMessageId" | "learnAddress"> & DecryptMemory;
  /** Proxy variables and the socket URL override. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name, browser and version that the phone shows in its list of linked devices; sent once, when linking. */
  readonly deviceName: readonly [string, string, string];
  readonly timing?: Partial<SocketTiming>;
  /** Where the library comes from; the installed one by default. A test takes something away from it to see what that is good for. */
  readonly loadLibrary?: () => Promise<Baileys>;
  /** What the library wrote at warn or error, without fields; unscrubbed. */
  onLibraryWarning?(warning: LibraryWarning): void;
}
