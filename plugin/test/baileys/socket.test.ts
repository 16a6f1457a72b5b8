/** Goal: one socket of the unmodified library reports every fact once, and ends in milliseconds whatever the other side does. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SendFailure } from "../../src/runtime/ports.ts";
import { SocketBench } from "./socket-bench.test-support.ts";

let bench: SocketBench;

beforeEach(async () => {
  bench = await SocketBench.start();
});

afterEach(async () => {
  await bench.stop();
  bench.server.assertNoErrors();
});

describe("a linked device", () => {
  beforeEach(async () => {
    await bench.account.link(bench.authDir);
  });

  it("opens and reports its own addresses without device suffix", async () => {
    const socket = await bench.opened();
    expect(bench.self).toEqual({ pn: bench.account.jid("pn"), lid: bench.account.jid("lid") });
    expect(bench.all("socket.upgraded")).toHaveLength(1);
    expect(bench.all("identity.mapped")).toHaveLength(1);
    socket.close("test");
    const closed = await bench.closedOf(socket);
    expect(closed).toMatchObject({ origin: "local", error: null });
  });

  it.each(["lid", "pn"] as const)("takes a message in and answers, by %s", async (addressing) => {
    const socket = await bench.opened();
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "hello", { addressing });
    const message = await bench.message("hello");
    const other = addressing === "lid" ? "pn" : "lid";
    expect(message).toMatchObject({
      chat: alice.jid(addressing),
      chatAlternate: alice.jid(other),
      chatKind: "direct",
      sender: alice.jid(addressing),
      senderAlternate: alice.jid(other),
      fromMe: false,
      via: "live",
    });
    expect(message.sentAtMs).toBeGreaterThan(Date.now() - 60_000);

    await socket.write("send-1", "3EB0AAAAAAAAAAAAAAAA01", message.chat, {
      operation: "text",
      text: "hello Alice",
      quotedRaw: message.raw,
      mentions: [],
    });
    const received = await alice.inbox.waitFor("hello Alice");
    expect(received).toMatchObject({ id: "3EB0AAAAAAAAAAAAAAAA01", copies: 1 });
    expect(received.refersTo).toBe(message.messageId);
    expect(await bench.input("send.acked")).toMatchObject({ sendId: "send-1" });
    expect(await bench.input("send.receipted")).toMatchObject({
      sendId: "send-1",
      receipt: "delivery",
    });
    socket.close("test");
  });

  it("tells an error ack from an ack", async () => {
    const socket = await bench.opened();
    const alice = bench.server.world.contact("Alice");
    bench.server.faults.set("refuse", { stage: "ack", kind: "error", code: "463" }, { times: 1 });
    await socket.write("send-1", "3EB0AAAAAAAAAAAAAAAA02", alice.jid("lid"), {
      operation: "text",
      text: "first contact",
      quotedRaw: null,
      mentions: [],
    });
    expect(await bench.input("send.acked")).toMatchObject({ sendId: "send-1", errorCode: "463" });
    socket.close("test");
  });

  it("reports what was kept while it was away, stanza by stanza", async () => {
    const first = await bench.opened();
    first.close("test");
    await bench.closedOf(first);
    const alice = bench.server.world.contact("Alice");
    for (const text of ["one", "two", "three"]) await alice.write(bench.account, text);
    const socket = await bench.opened();
    await bench.message("three");
    expect(bench.all("drain.previewed")).toMatchObject([
      { socketId: first.socketId },
      { announced: 3, messages: 3 },
    ]);
    expect(bench.all("stanza.received")).toHaveLength(3);
    expect(bench.messages.map((message) => message.via)).toEqual(["offline", "offline", "offline"]);
    await expect.poll(() => bench.all("stanza.receipted").length).toBe(3);
    await bench.input("drain.ended", (input) => input.socketId === socket.socketId);
    socket.close("test");
  });

  it("answers its own ping and samples the age of the last frame", async () => {
    const socket = await bench.opened();
    socket.ping(7, "transport");
    socket.ping(8, "session");
    expect(await bench.input("ping.answered", (input) => input.pingId === 7)).toBeDefined();
    expect(await bench.input("ping.answered", (input) => input.pingId === 8)).toBeDefined();
    socket.sampleLiveness();
    const sample = await bench.input("liveness.sampled");
    expect(sample.frameAgeMs).toBeLessThan(2_000);
    socket.sendKeepalive("presence-unavailable");
    socket.sendKeepalive("iq");
    await expect
      .poll(() => bench.all("keepalive.written").map((each) => each.written))
      .toEqual([true, true]);
    socket.close("test");
  });

  it("names a write that could not leave", async () => {
    const socket = await bench.opened();
    socket.close("test");
    await bench.closedOf(socket);
    const failure = await socket
      .write("send-1", "3EB0AAAAAAAAAAAAAAAA03", "1@lid", {
        operation: "text",
        text: "too late",
        quotedRaw: null,
        mentions: [],
      })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SendFailure);
    expect(failure).toMatchObject({ left: false, raw: { name: "NotConnected" } });
  });
});

it("links by QR code and reports the restart the server asks for", async () => {
  const socket = bench.open({ pairing: true });
  await bench.input("qr.offered");
  expect(bench.qrCodes).toHaveLength(1);
  await bench.account.phone.scan(bench.qrCodes[0] ?? "");
  expect(await bench.input("socket.paired")).toMatchObject({
    self: { pn: bench.account.jid("pn") },
  });
  expect(await bench.closedOf(socket)).toMatchObject({
    origin: "remote",
    error: { statusCode: 515 },
  });
  const second = await bench.opened();
  second.close("test");
  await bench.closedOf(second);
});

it("says that there are no credentials instead of offering a QR code nobody asked for", async () => {
  const socket = bench.open();
  expect(await bench.closedOf(socket)).toMatchObject({ error: { name: "CredentialsMissing" } });
  expect(bench.qrCodes).toHaveLength(0);
});
