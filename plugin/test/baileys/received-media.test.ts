/**
 * Goal: a file that somebody sends reaches the agent whole, or with the reason why not, whatever the media server, the phone or the sender does.
 * Method: a real account with the redirect preload, so that WhatsApp's own host names are used; files through the simulated media server.
 */
import { createHash, randomBytes } from "node:crypto";
import { documentMessage, imageMessage, REDIRECT_PRELOAD } from "fixtures/whatsapp-server";
import { proto } from "@whiskeysockets/baileys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReceivedFile } from "../../src/runtime/ports/media.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

const MAX_BYTES = 1_000_000;

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start({ tls: true });
  Object.assign(process.env, bench.server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${bench.server.port}`);
  bench.env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.com/ws/chat" };
  runtime = await bench.opened();
});

afterEach(() => bench.stop(runtime));

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** Alice sends it; resolves with the message as the journal has it. */
async function received(content: proto.IMessage): Promise<string> {
  const alice = bench.server.world.contact("Alice");
  const before = bench.admitted.length;
  await alice.send(bench.server.world.account("bot"), content);
  await bench.until(() => bench.admitted.length > before, "the message");
  const raw = bench.admitted.at(-1)?.entry.message.raw;
  if (raw === undefined) throw new Error("Nothing was admitted.");
  return raw;
}

async function stored(bytes: Uint8Array) {
  return bench.server.media.store(bytes, "image");
}

async function problemOf(fetching: Promise<ReceivedFile>): Promise<unknown> {
  return fetching.then(
    ({ bytes }) => `${bytes.length} bytes`,
    (error: unknown) => (error as { problem?: unknown }).problem ?? error,
  );
}

describe("a file that somebody sent", () => {
  it("is fetched, checked and decrypted, with its name and type", async () => {
    const file = randomBytes(70_001);
    const location = await bench.server.media.store(file, "document");
    const raw = await received(documentMessage(location, "plan.pdf"));
    const got = await runtime.receiveFile(raw, MAX_BYTES);
    expect(sha256(got.bytes)).toBe(sha256(file));
    expect(got).toMatchObject({ fileName: "plan.pdf", mimeType: "application/octet-stream" });
  });

  it("comes through a new link from the phone when the old one has expired", async () => {
    const picture = randomBytes(20_000);
    const location = await stored(picture);
    bench.server.media.expire(location.directPath);
    const raw = await received(imageMessage(location, "old"));
    const got = await runtime.receiveFile(raw, MAX_BYTES);
    expect(sha256(got.bytes)).toBe(sha256(picture));
    // Asking for a link is no new message.
    expect(bench.recordsOf("message.journalled")).toHaveLength(1);
  });

  it("is said to be expired when the phone has not got it either, and nothing goes on waiting", async () => {
    const location = await stored(randomBytes(2_000));
    const lost = { ...location, directPath: "/v/t62.7118-24/gone.enc", url: "" };
    const raw = await received(imageMessage(lost, "gone"));
    expect(await problemOf(runtime.receiveFile(raw, MAX_BYTES))).toBe("expired");
  });

  it("is tried again when the media server stumbles", async () => {
    const picture = randomBytes(5_000);
    bench.server.faults.set(
      "busy",
      { stage: "media", kind: "download-status", status: 503 },
      { times: 1 },
    );
    const raw = await received(imageMessage(await stored(picture), "x"));
    const got = await runtime.receiveFile(raw, MAX_BYTES);
    expect(sha256(got.bytes)).toBe(sha256(picture));
  });

  it("that breaks off in the middle is tried again, and harms nobody", async () => {
    const picture = randomBytes(50_000);
    bench.server.faults.set("cut", { stage: "media", kind: "truncated" }, { times: 1 });
    const raw = await received(imageMessage(await stored(picture), "x"));
    const got = await runtime.receiveFile(raw, MAX_BYTES);
    expect(sha256(got.bytes)).toBe(sha256(picture));
    expect(bench.recordsOf("fault.raised")).toEqual([]);
  });
});

describe("a file is refused when it", () => {
  it("says that it is larger than allowed, before a byte is fetched", async () => {
    bench.server.faults.set("mute", { stage: "media", kind: "no-answer" });
    const raw = await received(imageMessage(await stored(randomBytes(5_000)), "x"));
    expect(await problemOf(runtime.receiveFile(raw, 4_999))).toBe("too-large");
  });

  it("is larger than it says", async () => {
    // With a wrong key as well: it is not read to its end to find that out.
    const location = {
      ...(await stored(randomBytes(5_000))),
      fileLength: 10,
      mediaKey: randomBytes(32),
    };
    const raw = await received(imageMessage(location, "x"));
    expect(await problemOf(runtime.receiveFile(raw, 4_000))).toBe("too-large");
  });

  it("is not what was sent", async () => {
    const location = await stored(randomBytes(5_000));
    const other = await stored(randomBytes(5_000));
    const swapped = { ...location, directPath: other.directPath, url: other.url };
    const raw = await received(imageMessage(swapped, "x"));
    expect(await problemOf(runtime.receiveFile(raw, MAX_BYTES))).toBe("damaged");
    const wrongHash = { ...location, fileSha256: randomBytes(32) };
    const again = await received(imageMessage(wrongHash, "x"));
    expect(await problemOf(runtime.receiveFile(again, MAX_BYTES))).toBe("damaged");
  });

  it("lies on a host that is not WhatsApp's: that host is never asked", async () => {
    const location = await stored(randomBytes(3_000));
    const elsewhere = `https://localhost${location.directPath}`;
    const { directPath: _none, ...rest } = location;
    const content = imageMessage({ ...rest, directPath: "", url: elsewhere }, "x");
    expect(await problemOf(runtime.receiveFile(await received(content), MAX_BYTES))).toBe(
      "no-file",
    );
    // With a path beside it, WhatsApp's own host is asked for the path.
    const both = await received(imageMessage({ ...location, url: elsewhere }, "x"));
    expect(await problemOf(runtime.receiveFile(both, MAX_BYTES))).toBe("3000 bytes");
  });
});
