import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Fault,
  inVirtualTime,
  startWhatsAppServer,
  type TranscriptEntry,
  type VirtualTime,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import type { LogRecord } from "../../src/events/index.ts";
import { VirtualClock } from "../depths/virtual-clock.ts";
import { OfflineAccount } from "./offline-account.ts";
import {
  type Drop,
  type DropPoint,
  LOST_RECEIPT,
  type OfflinePlan,
  WRITERS,
} from "./offline-plan.ts";
import type { Protection } from "./protections.ts";

export interface OfflineResult {
  readonly seed: number;
  /** Texts that never reached the agent. */
  readonly lost: readonly string[];
  /** Texts that reached it only after a restart that nothing asked for. */
  readonly late: readonly string[];
  /** Texts that reached it more than once. */
  readonly doubled: readonly string[];
  /** Sockets that had to be replaced because they brought nothing any more. */
  readonly healed: readonly string[];
  /** Drops that really happened. */
  readonly drops: number;
  readonly virtualMs: number;
  readonly records: readonly LogRecord[];
}

const START_MS = Date.UTC(2026, 8, 1);
/** The drop, the way back and the redelivery; after this long whatever is missing is lost. */
const LIMIT_MS = 240_000;
const AFTERMATH_MS = 20_000;
/** From the receipt of a redelivered message to its hand-over. */
const COPY_MS = 5_000;
const LIVE_TEXT = "live";

/**
 * One story: people write while the account is away, each way back in breaks off at the planned point, the last one holds; then a live message
 * and a restart. Real Baileys, real journal and real loopback in virtual time: the plan is the same for a seed, the interleaving of network and
 * file system is not.
 */
export async function runOffline(
  plan: OfflinePlan,
  without: ReadonlySet<Protection> = new Set(),
): Promise<OfflineResult> {
  const folder = await mkdtemp(join(tmpdir(), "offline-run-"));
  const server = await startWhatsAppServer();
  try {
    return await inVirtualTime({ servers: [server], startMs: START_MS, stepMs: 1_000 }, (time) =>
      new OfflineStory(plan, server, time, folder, without).tell(),
    );
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class OfflineStory {
  readonly #plan: OfflinePlan;
  readonly #server: WhatsAppServer;
  readonly #time: VirtualTime;
  readonly #account: OfflineAccount;
  readonly #waiting: Drop[];
  readonly #seen = new Map<DropPoint, number>();
  #dropped = 0;
  #isComingBack = false;
  #late: readonly string[] = [];
  #restart: Promise<void> | null = null;

  constructor(
    plan: OfflinePlan,
    server: WhatsAppServer,
    time: VirtualTime,
    folder: string,
    without: ReadonlySet<Protection>,
  ) {
    this.#plan = plan;
    this.#server = server;
    this.#time = time;
    this.#waiting = [...plan.drops];
    this.#account = new OfflineAccount({
      url: server.url,
      folder,
      clock: new VirtualClock(),
      seed: String(plan.seed),
      without,
      onDecrypted: () => this.#reached("decrypt"),
      onHandOver: () => this.#reached("hand-over"),
    });
    Object.assign(server.settings.offline, { model: plan.model, primer: plan.primer });
  }

  async tell(): Promise<OfflineResult> {
    const account = this.#account;
    try {
      await this.#bot.link(account.authDir);
      if (this.#plan.isWarm) await this.#warmUp();
      this.#bot.phone.online = this.#plan.isPhoneOnline;
      await this.#writeAll();
      await this.#comeBack();
      await this.#writeLive();
      await this.#restartOnce();
      return this.#result();
    } finally {
      await account.dispose();
    }
  }

  get #bot() {
    return this.#server.world.account("bot");
  }

  async #warmUp(): Promise<void> {
    this.#account.start();
    await this.#time.until(() => this.#account.isOpen, LIMIT_MS);
    for (let writer = 0; writer < WRITERS; writer += 1)
      await this.#write(`hello ${writer}`, writer);
    await this.#time.until(() => this.#account.admitted.length === WRITERS, LIMIT_MS);
    await this.#time.advance(1_000);
    await this.#stop();
    this.#account.admitted.length = 0;
  }

  async #writeAll(): Promise<void> {
    for (const { text, writer } of this.#plan.messages) await this.#write(text, writer);
  }

  /** Alice by LID, Bob by number, Carol in a group. */
  async #write(text: string, writer: number): Promise<void> {
    const { world } = this.#server;
    if (writer === 0) await world.contact("Alice").write(this.#bot, text, { addressing: "lid" });
    else if (writer === 1) await world.contact("Bob").write(this.#bot, text, { addressing: "pn" });
    else {
      const carol = world.contact("Carol");
      const group =
        world.findGroup("Team") ??
        world.group({ subject: "Team", members: [carol, this.#bot], addressing: "lid" });
      await carol.write(group, text);
    }
  }

  async #comeBack(): Promise<void> {
    const stopObserving = this.#server.transcript.observe((entry) => this.#observe(entry));
    this.#isComingBack = true;
    this.#account.start();
    await this.#until(() => this.#isComplete());
    this.#isComingBack = false;
    stopObserving();
  }

  #isComplete(): boolean {
    const admitted = new Set(this.#account.admitted);
    return (
      this.#restart === null &&
      this.#account.isOpen &&
      this.#bot.pending === 0 &&
      this.#plan.messages.every(({ text }) => admitted.has(text))
    );
  }

  async #writeLive(): Promise<void> {
    if (this.#plan.losesReceipt === true) {
      this.#server.faults.set("lost receipt", LOST_RECEIPT, { times: 1 });
    }
    await this.#write(LIVE_TEXT, 0);
    await this.#until(() => this.#account.admitted.includes(LIVE_TEXT) && this.#bot.pending === 0);
    // The first copy was admitted before; the second is receipted before it is handed over, and a stop in between would hide it.
    if (this.#plan.losesReceipt === true) await this.#time.advance(COPY_MS);
  }

  /** What a new process would find must not be said again. */
  async #restartOnce(): Promise<void> {
    this.#late = this.#missing();
    await this.#stop();
    this.#account.start();
    await this.#time.advance(AFTERMATH_MS);
  }

  #observe({ dir, node }: TranscriptEntry): void {
    if (dir === "out" && node.tag === "message") this.#reached("stanza");
    if (dir === "in" && node.tag === "receipt") this.#reached("receipt");
    const [child] = Array.isArray(node.content) ? node.content : [];
    if (dir === "out" && node.tag === "ib" && child?.tag === "offline") this.#reached("marker");
  }

  #reached(point: DropPoint): void {
    const [drop] = this.#waiting;
    if (drop === undefined || !this.#isComingBack) return;
    const count = (this.#seen.get(point) ?? 0) + 1;
    this.#seen.set(point, count);
    if (drop.point !== point || drop.count > count) return;
    this.#waiting.shift();
    this.#seen.clear();
    this.#dropped += 1;
    if (drop.kind === "restart") this.#restart = this.#restartAccount();
    else this.#server.faults.set(`drop ${this.#dropped}`, faultOf(drop.kind), { times: 1 });
  }

  async #restartAccount(): Promise<void> {
    await this.#account.stop();
    this.#account.start();
    this.#restart = null;
  }

  async #stop(): Promise<void> {
    const stopped = this.#account.stop();
    await this.#time.advance(2_000);
    await stopped;
  }

  /** What does not come true in time shows in the result. */
  async #until(holds: () => boolean): Promise<void> {
    const endsAt = this.#time.now() + LIMIT_MS;
    while (!holds() && this.#time.now() < endsAt) await this.#time.advance(1_000);
  }

  #missing(): readonly string[] {
    const admitted = new Set(this.#account.admitted);
    const written = [...this.#plan.messages.map(({ text }) => text), LIVE_TEXT];
    return written.filter((text) => !admitted.has(text));
  }

  #result(): OfflineResult {
    const { admitted, records, rejections } = this.#account;
    if (rejections.unclaimed.length > 0) throw rejections.unclaimed[0];
    const counts = new Map<string, number>();
    for (const text of admitted) counts.set(text, (counts.get(text) ?? 0) + 1);
    return {
      seed: this.#plan.seed,
      lost: this.#missing(),
      late: this.#late,
      doubled: [...counts].flatMap(([text, count]) => (count > 1 ? [text] : [])),
      healed: records.flatMap((record) =>
        record.dir === "out" && record.kind === "socket.close" && record.reason === "deaf"
          ? [record.rule]
          : [],
      ),
      drops: this.#dropped,
      virtualMs: this.#time.now() - START_MS,
      records,
    };
  }
}

function faultOf(kind: Exclude<Drop["kind"], "restart">): Fault {
  return kind === "stream-error" ? { stage: "open", kind, code: "503" } : { stage: "open", kind };
}
