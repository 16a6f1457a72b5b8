/** Makes libsignal say its worst, through Baileys' own repository, with and without the seam. */
import { createRequire } from "node:module";
import { quietLibsignal } from "../../src/baileys/quiet-libsignal.ts";

const mode = process.argv[2];
const methods = ["log", "info", "warn", "error", "debug"] as const;
const consoleBefore = console;
const methodsBefore = methods.map((method) => console[method]);

const requireBeside = createRequire(
  createRequire(import.meta.url).resolve("@whiskeysockets/baileys"),
);
if (mode === "late") requireBeside("libsignal");
const silence = mode === "bare" ? "none" : quietLibsignal();
const again = mode === "quiet" ? quietLibsignal() : silence;

const baileys = await import("@whiskeysockets/baileys");
const failed = await provoke();
if (mode === "quiet") {
  process.stdout.write(
    JSON.stringify({
      silence,
      again,
      sameConsole: console === consoleBefore,
      sameMethods: methods.every((method, index) => console[method] === methodsBefore[index]),
      failed,
    }),
  );
} else console.log(JSON.stringify({ silence, failed }));

/** Two devices: Alice opens a second session over the first one, then sends something unreadable. */
async function provoke(): Promise<boolean> {
  const [alice, bob] = [device(), device()];
  const bobJid = "15550100002@s.whatsapp.net";
  const aliceJid = "15550100001@s.whatsapp.net";
  for (let session = 0; session < 2; session += 1) {
    await alice.repository.injectE2ESession({
      jid: bobJid,
      session: {
        registrationId: bob.creds.registrationId,
        identityKey: baileys.generateSignalPubKey(bob.creds.signedIdentityKey.public),
        signedPreKey: {
          keyId: bob.creds.signedPreKey.keyId,
          publicKey: baileys.generateSignalPubKey(bob.creds.signedPreKey.keyPair.public),
          signature: bob.creds.signedPreKey.signature,
        },
        preKey: await bob.preKey(session + 1),
      },
    });
    const message = await alice.repository.encryptMessage({ jid: bobJid, data: Buffer.from("hi") });
    await bob.repository.decryptMessage({ jid: aliceJid, ...message });
    if (session === 1) {
      const broken = await alice.repository.encryptMessage({
        jid: bobJid,
        data: Buffer.from("no"),
      });
      const bytes = Buffer.from(broken.ciphertext);
      bytes[bytes.length - 3]! ^= 0xff;
      return await bob.repository
        .decryptMessage({
          jid: aliceJid,
          type: "msg",
          ciphertext: Buffer.from([0x33, ...bytes.subarray(1)]),
        })
        .then(
          () => false,
          () => true,
        );
    }
  }
  return false;
}

function device() {
  const creds = baileys.initAuthCreds();
  const stored = new Map<string, unknown>();
  const logger = {
    level: "silent",
    child: () => logger,
    trace: none,
    debug: none,
    info: none,
    warn: none,
    error: none,
  };
  const keys = baileys.addTransactionCapability(
    {
      get: async (type, ids) =>
        Object.fromEntries(
          ids.flatMap((id) =>
            stored.has(`${type} ${id}`) ? [[id, stored.get(`${type} ${id}`)]] : [],
          ),
        ) as never,
      set: async (data) => {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries ?? {}))
            stored.set(`${type} ${id}`, value);
        }
      },
    },
    logger,
    { maxCommitRetries: 1, delayBetweenTriesMs: 1 },
  );
  const repository = baileys.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
    { creds, keys },
    logger,
  );
  return {
    creds,
    repository,
    async preKey(keyId: number) {
      const pair = baileys.Curve.generateKeyPair();
      await keys.set({ "pre-key": { [keyId]: pair } });
      return { keyId, publicKey: baileys.generateSignalPubKey(pair.public) };
    },
  };
}

function none(): void {
  return undefined;
}
