/** Goal: a file that the gateway sends arrives as what it is, whole and once, whatever happens to the gateway's copy of it. */
import { REDIRECT_PRELOAD } from "fixtures/whatsapp-server";
import { verifyChannelMessageAdapterCapabilityProofs } from "openclaw/plugin-sdk/channel-outbound";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AccountAtWork, AccountsAtWork } from "../../src/channel/accounts-at-work.ts";
import { Delivery } from "../../src/channel/outbound/delivery.ts";
import type { LoadedMedia, MediaHost } from "../../src/channel/outbound/media-host.ts";
import { createMessageAdapter } from "../../src/channel/outbound/message-adapter.ts";
import { reconcileDelivery } from "../../src/channel/outbound/reconcile.ts";
import { type OutboundHost, sendFile, sendPayload } from "../../src/channel/outbound/send-media.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

type FileContext = Parameters<typeof sendFile>[2];
type PayloadContext = Parameters<typeof sendPayload>[2];

let bench: AccountBench;
let runtime: AccountRuntime;
const accounts = new AccountsAtWork();
const files = new Map<string, LoadedMedia>();
const warnings: string[] = [];
let loads = 0;

/** Stands in for the host's loader only: what it gives is sent for real. */
const media: MediaHost = {
  load({ source }) {
    loads += 1;
    const found = files.get(source);
    return found === undefined ? Promise.reject(new Error("not found")) : Promise.resolve(found);
  },
  toVoice: () => Promise.reject(new Error("no ffmpeg")),
  warn: (message) => void warnings.push(message),
};
const host: OutboundHost = { media, textLimit: () => 40 };

beforeEach(async () => {
  bench = await AccountBench.start({ tls: true });
  // Files go to WhatsApp's own hosts, which the preload leads to the simulated server.
  Object.assign(process.env, bench.server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${bench.server.port}`);
  bench.env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.com/ws/chat" };
  files.clear();
  warnings.length = 0;
  loads = 0;
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

const alice = () => bench.server.world.contact("Alice");

function atWork(which: AccountRuntime): void {
  const account = { accountId: "bot", runtime: which, journal: bench.journal };
  accounts.add(account as Partial<AccountAtWork> as AccountAtWork);
}

async function opened(): Promise<void> {
  runtime = await bench.opened();
  atWork(runtime);
}

function file(name: string, mimeType: string, kind: LoadedMedia["kind"]): string {
  files.set(name, { bytes: Buffer.from(`bytes of ${name}`), mimeType, kind, fileName: name });
  return name;
}

const base = (given: Partial<FileContext>) => ({
  cfg: {},
  to: `+${alice().user.pn}`,
  accountId: "bot",
  text: "",
  ...given,
});

function send(given: Partial<FileContext> & { mediaUrl: string }) {
  const context: FileContext = base(given) as FileContext;
  return sendFile(host, new Delivery(accounts, context, () => undefined), context);
}

async function seen(count: number) {
  await bench.until(() => alice().inbox.messages.length >= count, `${count} messages`);
  return alice().inbox.messages;
}

describe("a file arrives as what it is", () => {
  it("pictures, videos, repeating videos, stickers, voice notes and documents", async () => {
    await opened();
    await send({ mediaUrl: file("a.png", "image/png", "image"), text: "a **picture**" });
    await send({ mediaUrl: file("b.mp4", "video/mp4", "video") });
    await send({ mediaUrl: "b.mp4", gifPlayback: true });
    await send({ mediaUrl: file("c.webp", "image/webp", "image") });
    await send({ mediaUrl: file("d.ogg", "audio/ogg", "audio") });
    await send({ mediaUrl: file("e\u0007.pdf", "application/pdf", "document"), text: "the plan" });
    await send({ mediaUrl: "a.png", forceDocument: true });
    const received = await seen(7);
    expect(received.map(({ kind, text }) => [kind, text])).toEqual([
      ["image", "a *picture*"],
      ["video", ""],
      ["video", ""],
      ["sticker", ""],
      ["audio", ""],
      ["document", "the plan"],
      ["document", "a.png"],
    ]);
    const [, , gif, , voice, document] = received.map(({ message }) => message);
    expect(gif?.videoMessage?.gifPlayback).toBe(true);
    expect(voice?.audioMessage).toMatchObject({ ptt: true, mimetype: "audio/ogg; codecs=opus" });
    const inner =
      document?.documentMessage ?? document?.documentWithCaptionMessage?.message?.documentMessage;
    expect(inner?.fileName).toBe("e.pdf");
    expect(received[0]?.media?.toString()).toBe("bytes of a.png");
  });

  it("audio that cannot be made a voice note is sent as it is, and its text follows", async () => {
    await opened();
    const result = await send({
      mediaUrl: file("song.mp3", "audio/mpeg", "audio"),
      text: "listen",
      deliveryQueueId: "q-voice",
    });
    const [song, text] = await seen(2);
    expect(song?.message.audioMessage).toMatchObject({ mimetype: "audio/mpeg", ptt: false });
    expect(text).toMatchObject({ kind: "text", text: "listen" });
    expect(warnings).toEqual([expect.stringContaining("ffmpeg") as string]);
    expect(result.receipt.platformMessageIds).toEqual([song?.id, text?.id]);
  });

  it("what the caption has no room for follows as text, reported message by message", async () => {
    await opened();
    const reported: (string | undefined)[] = [];
    const paragraphs = ["first paragraph of some length", "second paragraph of some length"];
    await send({
      mediaUrl: file("a.png", "image/png", "image"),
      text: paragraphs.join("\n\n"),
      onDeliveryResult: ({ messageId }) => void reported.push(messageId),
    });
    const [picture, text] = await seen(2);
    expect([picture?.text.trim(), text?.text]).toEqual(paragraphs);
    expect(reported).toEqual([picture?.id]);
  });

  it("several files of one reply come in order, with one text", async () => {
    await opened();
    const mediaUrls = [file("a.png", "image/png", "image"), file("d.ogg", "audio/ogg", "audio")];
    const context = base({ text: "both" }) as unknown as PayloadContext;
    const payload = { text: "both", mediaUrls, audioAsVoice: true };
    const delivery = new Delivery(accounts, context, () => undefined);
    await sendPayload(host, delivery, { ...context, payload });
    const received = await seen(2);
    expect(received.map(({ kind, text }) => [kind, text])).toEqual([
      ["image", "both"],
      ["audio", ""],
    ]);
  });
});

describe("a file that cannot be read", () => {
  it.each([
    ["from a disk", "gone.png", false],
    ["from the network", "https://files.example/gone.png", true],
  ])(
    "%s is called undelivered, and tried again only where that can help",
    async (_what, mediaUrl, retryable) => {
      await opened();
      await expect(send({ mediaUrl })).rejects.toMatchObject({
        name: "PlatformMessageNotDispatchedError",
        message: "The file could not be sent: not found",
        retryable,
      });
    },
  );
});

it("a file that WhatsApp's media server does not take at first is uploaded again, for one message", async () => {
  const { sends } = bench.policy;
  bench.policy = { ...bench.policy, sends: { ...sends, ackWaitMs: 300 } };
  await opened();
  bench.server.faults.set(
    "full",
    { stage: "media", kind: "upload-status", status: 503 },
    { times: 1 },
  );
  const { messageId } = await send({ mediaUrl: file("a.png", "image/png", "image") });
  const [picture] = await seen(1);
  expect(picture).toMatchObject({ id: messageId, kind: "image", copies: 1 });
  expect(bench.recordsOf("send.dispatch")).toHaveLength(2);
});

describe("what the gateway is told before a write", () => {
  it("the dispatch is noted first, and the gateway asked without a gap whether it still stands", async () => {
    await opened();
    const steps: string[] = [];
    const written = () =>
      bench.server.transcript.entries.some(
        ({ dir, node }) => dir === "in" && node.tag === "message",
      );
    await send({
      mediaUrl: file("a.png", "image/png", "image"),
      onPlatformSendDispatch: () => Promise.resolve(void steps.push(`dispatch ${written()}`)),
      assertDirectAdapterHandoff: () => void steps.push(`still ${written()}`),
    });
    expect(steps).toEqual(["dispatch false", "still false"]);
    await seen(1);
  });

  it("what it takes back at the last moment has not left, and the gateway may send it elsewhere", async () => {
    await opened();
    const takenBack = send({
      mediaUrl: file("a.png", "image/png", "image"),
      deliveryQueueId: "q4",
      assertDirectAdapterHandoff: () => {
        throw new Error("the owner is gone");
      },
    });
    await expect(takenBack).rejects.toMatchObject({ name: "PlatformMessageNotDispatchedError" });
    await bench.sendText(runtime, alice().jid("lid"), "the next one");
    expect((await seen(1)).map(({ text }) => text)).toEqual(["the next one"]);
  });
});

describe("the same delivery again", () => {
  it("after a restart: the file in custody goes out under its first id, although the gateway's copy is gone", async () => {
    await opened();
    await runtime.stop("restart");
    const first = { mediaUrl: file("a.png", "image/png", "image"), deliveryQueueId: "q1" };
    void send(first).catch(() => undefined);
    await bench.until(() => bench.recordsOf("send.hold").length === 1, "held");
    const [custody] = bench.journal.openCustody(5);
    bench.registry.clear();
    files.clear();
    runtime = bench.runtime();
    atWork(runtime);
    const again = send({ mediaUrl: "spool/renamed.png", deliveryQueueId: "q1" });
    runtime.start("gateway-start");
    await expect(again).resolves.toMatchObject({ messageId: custody?.messageId });
    const [picture] = await seen(1);
    expect(picture).toMatchObject({ id: custody?.messageId, kind: "image" });
    expect(picture?.media?.toString()).toBe("bytes of a.png");
    await bench.sendText(runtime, alice().jid("lid"), "the next one");
    expect((await seen(2)).map(({ copies }) => copies)).toEqual([1, 1]);
    expect(loads).toBe(1);
  });

  it("cut short between the file and its text: the gateway is not told that it is complete, and only the text is missing", async () => {
    await opened();
    const request = {
      mediaUrl: file("d.ogg", "audio/ogg", "audio"),
      text: "and this",
      deliveryQueueId: "q2",
    };
    const crash = () => Promise.reject(new Error("the process ends here"));
    await expect(send({ ...request, onDeliveryResult: crash })).rejects.toThrow("ends here");
    await seen(1);
    const question = { queueId: "q2", to: request.mediaUrl };
    expect(reconcileDelivery(question, bench.journal)).toEqual({ status: "not_sent" });
    await send(request);
    const received = await seen(2);
    expect(received.map(({ kind, copies }) => [kind, copies])).toEqual([
      ["audio", 1],
      ["text", 1],
    ]);
    expect(reconcileDelivery(question, bench.journal)).toMatchObject({ status: "sent" });
  });
});

it("every capability that is declared to the gateway is kept", async () => {
  await opened();
  const {
    send: sends,
    durableFinal,
    ...adapter
  } = createMessageAdapter(accounts, host, () => undefined);
  const proof = { cfg: {}, to: `+${alice().user.pn}`, accountId: "bot" } as const;
  const last = () => alice().inbox.messages.at(-1);
  const until = (id: string | undefined) =>
    bench.until(() => last()?.id === id && id !== undefined, "the message");
  const results = await verifyChannelMessageAdapterCapabilityProofs({
    adapterName: "whatsapp",
    adapter: { ...adapter, durableFinal },
    proofs: {
      text: async () => until((await sends.text({ ...proof, text: "text" })).messageId),
      media: async () => {
        const mediaUrl = file("a.png", "image/png", "image");
        await until((await sends.media({ ...proof, text: "", mediaUrl })).messageId);
      },
      payload: async () => {
        const payload = { text: "payload", isError: true };
        await until((await sends.payload({ ...proof, text: "payload", payload })).messageId);
      },
      replyTo: async () => {
        const id = await alice().write(bench.account, "quote me");
        await bench.message("quote me");
        await until((await sends.text({ ...proof, text: "quoting", replyToId: id })).messageId);
        expect(last()?.refersTo).toBe(id);
      },
      // The gateway's hooks change a text before it comes here; it is sent as they left it.
      messageSendingHooks: async () => {
        await until((await sends.text({ ...proof, text: "*as it is*" })).messageId);
        expect(last()?.text).toBe("*as it is*");
      },
      reconcileUnknownSend: async () => {
        const sent = await sends.text({ ...proof, text: "asked for", deliveryQueueId: "q3" });
        const question = {
          ...proof,
          queueId: "q3",
          channel: "whatsapp",
          enqueuedAt: 0,
          retryCount: 0,
          payloads: [],
        };
        expect(durableFinal.reconcileUnknownSend(question)).toMatchObject({
          status: "sent",
          messageId: sent.messageId,
        });
      },
    },
  });
  const kept = results.filter(({ status }) => status === "verified");
  expect(kept.map(({ capability }) => capability)).toEqual([
    "text",
    "media",
    "payload",
    "replyTo",
    "messageSendingHooks",
    "reconcileUnknownSend",
  ]);
});
