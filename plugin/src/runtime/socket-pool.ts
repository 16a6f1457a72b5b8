import type { AccountId, SocketId } from "../events/index.ts";
import { inNameOf } from "./fault-attribution.ts";
import { OpenSockets } from "./open-sockets.ts";
import type {
  LiveSocket,
  RegistryStore,
  SocketFactory,
  SocketInput,
  SocketListener,
  Timers,
} from "./ports.ts";

/** How long the lease waits for sockets that were told to end; each of them is bounded to less than this. */
const GONE_LIMIT_MS = 2_000;

/** The sockets that have not reported their end: the one in charge and those that were told to go. */
export class SocketPool {
  readonly #accountId: AccountId;
  readonly #factory: SocketFactory;
  readonly #authDir: string;
  readonly #listener: SocketListener;
  readonly #timers: Timers;
  readonly #ofProcess: OpenSockets;
  readonly #sockets = new Map<SocketId, LiveSocket>();
  readonly #waiting = new Set<() => void>();

  constructor(options: {
    readonly accountId: AccountId;
    readonly authDir: string;
    readonly factory: SocketFactory;
    readonly listener: SocketListener;
    readonly timers: Timers;
    readonly registry: RegistryStore;
  }) {
    this.#ofProcess = new OpenSockets(options.registry, options.authDir);
    this.#accountId = options.accountId;
    this.#authDir = options.authDir;
    this.#factory = options.factory;
    this.#listener = options.listener;
    this.#timers = options.timers;
  }

  open(socketId: SocketId, pairing: boolean): void {
    this.endStrays("superseded");
    // Never before it has begun: a socket reports nothing from inside `open`.
    const ended = (input: SocketInput): void => {
      if (input.kind === "socket.closed") this.#ofProcess.delete(socket);
      this.#onInput(input);
    };
    const socket: LiveSocket = inNameOf(this.#accountId, socketId, () =>
      this.#factory.open({
        accountId: this.#accountId,
        socketId,
        authDir: this.#authDir,
        pairing,
        listener: { ...this.#listener, onInput: ended },
      }),
    );
    this.#ofProcess.add(socket);
    this.#sockets.set(socketId, socket);
  }

  /** Takes over the sockets of a predecessor of this code; they report to it, and it passes on. */
  adopt(sockets: Iterable<LiveSocket>): void {
    for (const socket of sockets) this.#sockets.set(socket.socketId, socket);
  }

  get(socketId: SocketId): LiveSocket | undefined {
    return this.#sockets.get(socketId);
  }

  /** Runs something with a socket in the name of it; nothing happens when it has just ended, because its end is on the way. */
  withSocket(socketId: SocketId, run: (socket: LiveSocket) => void): void {
    const socket = this.#sockets.get(socketId);
    if (socket !== undefined) inNameOf(this.#accountId, socketId, () => run(socket));
  }

  ids(): readonly SocketId[] {
    return [...this.#sockets.keys()];
  }

  /** To be called for every end, also one that was passed on by a predecessor. */
  forget(socketId: SocketId): void {
    this.#sockets.delete(socketId);
    if (this.#sockets.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Ends sockets of this process on the same folder that no controller knows any more; returns how many there were. */
  endStrays(reason: string): number {
    return this.#ofProcess.endAllBut(
      (socket) => this.#sockets.get(socket.socketId) === socket,
      reason,
    );
  }

  closeAll(reason: string): void {
    for (const socket of this.#sockets.values()) socket.close(reason);
  }

  /** Hands all over and knows none afterwards. */
  release(): readonly LiveSocket[] {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    return sockets;
  }

  /** Resolves when all have ended, or after a short while: a stuck one must not keep the lease for ever. */
  whenGone(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#timers.start(GONE_LIMIT_MS, done);
      this.#waiting.add(done);
    });
  }

  #onInput(input: SocketInput): void {
    if (input.kind === "socket.closed") this.forget(input.socketId);
    this.#listener.onInput(input);
  }
}
