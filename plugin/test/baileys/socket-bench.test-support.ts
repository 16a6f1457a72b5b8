/** One socket of the plugin against the simulated WhatsApp server, with everything it reported. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startWhatsAppServer,
  type WhatsAppServer,
  type WhatsAppServerOptions,
} from "fixtures/whatsapp-server";
import { whenFilesIdle } from "../../src/baileys/file-queue.ts";
import { createSocketFactory } from "../../src/baileys/socket-factory.ts";
import type { SocketTiming } from "../../src/baileys/socket-options.ts";
import type {
  Clock,
  HistoryPage,
  IncomingMessage,
  LiveSocket,
  OutboundCustody,
  SelfAddress,
  SocketFactory,
  SocketInput,
  VersionSource,
} from "../../src/runtime/ports.ts";

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export const bundledVersion: VersionSource = {
  current: () => ({ version: [2, 3000, 1043857760], source: "bundled" }),
  refresh: () =>
    Promise.resolve({ version: [2, 3000, 1043857760], source: "bundled", error: null }),
};

type Kind = SocketInput["kind"];
type Of<K extends Kind> = Extract<SocketInput, { kind: K }>;

export class SocketBench {
  readonly server: WhatsAppServer;
  readonly authDir: string;
  readonly inputs: SocketInput[] = [];
  readonly messages: IncomingMessage[] = [];
  readonly pages: HistoryPage[] = [];
  readonly qrCodes: string[] = [];
  readonly warnings: string[] = [];
  self: SelfAddress | null = null;
  custodies = new Map<string, OutboundCustody>();
  #factory: SocketFactory | undefined;
  #nextSocketId = 1;
  readonly #folder: string;
  readonly #waiting = new Set<() => void>();
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  static async start(options: WhatsAppServerOptions = {}): Promise<SocketBench> {
    const folder = await mkdtemp(join(tmpdir(), "socket-bench-"));
    return new SocketBench(await startWhatsAppServer(options), folder);
  }

  private constructor(server: WhatsAppServer, folder: string) {
    this.server = server;
    this.#folder = folder;
    this.authDir = join(folder, "auth");
    process.on("unhandledRejection", this.#onRejection);
  }

  get account() {
    return this.server.world.account("bot");
  }

  factory(timing: Partial<SocketTiming> = {}, env: Record<string, string> = {}): SocketFactory {
    return createSocketFactory({
      clock: systemClock,
      versions: bundledVersion,
      journal: {
        custodyByMessageId: (id) => this.custodies.get(id) ?? null,
        learnAddress: () => undefined,
        // One socket remembers nothing of another here; what outlives a socket is shown with the whole account.
        storePlaintext: () => undefined,
        findPlaintext: () => null,
        markUpserted: () => undefined,
        pendingPlaintexts: () => [],
      },
      env: { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: this.server.url, ...env },
      deviceName: ["openclaw", "cli", "test"],
      timing,
      onLibraryWarning: (warning) => this.warnings.push(warning.message),
    });
  }

  /** Opens the next socket of the account. */
  open(
    options: {
      pairing?: boolean;
      timing?: Partial<SocketTiming>;
      env?: Record<string, string>;
    } = {},
  ): LiveSocket {
    if (options.timing !== undefined || options.env !== undefined || this.#factory === undefined) {
      this.#factory = this.factory(options.timing, options.env);
    }
    const socketId = this.#nextSocketId;
    this.#nextSocketId += 1;
    return this.#factory.open({
      accountId: "bot",
      socketId,
      authDir: this.authDir,
      pairing: options.pairing ?? false,
      listener: {
        onInput: (input) => {
          this.inputs.push(input);
          for (const check of this.#waiting) check();
        },
        onQr: (qr) => this.qrCodes.push(qr),
        onSelf: (self) => {
          this.self = self;
        },
        onMessage: (message) => {
          this.messages.push(message);
          for (const check of this.#waiting) check();
        },
        onHistory: (page) => {
          this.pages.push(page);
          for (const check of this.#waiting) check();
        },
      },
    });
  }

  /** Opens a socket and waits until it is open. */
  async opened(options: Parameters<SocketBench["open"]>[0] = {}): Promise<LiveSocket> {
    const socket = this.open(options);
    await this.input("socket.opened", (input) => input.socketId === socket.socketId);
    return socket;
  }

  all<K extends Kind>(kind: K): Of<K>[] {
    return this.inputs.filter((input): input is Of<K> => input.kind === kind);
  }

  /** The first input of the kind that fits, now or within the time. */
  async input<K extends Kind>(
    kind: K,
    fits: (input: Of<K>) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<Of<K>> {
    return await this.#until(() => this.all(kind).find(fits), timeoutMs, `input ${kind}`);
  }

  closedOf(socket: LiveSocket, timeoutMs?: number): Promise<Of<"socket.closed">> {
    return this.input("socket.closed", (input) => input.socketId === socket.socketId, timeoutMs);
  }

  async message(text: string, timeoutMs = 10_000): Promise<IncomingMessage> {
    return await this.#until(
      () => this.messages.find(({ content }) => content.type === "text" && content.text === text),
      timeoutMs,
      `message ${text}`,
    );
  }

  #until<T>(look: () => T | undefined, timeoutMs: number, what: string): Promise<T> {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const seen = this.inputs.map((input) => input.kind).join(", ");
        reject(new Error(`no ${what} within ${timeoutMs} ms; inputs: ${seen}`));
      }, timeoutMs);
      const check = (): void => {
        const result = look();
        if (result === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(result);
      };
      this.#waiting.add(check);
    });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await whenFilesIdle(this.authDir, 5_000);
    await rm(this.#folder, { recursive: true, force: true });
    process.off("unhandledRejection", this.#onRejection);
    for (const reason of this.#rejections) {
      // rc14 answers an announcement on a connection that was cut meanwhile; the runtime attributes this one to its socket.
      if (!(reason instanceof Error) || reason.message !== "Connection Closed") throw reason;
    }
  }
}
