/** Goal: whatever happens to a connection is one `socket.closed` with the facts, quickly, and nothing stays behind. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "fixtures/whatsapp-server";
import { classify, extractFacts } from "../../src/core/index.ts";
import { SocketBench } from "./socket-bench.test-support.ts";

let bench: SocketBench;

beforeEach(async () => {
  bench = await SocketBench.start();
  await bench.account.link(bench.authDir);
});

afterEach(async () => {
  await bench.stop();
  bench.server.assertNoErrors();
});

const QUICK = { connectMs: 700, queryMs: 1_000 };

describe("ends of a connection, with the cause the core gives them", () => {
  const cases: [name: string, fault: Fault, facts: object, cause: string][] = [
    [
      "refused by HTTP 429",
      { stage: "upgrade", kind: "status", status: 429 },
      { httpStatus: 429 },
      "http-rate-limited",
    ],
    [
      "redirected",
      { stage: "upgrade", kind: "status", status: 302 },
      { httpStatus: 302 },
      "http-unexpected",
    ],
    [
      "not HTTP",
      { stage: "upgrade", kind: "not-http" },
      { errorCode: "HPE_INVALID_CONSTANT" },
      "not-http",
    ],
    ["no answer to the upgrade", { stage: "upgrade", kind: "no-answer" }, {}, "handshake-timeout"],
    [
      "reset at the upgrade",
      { stage: "upgrade", kind: "reset" },
      { errorCode: "ECONNRESET" },
      "tcp-reset",
    ],
    [
      "no answer to the hello",
      { stage: "noise", kind: "no-answer" },
      { statusCode: 408 },
      "noise-timeout",
    ],
    [
      "garbage for a hello",
      { stage: "noise", kind: "garbage" },
      { name: "RangeError" },
      "noise-garbage",
    ],
    [
      "wrong issuer",
      { stage: "noise", kind: "wrong-issuer" },
      { statusCode: 400 },
      "noise-certificate",
    ],
    [
      "login refused",
      { stage: "login", kind: "failure", reason: "403" },
      { statusCode: 403, tag: "failure" },
      "account-locked",
    ],
    [
      "temporary ban",
      { stage: "login", kind: "failure", reason: "402", attributes: { expire: "3600" } },
      { attrs: { reason: "402", expire: "3600" } },
      "temporary-ban",
    ],
    [
      "stream error 503",
      { stage: "open", kind: "stream-error", code: "503" },
      { statusCode: 503 },
      "stream-unavailable",
    ],
    [
      "stream error 515",
      { stage: "open", kind: "stream-error", code: "515" },
      { statusCode: 515 },
      "restart-required",
    ],
    [
      "replaced",
      { stage: "open", kind: "replaced" },
      { statusCode: 440, tag: "conflict", attrs: { type: "replaced" } },
      "stream-replaced",
    ],
    [
      "device removed",
      { stage: "open", kind: "device-removed" },
      { attrs: { type: "device_removed" } },
      "device-removed",
    ],
    ["stream end", { stage: "open", kind: "stream-end" }, { statusCode: 428 }, "stream-ended"],
    ["FIN", { stage: "open", kind: "fin" }, { statusCode: 428 }, "closed-by-server"],
    ["reset while open", { stage: "open", kind: "reset" }, { statusCode: 428 }, "closed-by-server"],
    [
      "close frame",
      { stage: "open", kind: "close", closeCode: 1011 },
      { statusCode: 428 },
      "closed-by-server",
    ],
  ];

  it.each(cases)("%s", async (_name, fault, facts, cause) => {
    bench.server.faults.set("fault", fault, { times: 1 });
    const socket = bench.open({ timing: QUICK });
    const closed = await bench.closedOf(socket, 5_000);
    expect(closed).toMatchObject({ origin: "remote", error: facts });
    expect(classify(extractFacts(closed.error), { pairing: false })).toBe(cause);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bench.all("socket.closed")).toHaveLength(1);
  });
});

it.each(["refused", "black-hole"] as const)("TCP %s", async (kind) => {
  bench.server.faults.set("fault", { stage: "tcp", kind });
  await bench.server.faultsSettled();
  const socket = bench.open({ timing: QUICK });
  const { error } = await bench.closedOf(socket, 5_000);
  const cause = classify(extractFacts(error), { pairing: false });
  expect(cause).toBe(kind === "refused" ? "tcp-refused" : "handshake-timeout");
});

it("a name that does not resolve", async () => {
  const env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.invalid/ws/chat" };
  const { error } = await bench.closedOf(bench.open({ timing: QUICK, env }), 5_000);
  expect(["ENOTFOUND", "EAI_AGAIN"]).toContain(error?.errorCode);
});

it("an address that must not be used", async () => {
  const env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "ws://198.51.100.7/ws/chat" };
  const { error } = await bench.closedOf(bench.open({ env }));
  expect(error?.message).toMatch(/only for this machine.*restart the gateway/);
  expect(classify(extractFacts(error), { pairing: false })).toBe("address-refused");
});

describe("through a proxy", () => {
  let proxy: Server;
  const connects: string[] = [];

  beforeEach(async () => {
    connects.length = 0;
    proxy = createServer();
    proxy.on("connect", (request, socket) => {
      connects.push(request.url ?? "");
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
  });

  afterEach(() => void proxy.close());

  it("its refusal is told from one of WhatsApp, without its password", async () => {
    const { port } = proxy.address() as AddressInfo;
    const env = {
      OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.invalid/ws/chat",
      HTTPS_PROXY: `http://user:secret@127.0.0.1:${port}`,
    };
    const { error } = await bench.closedOf(bench.open({ timing: QUICK, env }), 5_000);
    expect(connects).toEqual(["web.whatsapp.invalid:443"]);
    expect(error).toMatchObject({ httpStatus: 407, via: "proxy", errorCode: "ERR_PROXY_TUNNEL" });
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(classify(extractFacts(error), { pairing: false })).toBe("proxy-auth");
  });

  it("NO_PROXY keeps it out", async () => {
    const { port } = proxy.address() as AddressInfo;
    const env = {
      OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.invalid/ws/chat",
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: ".whatsapp.invalid",
    };
    await bench.closedOf(bench.open({ timing: QUICK, env }), 5_000);
    expect(connects).toEqual([]);
  });
});

describe("teardown", () => {
  async function timedClose(prepare: () => Promise<void>): Promise<number> {
    const socket = await bench.opened();
    await prepare();
    const startedAt = performance.now();
    socket.close("test");
    expect(await bench.closedOf(socket, 3_000)).toMatchObject({ origin: "local" });
    return performance.now() - startedAt;
  }

  it("takes milliseconds on a healthy link and on a black hole", async () => {
    expect(await timedClose(() => Promise.resolve())).toBeLessThan(300);
    const blackHole = async (): Promise<void> => {
      bench.server.faults.set("dead", { stage: "tcp", kind: "black-hole" });
      await bench.server.faultsSettled();
    };
    expect(await timedClose(blackHole)).toBeLessThan(300);
  });

  it.each(["at once", "while connecting", "during login"] as const)("works %s", async (when) => {
    if (when === "while connecting") {
      bench.server.faults.set("slow", { stage: "upgrade", kind: "no-answer" });
    }
    if (when === "during login")
      bench.server.faults.set("slow", { stage: "login", kind: "no-success" });
    const socket = bench.open();
    if (when === "during login") await bench.input("socket.upgraded");
    if (when !== "at once") await new Promise((resolve) => setTimeout(resolve, 150));
    socket.close("test");
    expect(await bench.closedOf(socket, 1_500)).toMatchObject({ origin: "local", error: null });
    await expect.poll(() => bench.server.connections.length).toBe(0);
  });

  it("a server that answers no close frame is cut off, not waited for", async () => {
    const socket = await bench.opened();
    bench.server.faults.set("dead", { stage: "tcp", kind: "black-hole" });
    await bench.server.faultsSettled();
    const startedAt = performance.now();
    // What the library does by itself when it gives a link up.
    socket.logout().catch(() => undefined);
    await bench.closedOf(socket, 8_000);
    expect(performance.now() - startedAt).toBeLessThan(7_000);
  }, 10_000);

  it("flushes what was received: receipted messages are not thrown away with the buffer", async () => {
    const first = await bench.opened();
    first.close("test");
    await bench.closedOf(first);
    bench.server.settings.offline.model = "push";
    const alice = bench.server.world.contact("Alice");
    for (let index = 0; index < 30; index += 1) await alice.write(bench.account, `kept ${index}`);
    bench.server.faults.set("no-end", { stage: "open", kind: "offline-end-withheld" });
    const socket = await bench.opened();
    await expect.poll(() => bench.all("stanza.receipted").length).toBe(30);
    // The library holds the events until the end marker; nothing has reached us yet.
    const before = bench.messages.length;
    socket.close("test");
    await bench.closedOf(socket);
    expect(before).toBeLessThan(30);
    expect(bench.messages).toHaveLength(30);
  });
});

it("a write that is under way when the connection ends fails at once, saying whether something left", async () => {
  const socket = await bench.opened({ timing: { queryMs: 20_000 } });
  const alice = bench.server.world.contact("Alice");
  bench.server.faults.set("mute", { stage: "open", kind: "iq-unanswered", xmlns: "usync" });
  const write = socket
    .write("send-1", "3EB0AAAAAAAAAAAAAAAA09", alice.jid("pn"), {
      operation: "text",
      text: "waiting for device lists",
      quotedRaw: null,
      mentions: [],
    })
    .catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startedAt = performance.now();
  bench.server.faults.set(
    "cut",
    { stage: "open", kind: "stream-error", code: "503" },
    { times: 1 },
  );
  expect(await write).toMatchObject({ left: false, raw: { statusCode: 503 } });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});
