import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  inVirtualTime,
  REDIRECT_PRELOAD,
  startWhatsAppServer,
  type SimulatedAccount,
  type SimulatedContact,
  type VirtualTime,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { loadBaileys } from "../../src/baileys/library.ts";
import { DEFAULT_POLICY } from "../../src/core/index.ts";
import type { SendCapture } from "../../src/runtime/account.ts";
import type { OutgoingContent } from "../../src/runtime/ports.ts";
import { lockOfHost } from "./baileys-depth.ts";
import { StagedAccount } from "./staged-account.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const OPERATIONS = [
  "text",
  "media",
  "reaction",
  "edit",
  "poll",
  "typing",
  "read-receipt",
  "group-query",
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const TEARDOWNS = [
  "operator-restart",
  "plugin-reload",
  "gateway-restart",
  "link-cut",
  "removed",
  "device-removed",
] as const;
export type Teardown = (typeof TEARDOWNS)[number];

export const SUCCESSORS = ["early", "late", "never", "other-number"] as const;
export type Successor = (typeof SUCCESSORS)[number];

/** `sent`: it reached the other side once, under one id. `gone`: it died with its process and nothing left. Else the cause of the refusal. */
export type Outcome = string;

const KEPT: ReadonlySet<Operation> = new Set(["text", "media", "reaction", "edit", "poll"]);

/** What has to become of a captured operation; the one place that says so. */
export function expectedOutcome(
  operation: Operation,
  teardown: Teardown,
  successor: Successor,
): Outcome {
  if (successor === "early") return "sent";
  // Nobody will come: no wait.
  if (teardown === "removed") return "account-stopped";
  if (teardown === "device-removed") return "account-blocked";
  // Worth nothing later.
  if (operation === "typing") return "not-connected";
  if (successor === "never") return "no-successor-in-time";
  // Asked for by a process that is no more, and of no use to the next one.
  if (teardown === "gateway-restart" && !KEPT.has(operation)) return "gone";
  return successor === "late" ? "sent" : "identity-mismatch";
}

/** Of the host; the subpath has no types. */
const FILE_LOCK: string = "openclaw/plugin-sdk/file-lock";
const LATE_MS = 30_000;
const SETTLED_MS = 45_000;
/** Pixels do not matter: WhatsApp sees cipher text, and the library makes no thumbnail of a document. */
const FILE = Buffer.from("a file of the agent");

/** Plays one teardown with one kind of successor for all operations at once, each in a chat of its own. */
export async function playCell(
  stage: MatrixStage,
  teardown: Teardown,
  successor: Successor,
): Promise<Readonly<Record<Operation, Outcome>>> {
  const cell = await Cell.open(stage, `${teardown} ${successor}`);
  try {
    return await cell.play(teardown, successor);
  } finally {
    await cell.dispose();
  }
}

export interface MatrixStage {
  readonly server: WhatsAppServer;
  readonly time: VirtualTime;
  readonly folder: string;
}

/** One server and one virtual time for any number of cells. One at a time per process: timers are global. */
export async function onMatrixStage(run: (stage: MatrixStage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "custody-matrix-"));
  const server = await startWhatsAppServer({ tls: true });
  Object.assign(process.env, server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${server.port}`);
  // Loading code is real work that virtual time does not wait for.
  await Promise.all([loadBaileys(), import(FILE_LOCK)]);
  // After a new link, a message that only the device before it had is marked as read.
  server.strict.expect("unknown-receipt");
  try {
    await inVirtualTime({ servers: [server] }, (time) => run({ server, time, folder }));
    server.assertNoErrors();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class Cell {
  readonly #stage: MatrixStage;
  readonly #name: string;
  readonly #account: StagedAccount;
  readonly #simulated: SimulatedAccount;
  readonly #outcomes = new Map<Operation, Outcome>();

  static async open(stage: MatrixStage, name: string): Promise<Cell> {
    const cell = new Cell(stage, name);
    await cell.#account.link();
    cell.#account.start();
    await cell.#untilOpen();
    return cell;
  }

  private constructor(stage: MatrixStage, name: string) {
    this.#stage = stage;
    this.#name = name;
    this.#simulated = stage.server.world.account(`bot ${name}`);
    this.#account = new StagedAccount({
      accountId: `bot ${name}`,
      simulated: this.#simulated,
      folder: join(stage.folder, name.replaceAll(" ", "-")),
      clock: new VirtualClock(),
      lock: lockOfHost,
      seed: name,
      policy: DEFAULT_POLICY,
      onRecord: () => undefined,
      timedAnswers: new Set([QUESTION]),
    });
  }

  async play(teardown: Teardown, successor: Successor): Promise<Record<Operation, Outcome>> {
    const requests = await this.#prepare();
    const capture = this.#account.runtime.capture();
    await this.#tearDown(teardown);
    if (successor === "early") await this.#bringBack(teardown);
    this.#request(requests, capture);
    await this.#stage.time.settle();
    // Whoever made the file may remove it once the send was taken.
    await rm(this.#file);
    if (successor === "never") {
      await this.#stage.time.advance(DEFAULT_POLICY.sends.successorWaitMs + SETTLED_MS);
    } else {
      await this.#stage.time.advance(successor === "early" ? 0 : LATE_MS);
      if (successor === "late") await this.#bringBack(teardown);
      if (successor === "other-number") await this.#bringAnother(teardown);
      await this.#stage.time.advance(SETTLED_MS);
    }
    return Object.fromEntries(
      OPERATIONS.map((operation) => [operation, this.#outcomeOf(operation)]),
    ) as Record<Operation, Outcome>;
  }

  async dispose(): Promise<void> {
    this.#stage.server.faults.clear();
    await this.#account.dispose();
    this.#simulated.unlinkAll();
    await this.#stage.time.settle();
  }

  get #file(): string {
    return join(this.#stage.folder, `${this.#name}.bin`);
  }

  #contact(operation: Operation): SimulatedContact {
    return this.#stage.server.world.contact(`${operation} ${this.#name}`);
  }

  /** What the operations refer to: a message of our own to change, one of somebody else to mark as read, a group. */
  async #prepare(): Promise<ReadonlyMap<Operation, { chat: string; content: OutgoingContent }>> {
    const { world } = this.#stage.server;
    const requests = new Map<Operation, { chat: string; content: OutgoingContent }>();
    const own = async (operation: Operation): Promise<string> => {
      const chat = this.#contact(operation).jid("lid");
      const sendId = `before ${operation}`;
      void this.#account.runtime.send({ sendId, chat, content: textOf(sendId) });
      await this.#until(() => isProven(this.#account.journal.custody(sendId)?.state));
      return this.#account.journal.custody(sendId)?.messageId ?? "";
    };
    const reader = this.#contact("read-receipt");
    await reader.write(this.#simulated, QUESTION);
    await this.#until(() => this.#question() !== null);
    const question = this.#question();
    const group = world.group({ subject: this.#name, members: [reader, this.#simulated] });
    await writeFile(this.#file, FILE);
    const contents: Record<Operation, OutgoingContent> = {
      text: textOf("a reply"),
      media: {
        operation: "media",
        path: this.#file,
        mimeType: "application/octet-stream",
        caption: null,
        fileName: "file.bin",
        voice: false,
        quotedRaw: null,
      },
      reaction: {
        operation: "reaction",
        targetRaw: null,
        targetMessageId: await own("reaction"),
        emoji: "👍",
      },
      edit: { operation: "edit", targetMessageId: await own("edit"), text: "corrected" },
      poll: { operation: "poll", question: "Lunch?", options: ["yes", "no"], maxSelections: 1 },
      typing: { operation: "typing", state: "composing" },
      "read-receipt": { operation: "read-receipt", raw: [question?.raw ?? ""] },
      "group-query": { operation: "group-query" },
    };
    for (const operation of OPERATIONS) {
      const isOfGroup = operation === "group-query";
      const chat = isOfGroup ? group.id : this.#contact(operation).jid("lid");
      requests.set(operation, { chat, content: contents[operation] });
    }
    return requests;
  }

  #question() {
    const found = this.#account.journal
      .unsettled(10)
      .find(({ message }) => message.content.type === "text" && message.content.text === QUESTION);
    return found?.message ?? null;
  }

  #request(
    requests: ReadonlyMap<Operation, { chat: string; content: OutgoingContent }>,
    capture: SendCapture,
  ): void {
    for (const [operation, { chat, content }] of requests) {
      const request = { sendId: `captured ${operation}`, chat, content, capture };
      void this.#account.runtime.send(request).then((outcome) => {
        const told = outcome.outcome === "acked" ? "acked" : (outcome.causeId ?? outcome.outcome);
        this.#outcomes.set(operation, told);
      });
    }
  }

  /** What the caller was told and what the other side really has must be the same. */
  #outcomeOf(operation: Operation): Outcome {
    const told = this.#outcomes.get(operation);
    const custody = this.#account.journal.custody(`captured ${operation}`);
    if (!KEPT.has(operation)) return told === "acked" ? "sent" : (told ?? "gone");
    const received = this.#receivedOf(operation);
    if (received.length > 1) return `${received.length} distinct ids`;
    if (received.length === 1) {
      if (!isProven(custody?.state)) return "arrived, not proven";
      if (told !== undefined && told !== "acked") return `arrived, but told ${told}`;
      return received[0]?.id === custody?.messageId ? "sent" : "another id";
    }
    if (told === "acked") return "acked, never arrived";
    return told ?? custody?.lastError ?? "gone";
  }

  #receivedOf(operation: Operation) {
    const { messages } = this.#contact(operation).inbox;
    return messages.filter(({ text }) => !text.startsWith("before "));
  }

  async #tearDown(teardown: Teardown): Promise<void> {
    const { faults } = this.#stage.server;
    switch (teardown) {
      case "plugin-reload":
        return this.#account.stop("reload");
      case "gateway-restart":
        return this.#account.stop("restart");
      case "removed":
        return this.#account.stop("removed");
      case "device-removed":
        this.#simulated.unlinkAll();
        return this.#until(() => this.#account.phase === "blocked");
      case "operator-restart":
        faults.set("gap", { stage: "tcp", kind: "refused" });
        await this.#account.restart();
        break;
      case "link-cut":
        faults.set("gap", { stage: "tcp", kind: "refused" });
        faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
        break;
    }
    await faultsSettled(this.#stage);
    await this.#until(() => this.#account.phase !== "open");
  }

  async #bringBack(teardown: Teardown): Promise<void> {
    this.#stage.server.faults.clear();
    if (teardown === "gateway-restart") this.#account.forgetProcess();
    if (teardown === "device-removed") await this.#linkAnew(this.#simulated);
    if (isInPlace(teardown)) {
      if (teardown === "device-removed") await this.#account.restart();
    } else this.#account.start();
    await this.#untilOpen();
  }

  async #bringAnother(teardown: Teardown): Promise<void> {
    await this.#linkAnew(this.#stage.server.world.account(`other ${this.#name}`));
    this.#stage.server.faults.clear();
    if (teardown === "gateway-restart") this.#account.forgetProcess();
    if (isInPlace(teardown)) await this.#account.restart();
    else this.#account.start();
    await this.#untilOpen();
  }

  async #linkAnew(simulated: SimulatedAccount): Promise<void> {
    await rm(this.#account.authDir, { recursive: true, force: true });
    await simulated.link(this.#account.authDir);
  }

  #untilOpen(): Promise<void> {
    return this.#until(() => this.#account.phase === "open");
  }

  async #until(holds: () => boolean): Promise<void> {
    await this.#stage.time.until(holds, 100_000);
  }
}

const QUESTION = "a question";

function textOf(text: string): OutgoingContent {
  return { operation: "text", text, quotedRaw: null, mentions: [] };
}

function isProven(state: string | undefined): boolean {
  return state === "acked" || state === "delivered";
}

function isInPlace(teardown: Teardown): boolean {
  return (
    teardown === "operator-restart" || teardown === "link-cut" || teardown === "device-removed"
  );
}

/** A fault of the network acts through the front port, a moment after it was set. */
async function faultsSettled({ server, time }: MatrixStage): Promise<void> {
  await server.faultsSettled();
  await time.settle();
}
