/** Goal: an account links, receives, answers, survives cuts and refusals, and never says anything twice. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AccountRuntime, AccountStatus } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

it("answers a message, and records no address, name or text of it", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "what time is it");
  const { entry, as, late } = await bench.message("what time is it");
  expect({ as, late }).toEqual({ as: "reply", late: false });
  const outcome = await bench.sendText(runtime, entry.message.chat, "half past nine");
  expect(outcome).toMatchObject({ outcome: "acked" });
  const received = await alice.inbox.waitFor("half past nine");
  expect(received).toMatchObject({ copies: 1, id: outcome.messageId });
  await bench.until(() => bench.recordsOf("message.settled").length === 1, "settled");

  const log = JSON.stringify(bench.records);
  for (const secret of [
    "half past",
    "what time",
    "Alice",
    alice.user.pn,
    alice.user.lid,
    bench.account.user.pn,
  ]) {
    expect(log).not.toContain(secret);
  }
});

it("links by QR code", async () => {
  runtime = bench.runtime();
  const qrCodes: string[] = [];
  const login = runtime.login({
    force: false,
    onQr: (qr) => {
      qrCodes.push(qr);
      if (qrCodes.length === 1) void bench.account.phone.scan(qr);
    },
    signal: AbortSignal.timeout(15_000),
  });
  await expect(login).resolves.toMatchObject({
    connected: true,
    self: { pn: bench.account.jid("pn") },
  });
  expect(runtime.status()).toMatchObject({ phase: "open", cause: null });
  expect(bench.rules()).toContain("close/restart");
});

it("a login that nobody scans ends with its signal and leaves no socket", async () => {
  runtime = bench.runtime();
  const abort = new AbortController();
  const outcome = await runtime.login({
    force: false,
    onQr: () => abort.abort(),
    signal: abort.signal,
  });
  expect(outcome.connected).toBe(false);
  expect(outcome.sentence).toMatch(/login was ended/);
  await expect.poll(() => bench.server.connections.length).toBe(0);
});

it("the link is cut in the middle of a reply: the same id, once", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await bench.sendText(runtime, alice.jid("lid"), "warm up");
  // The server loses the message together with the connection.
  bench.server.faults.set(
    "cut",
    { stage: "open", kind: "reset", on: { tag: "message", count: 1, handled: false } },
    { times: 1 },
  );
  const outcome = await bench.sendText(runtime, alice.jid("lid"), "across the cut");
  expect(outcome).toMatchObject({ outcome: "acked" });
  const received = await alice.inbox.waitFor("across the cut");
  expect(received.id).toBe(outcome.messageId);
  expect(alice.inbox.messages.filter((each) => each.text === "across the cut")).toHaveLength(1);
  expect(received.copies).toBe(1);
  expect(bench.rules()).toEqual(
    expect.arrayContaining(["close/transient", "sends/dispatch-successor"]),
  );
});

it("the ack is lost with the link: sent again under the same id, shown once", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await bench.sendText(runtime, alice.jid("lid"), "warm up");
  bench.server.faults.set(
    "cut",
    { stage: "open", kind: "reset", on: { tag: "message", count: 1, handled: true } },
    { times: 1 },
  );
  alice.receipts = "none";
  const outcome = await bench.sendText(runtime, alice.jid("lid"), "acked or not");
  expect(outcome).toMatchObject({ outcome: "acked" });
  const received = await alice.inbox.waitFor("acked or not");
  expect(received.id).toBe(outcome.messageId);
});

it("the same send id twice is one message and one outcome", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  const [first, second] = await Promise.all([
    bench.sendText(runtime, alice.jid("lid"), "only once", "delivery-7/0"),
    bench.sendText(runtime, alice.jid("lid"), "only once", "delivery-7/0"),
  ]);
  const later = await bench.sendText(runtime, alice.jid("lid"), "only once", "delivery-7/0");
  expect([second, later]).toEqual([first, first]);
  await alice.inbox.waitFor("only once");
  expect(alice.inbox.messages.filter((each) => each.text === "only once")).toHaveLength(1);
});

it("HTTP 503 at the upgrade is seen in milliseconds, with its status", async () => {
  await bench.account.link(bench.authDir);
  bench.server.faults.set("503", { stage: "upgrade", kind: "status", status: 503 }, { times: 1 });
  runtime = bench.runtime();
  const startedAt = performance.now();
  runtime.start("gateway-start");
  await bench.until(() => bench.recordsOf("socket.closed").length > 0, "socket.closed");
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(bench.recordsOf("socket.closed")[0]).toMatchObject({
    origin: "remote",
    error: { name: "UpgradeRefused", httpStatus: 503 },
  });
  expect(runtime.status().cause).toMatchObject({
    id: "http-unavailable",
    facts: { httpStatus: 503 },
  });
  await bench.until(() => runtime.status().phase === "open", "open after 503");
});

it("an undecryptable frame is attributed to its account and the socket replaced", async () => {
  runtime = await bench.opened();
  bench.server.faults.set("garbage", { stage: "open", kind: "garbage-frame" }, { times: 1 });
  await bench.until(() => bench.recordsOf("fault.raised").length > 0, "fault.raised");
  expect(bench.recordsOf("fault.raised")[0]).toMatchObject({ origin: "crypto", socketId: 1 });
  await bench.until(
    () => runtime.status().socketId === 2 && runtime.status().phase === "open",
    "successor",
  );
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "still there");
  await bench.message("still there");
});

it("a stop releases the credentials in milliseconds, also on a dead link", async () => {
  runtime = await bench.opened();
  bench.server.faults.set("dead", { stage: "tcp", kind: "black-hole" });
  await bench.server.faultsSettled();
  const startedAt = performance.now();
  await runtime.stop("restart");
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(runtime.status()).toMatchObject({ phase: "stopped", predecessors: [] });
  bench.server.faults.clear();
});

it("the status fits its published schema in every phase it goes through", async () => {
  const file = new URL("../../src/runtime/account-status.schema.json", import.meta.url);
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(file, "utf8")) as object,
  );
  const phases = new Set<string>();
  const check = (status: AccountStatus): void => {
    phases.add(status.phase);
    expect(validate(JSON.parse(JSON.stringify(status))), JSON.stringify(validate.errors)).toBe(
      true,
    );
  };
  runtime = bench.runtime();
  check(runtime.status());
  bench.onStatus = () => check(runtime.status());
  runtime.start("gateway-start");
  check(runtime.status());
  await bench.account.link(bench.authDir);
  bench.server.faults.set("503", { stage: "upgrade", kind: "status", status: 503 }, { times: 1 });
  await runtime.restart();
  await bench.until(() => runtime.status().phase === "open", "open");
  bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
  await bench.until(() => runtime.status().outages.length > 0, "outage");
  await bench.until(() => runtime.status().phase === "open", "open again");
  bench.server.faults.set("taken", { stage: "open", kind: "replaced" }, { times: 1 });
  await bench.until(() => runtime.status().phase === "blocked", "blocked");
  check(runtime.status());
  expect(runtime.status().cause).toMatchObject({ id: "conflict-external" });
  await runtime.stop("shutdown");
  check(runtime.status());
  expect([...phases].toSorted()).toEqual(
    expect.arrayContaining([
      "blocked",
      "claiming",
      "connecting",
      "idle",
      "inspecting",
      "open",
      "stopped",
      "waiting",
    ]),
  );
});

it("a conflict with somebody else blocks at once and stays quiet until a person acts", async () => {
  runtime = await bench.opened();
  bench.server.faults.set("taken", { stage: "open", kind: "replaced" }, { times: 1 });
  await bench.until(() => runtime.status().phase === "blocked", "blocked");
  const opened = bench.recordsOf("socket.open").length;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(bench.recordsOf("socket.open")).toHaveLength(opened);
  await runtime.restart();
  await bench.until(() => runtime.status().phase === "open", "open");
});

it("relinking removes the device and its memory, and asks for a QR code", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "remember me");
  await bench.message("remember me");
  await runtime.relink();
  expect(runtime.status()).toMatchObject({ phase: "blocked", cause: { id: "not-linked" } });
  expect(bench.journal.messages({ sinceMs: 0, limit: 10 })).toHaveLength(0);
  const outcome = await runtime.login({
    force: true,
    onQr: (qr) => void bench.account.phone.scan(qr),
    signal: AbortSignal.timeout(15_000),
  });
  expect(outcome).toMatchObject({ connected: true });
});

it("a contact that cannot read a message of an earlier socket gets it again, from the journal", async () => {
  runtime = await bench.opened();
  bench.server.strict.expect("undecryptable-payload");
  const alice = bench.server.world.contact("Alice");
  await bench.sendText(runtime, alice.jid("lid"), "warm up");
  await alice.inbox.waitFor("warm up");
  alice.online = false;
  const { messageId } = await bench.sendText(runtime, alice.jid("lid"), "unreadable at first");
  await runtime.restart();
  await bench.until(
    () => runtime.status().socketId === 2 && runtime.status().phase === "open",
    "next socket",
  );
  const [device] = bench.account.companions;
  await alice.resetSession(bench.account.jid("lid").replace("@", `:${device?.id}@`), undefined);
  alice.online = true;
  const received = await alice.inbox.waitFor("unreadable at first");
  expect(received).toMatchObject({ id: messageId, copies: 1 });
  expect(bench.recordsOf("send.receipted").map((record) => record.receipt)).toContain("retry");
});
