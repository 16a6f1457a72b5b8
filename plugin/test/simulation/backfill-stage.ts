import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  inVirtualTime,
  type SimulatedAccount,
  startWhatsAppServer,
  type VirtualTime,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { DEFAULT_POLICY, type Policy } from "../../src/core/index.ts";
import type { LogRecord, RecordKind } from "../../src/events/index.ts";
import { VirtualClock } from "../depths/virtual-clock.ts";
import { OfflineAccount } from "./offline-account.ts";

const START_MS = Date.UTC(2026, 8, 1);
const LIMIT_MS = 10 * 60_000;
const CUT = "cut";
const DOWN = "down";
const LOST = "lost";

export interface BackfillStageOptions {
  readonly seed?: string;
  readonly policy?: Partial<Policy["backfill"]>;
}

export interface Written {
  readonly from?: string;
  readonly inGroup?: boolean;
  /** The server forgets it; only the phone has it. */
  readonly lost?: boolean;
}

/**
 * An account of the plugin, everything real but clock and agent, whose server loses messages and whose phone has them. The stage knows what was
 * written when and what was lost; the plugin's own account is compared with that.
 */
export class BackfillStage {
  readonly server: WhatsAppServer;
  readonly time: VirtualTime;
  readonly account: OfflineAccount;
  /** Message ids by text. */
  readonly #ids = new Map<string, string>();

  private constructor(server: WhatsAppServer, time: VirtualTime, account: OfflineAccount) {
    this.server = server;
    this.time = time;
    this.account = account;
  }

  /** Runs a story with an account that is linked and open. */
  static async play<T>(
    options: BackfillStageOptions,
    story: (stage: BackfillStage) => Promise<T>,
  ): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "backfill-stage-"));
    const server = await startWhatsAppServer();
    try {
      return await inVirtualTime({ servers: [server], startMs: START_MS, stepMs: 1_000 }, (time) =>
        BackfillStage.#play(server, time, folder, options, story),
      );
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  static async #play<T>(
    server: WhatsAppServer,
    time: VirtualTime,
    folder: string,
    { seed = "backfill", policy }: BackfillStageOptions,
    story: (stage: BackfillStage) => Promise<T>,
  ): Promise<T> {
    const account = new OfflineAccount({
      url: server.url,
      folder,
      clock: new VirtualClock(),
      seed,
      without: new Set(),
      policy: { ...DEFAULT_POLICY, backfill: { ...DEFAULT_POLICY.backfill, ...policy } },
      onDecrypted: () => undefined,
      onHandOver: () => undefined,
    });
    const stage = new BackfillStage(server, time, account);
    try {
      await stage.bot.link(account.authDir);
      await stage.start();
      const result = await story(stage);
      if (account.rejections.unclaimed.length > 0) throw account.rejections.unclaimed[0];
      return result;
    } finally {
      await account.dispose();
    }
  }

  get bot(): SimulatedAccount {
    return this.server.world.account("bot");
  }

  async start(): Promise<void> {
    this.account.start();
    await this.opened();
  }

  /** A new process on the same folders. */
  async restart(): Promise<void> {
    const stopped = this.account.stop();
    await this.time.advance(2_000);
    await stopped;
    await this.start();
  }

  async opened(): Promise<void> {
    await this.time.until(() => this.account.isOpen, LIMIT_MS);
  }

  /** Somebody writes to the account: directly, or in the group "Team" when `inGroup`. */
  async write(
    text: string,
    { from = "Alice", inGroup = false, lost = false }: Written = {},
  ): Promise<string> {
    const { world, faults } = this.server;
    const contact = world.contact(from);
    if (lost) faults.set(LOST, { stage: "delivery", kind: "lost" }, { account: "bot" });
    const to = inGroup ? this.#group() : this.bot;
    const id = await contact.write(to, text);
    faults.clear(LOST);
    this.#ids.set(text, id);
    return id;
  }

  #group() {
    const { world } = this.server;
    const members = [
      world.contact("Alice"),
      world.contact("Bob"),
      world.contact("Carol"),
      this.bot,
    ];
    return world.findGroup("Team") ?? world.group({ subject: "Team", members, addressing: "lid" });
  }

  /** The connection is cut and logins fail; `during` happens while the account is away for `ms` at least. */
  async outage(ms: number, during: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.goDown();
    await during();
    await this.time.advance(ms);
    await this.comeBack();
  }

  async goDown(): Promise<void> {
    const { faults } = this.server;
    faults.set(DOWN, { stage: "login", kind: "failure", reason: "503" });
    faults.set(CUT, { stage: "open", kind: "stream-error", code: "503" }, { times: 1 });
    await this.time.until(() => !this.account.isOpen, LIMIT_MS);
  }

  async comeBack(): Promise<void> {
    this.server.faults.clear(DOWN);
    await this.opened();
    await this.time.advance(2_000);
  }

  /** Comes back to a server that announces these messages and has forgotten them. */
  async comeBackForgetting(texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      const id = this.#idOf(text);
      for (const device of this.bot.companions) device.mailbox?.announceOnly(id);
    }
    await this.comeBack();
  }

  #idOf(text: string): string {
    const id = this.#ids.get(text);
    if (id === undefined) throw new Error(`nobody wrote "${text}"`);
    return id;
  }

  recordsOf<K extends RecordKind>(kind: K): Extract<LogRecord, { kind: K }>[] {
    return this.account.records.filter(
      (record): record is Extract<LogRecord, { kind: K }> => record.kind === kind,
    );
  }

  /** Waits until the account knows a message with this text, whatever became of it. */
  async knows(text: string, limitMs = LIMIT_MS): Promise<void> {
    await this.time.until(() => this.account.admitted.includes(text), limitMs);
  }
}
