import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMediaSource } from "../src/baileys/index.ts";
import { DEFAULT_POLICY, describeCause } from "../src/core/index.ts";
import { createPseudonymiser } from "../src/events/index.ts";
import { openJournal } from "../src/journal/index.ts";
import { Recorder } from "../src/recorder/index.ts";
import type { AccountPorts } from "../src/runtime/account.ts";
import { createAccountRuntime } from "../src/runtime/account-runtime.ts";
import type { IncomingMessage, LiveSocket, SocketListener } from "../src/runtime/ports.ts";
import { createRun, systemClock, systemTimers } from "../src/runtime/system-ports.ts";
import { BAILEYS_VERSION, PLUGIN_VERSION } from "../src/composition/versions.ts";

const MESSAGES = 100_000;
/** Ring buffer, spill and caches are full by then; what grows later grows without end. */
const WARM_UP = 20_000;
const JOURNAL_MEGABYTES = 16;
const SELF = { pn: "15550100000@s.whatsapp.net", lid: "100000000000000@lid" };

export interface MemoryFigures {
  readonly messages: number;
  /** What the heap grew by after the warm-up, garbage collected before both looks. */
  readonly heapGrowthMegabytes: number;
  readonly journalMegabytes: number;
}

/**
 * What the plugin keeps of 100,000 messages: decisions, intake, records and a journal on disk, all real. They are handed over where a socket
 * hands its messages over, because the library's share would take half an hour and is measured by its own tests.
 */
export async function measureMemory(): Promise<MemoryFigures> {
  const folder = await mkdtemp(join(tmpdir(), "bench-memory-"));
  const stage = openStage(folder);
  try {
    await stage.hand(0, WARM_UP);
    const before = await heapUsed();
    await stage.hand(WARM_UP, MESSAGES);
    const grown = (await heapUsed()) - before;
    return {
      messages: MESSAGES,
      heapGrowthMegabytes: megabytes(grown),
      journalMegabytes: megabytes(stage.journalBytes()),
    };
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function openStage(folder: string) {
  const run = createRun("bench");
  const journal = openJournal({
    stateDir: folder,
    accountId: "bot",
    clock: systemClock,
    timers: systemTimers,
    settings: { retentionDays: 14, maxMegabytes: JOURNAL_MEGABYTES },
  });
  const pseudonyms = createPseudonymiser({
    keyedHash: (text) => createHmac("sha256", "bench").update(text).digest("hex"),
  });
  const recorder = new Recorder({
    folder,
    run,
    versions: {
      plugin: PLUGIN_VERSION,
      baileys: BAILEYS_VERSION,
      openclaw: "none",
      node: process.versions.node,
    },
    clock: systemClock,
    timers: systemTimers,
    pseudonyms,
    describeCause,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    emit: () => undefined,
  });
  const sockets = new HandedSocket();
  const done = { messages: 0 };
  const runtime = createAccountRuntime({
    accountId: "bot",
    authDir: join(folder, "auth"),
    policy: DEFAULT_POLICY,
    run,
    ports: portsOf({
      journal,
      pseudonyms,
      recorder,
      sockets,
      onSettled: () => (done.messages += 1),
    }),
  });
  runtime.start("gateway-start");
  return {
    async hand(from: number, to: number): Promise<void> {
      const listener = await sockets.opened;
      for (let index = from; index < to; index += 1) {
        listener.onMessage(messageOf(index));
        if (index % 50 === 0) await nextTurn();
      }
      while (done.messages < to) await nextTurn();
    },
    journalBytes: () => journal.status().sizeBytes,
    async close(): Promise<void> {
      await runtime.stop("shutdown");
      recorder.close();
      journal.close();
    },
  };
}

function portsOf(parts: {
  readonly journal: AccountPorts["journal"];
  readonly pseudonyms: AccountPorts["pseudonyms"];
  readonly recorder: Recorder;
  readonly sockets: AccountPorts["sockets"];
  onSettled(): void;
}): AccountPorts {
  const version = { version: [2, 3000, 1] as const, source: "bundled" as const };
  const registry = new Map<string, unknown>();
  return {
    clock: systemClock,
    timers: systemTimers,
    sockets: parts.sockets,
    ownerLock: {
      acquire: () =>
        Promise.resolve({
          result: "acquired",
          release: () => Promise.resolve(),
          takenBy: () => Promise.resolve(null),
        }),
    },
    networkProbe: { probe: () => Promise.resolve(null) },
    credentials: {
      inspect: () => ({ state: "linked", self: SELF, problem: null }),
      addressForms: () => SELF,
      writtenBy: () => Promise.resolve(null),
      remove: () => Promise.resolve(),
    },
    versions: {
      current: () => version,
      refresh: () => Promise.resolve({ ...version, error: null }),
    },
    journal: parts.journal,
    records: parts.recorder,
    pseudonyms: parts.pseudonyms,
    media: createMediaSource(process.env),
    incidents: { keep: () => undefined },
    channel: {
      publishStatus: () => undefined,
      raiseAlert: () => undefined,
      clearAlert: () => undefined,
      admit: () => {
        parts.onSettled();
        return Promise.resolve({ state: "answered", reason: "bench" });
      },
      admitBurst: (messages) => {
        messages.forEach(() => parts.onSettled());
        return Promise.resolve(messages.map(() => ({ state: "answered", reason: "bench" })));
      },
      notifyOwner: () => undefined,
    },
    registry: {
      get: (accountId) => registry.get(accountId),
      set: (accountId, entry) => void registry.set(accountId, entry),
    },
    rejections: { subscribe: () => () => undefined },
  };
}

/** A socket that is open and whose messages are handed over from outside. */
class HandedSocket {
  readonly opened: Promise<SocketListener>;
  #onOpened: (listener: SocketListener) => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#onOpened = resolve;
    });
  }

  whenStored(): Promise<void> {
    return Promise.resolve();
  }

  open({ socketId, listener }: Parameters<AccountPorts["sockets"]["open"]>[0]): LiveSocket {
    setImmediate(() => {
      listener.onInput({ kind: "socket.upgraded", socketId });
      listener.onSelf(SELF);
      listener.onInput({ kind: "socket.opened", socketId, self: SELF });
      this.#onOpened(listener);
    });
    const refused = (): Promise<never> => Promise.reject(new Error("not part of this figure"));
    return {
      socketId,
      write: refused,
      ping: (pingId) => listener.onInput({ kind: "ping.answered", socketId, pingId, rttMs: 1 }),
      sampleLiveness: () =>
        listener.onInput({ kind: "liveness.sampled", socketId, frameAgeMs: 0, bufferedBytes: 0 }),
      frameAgeMs: () => 0,
      sendKeepalive: () => undefined,
      pullOffline: () => undefined,
      requestPlaceholder: () => undefined,
      groupInfo: refused,
      resolveAddress: refused,
      close: () =>
        listener.onInput({ kind: "socket.closed", socketId, origin: "local", error: null }),
      logout: () => Promise.resolve(),
    } as Partial<LiveSocket> as LiveSocket;
  }
}

/** From many people, so that nothing that is kept per conversation stays small by chance. */
function messageOf(index: number): IncomingMessage {
  const writer = index % 5_000;
  const chat = `${200_000_000_000_000 + writer}@lid`;
  return {
    socketId: 1,
    messageId: `3EB0${index.toString(16).padStart(16, "0").toUpperCase()}`,
    chat,
    chatAlternate: `1555010${String(writer).padStart(4, "0")}@s.whatsapp.net`,
    chatKind: "direct",
    sender: chat,
    senderAlternate: null,
    fromMe: false,
    pushName: "Alice",
    sentAtMs: Date.now(),
    via: "live",
    content: { type: "text", text: "lorem ipsum ".repeat(20) },
    mentions: [],
    quoted: null,
    raw: "x".repeat(400),
  };
}

async function heapUsed(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round += 1) {
    collect();
    await nextTurn();
  }
  return process.memoryUsage().heapUsed;
}

function megabytes(bytes: number): number {
  return Math.round((bytes / (1024 * 1024)) * 10) / 10;
}
