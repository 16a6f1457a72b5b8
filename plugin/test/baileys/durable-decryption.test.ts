import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  initAuthCreds,
  proto,
  type SignalAuthState,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from "@whiskeysockets/baileys";
import { describe, expect, it, vi } from "vitest";
import { loadBaileys } from "../../src/baileys/library.ts";
import { DurableDecryption } from "../../src/baileys/durable-decryption.ts";
import type { DecryptedStanza, DecryptMemory } from "../../src/runtime/ports.ts";
import { systemClock } from "../../src/runtime/system-ports.ts";
import { AccountBench } from "./account-bench.test-support.ts";

const ALICE = "200000000000002@lid";
const BOT = "100000000000001@lid";

describe("a stanza that is delivered again after it was decrypted", () => {
  it("is read again from the stored plaintext, where the library alone answers Key used already", async () => {
    const { bot, ciphertext, type } = await encryptedForBot("hello");
    const memory = new PlainMemory();
    const decryption = new DurableDecryption(await loadBaileys(), memory, systemClock);
    const repository = decryption.makeSignalRepository(bot, quiet);
    const options = { jid: ALICE, type, ciphertext } as const;
    const first = await repository.decryptMessage(options);
    expect(Buffer.from(first).toString()).toBe("hello");
    expect(Buffer.from(await repository.decryptMessage(options)).toString()).toBe("hello");
    memory.rows.clear();
    await expect(repository.decryptMessage(options)).rejects.toThrow(
      /Key used already|Invalid PreKey ID/,
    );
  });

  it("has its plaintext stored before the ratchet is written", async () => {
    const { bot, ciphertext, type, written } = await encryptedForBot("hello");
    const memory = new PlainMemory();
    const decryption = new DurableDecryption(await loadBaileys(), memory, systemClock);
    const repository = decryption.makeSignalRepository(bot, quiet);
    const ratchetsBefore = written.sessions;
    let ratchetsAtStore = -1;
    memory.onStore = () => {
      ratchetsAtStore = written.sessions;
    };
    await repository.decryptMessage({ jid: ALICE, type, ciphertext });
    expect(ratchetsAtStore).toBe(ratchetsBefore);
    expect(written.sessions).toBeGreaterThan(ratchetsBefore);
  });
});

describe("a message that was decrypted and never handed over", () => {
  it("is handed over also when the clock was set back since", async () => {
    const bench = await AccountBench.start();
    await bench.account.link(bench.authDir);
    const alice = bench.server.world.contact("alice");
    const attrs = { id: "EARLIER", from: alice.jid("lid"), type: "text", t: "1790000000" };
    const message = proto.Message.encode({ conversation: "from the future" }).finish();
    const wallMs = vi.spyOn(systemClock, "wallMs").mockReturnValue(Date.now() + 3_600_000);
    bench.journal.storePlaintext({
      ciphertextHash: "h",
      stanzaId: attrs.id,
      chat: attrs.from,
      sender: attrs.from,
      stanza: JSON.stringify(attrs),
      plaintext: Buffer.concat([message, Buffer.of(1)]),
    });
    wallMs.mockRestore();
    const runtime = bench.runtime();
    runtime.start("gateway-start");
    const { entry } = await bench.message("from the future");
    expect(entry.message.via).toBe("decrypt-buffer");
    await bench.stop(runtime);
  });

  it("is handed over at the next opening, once", async () => {
    const bench = await AccountBench.start();
    const first = await bench.opened();
    const { receive } = bench.journal;
    // The process dies between decryption and hand-over: nothing of the message is in the journal's messages.
    bench.journal.receive = () => {
      throw new Error("the process is gone");
    };
    const markUpserted = bench.journal.markUpserted.bind(bench.journal);
    bench.journal.markUpserted = () => undefined;
    bench.onAdmit = () => Promise.reject(new Error("the process is gone"));
    await bench.server.world.contact("alice").write(bench.account, "in the gap");
    await bench.until(() => bench.account.pending === 0, "the receipt");
    await first.stop("shutdown");
    bench.admitted.length = 0;
    bench.journal.receive = receive.bind(bench.journal);
    bench.journal.markUpserted = markUpserted;
    bench.onAdmit = () => Promise.resolve({ state: "answered", reason: "test" });
    const second = bench.runtime();
    second.start("gateway-start");
    const { entry } = await bench.message("in the gap");
    expect(entry.message.via).toBe("decrypt-buffer");
    await second.stop("restart");
    const third = bench.runtime();
    third.start("unknown");
    await bench.until(() => third.status().phase === "open", "the third opening");
    expect(bench.admitted.filter((each) => each.text === "in the gap")).toHaveLength(1);
    await bench.stop(third);
  });
});

class PlainMemory implements DecryptMemory {
  readonly rows = new Map<string, DecryptedStanza & { readonly storedAtMs: number }>();
  onStore: () => void = () => undefined;

  storePlaintext(stanza: DecryptedStanza): void {
    this.onStore();
    this.rows.set(stanza.ciphertextHash, { ...stanza, storedAtMs: 0 });
  }

  findPlaintext(ciphertextHash: string): { readonly plaintext: Uint8Array } | null {
    return this.rows.get(ciphertextHash) ?? null;
  }

  markUpserted(): void {
    // Kept: what was handed over may still be delivered again.
  }

  pendingPlaintexts(): readonly (DecryptedStanza & { readonly storedAtMs: number })[] {
    return [...this.rows.values()];
  }
}

const quiet = {
  level: "silent",
  child: () => quiet,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Two devices that know each other by Signal, both of the real library, and a message from one to the other. */
async function encryptedForBot(text: string) {
  const written = { sessions: 0 };
  const bot = device(written);
  const alice = device({ sessions: 0 });
  const oneTime = Curve.generateKeyPair();
  await bot.keys.set({ "pre-key": { 1: oneTime } });
  const sender = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(alice, quiet);
  const { creds } = bot;
  await sender.injectE2ESession({
    jid: BOT,
    session: {
      registrationId: creds.registrationId,
      identityKey: generateSignalPubKey(creds.signedIdentityKey.public),
      signedPreKey: {
        keyId: creds.signedPreKey.keyId,
        publicKey: generateSignalPubKey(creds.signedPreKey.keyPair.public),
        signature: creds.signedPreKey.signature,
      },
      preKey: { keyId: 1, publicKey: generateSignalPubKey(oneTime.public) },
    },
  });
  const { type, ciphertext } = await sender.encryptMessage({ jid: BOT, data: Buffer.from(text) });
  return { bot, ciphertext, type, written };
}

function device(written: { sessions: number }): SignalAuthState {
  const data = new Map<string, unknown>();
  const store: SignalKeyStore = {
    get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: Record<string, SignalDataTypeMap[T]> = {};
      for (const id of ids) {
        const value = data.get(`${type}/${id}`);
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T];
      }
      return found;
    },
    set: (change: SignalDataSet) => {
      for (const [type, values] of Object.entries(change)) {
        if (type === "session") written.sessions += 1;
        for (const [id, value] of Object.entries(values ?? {})) {
          if (value === null) data.delete(`${type}/${id}`);
          else data.set(`${type}/${id}`, value);
        }
      }
      return Promise.resolve();
    },
  };
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 };
  return { creds: initAuthCreds(), keys: addTransactionCapability(store, quiet, options) };
}
