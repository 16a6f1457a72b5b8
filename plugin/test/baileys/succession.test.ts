/** Goal: restarts, reloads of the plugin's code, other processes and defects of our own lose nothing and say nothing twice. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;
const others: AccountRuntime[] = [];

beforeEach(async () => {
  bench = await AccountBench.start();
  others.length = 0;
});

afterEach(async () => {
  await bench.stop(runtime, ...others);
  bench.server.assertNoErrors();
});

function successor(): AccountRuntime {
  const next = bench.runtime();
  others.push(next);
  return next;
}

async function open(which: AccountRuntime): Promise<void> {
  await bench.until(() => which.status().phase === "open", "phase open");
}

describe("a new generation of the code", () => {
  it("sends what its predecessor captured, under the same id, for the caller of then", async () => {
    runtime = await bench.opened();
    const alice = bench.server.world.contact("Alice");
    await alice.write(bench.account, "question");
    const { entry } = await bench.message("question");
    const capture = runtime.capture();
    await runtime.stop("reload");
    const sent = runtime.send({
      sendId: "reply-1",
      chat: entry.message.chat,
      content: { operation: "text", text: "answer in the gap", quotedRaw: null, mentions: [] },
      capture,
    });
    await bench.until(() => bench.recordsOf("send.hold").length === 1, "held");
    successor().start("reload");
    await expect(sent).resolves.toMatchObject({ outcome: "acked" });
    const received = await alice.inbox.waitFor("answer in the gap");
    expect(received.copies).toBe(1);
    const socketIds = bench.recordsOf("socket.open").map((record) => record.socketId);
    expect(new Set(socketIds).size).toBe(socketIds.length);
  });

  it("takes a running account over without a second login fighting the first", async () => {
    runtime = await bench.opened();
    const next = successor();
    next.start("reload");
    await bench.until(
      () => next.status().phase === "open" && next.status().socketId === 2,
      "second socket",
    );
    expect(bench.recordsOf("conflict.inspect")).toHaveLength(0);
    expect(bench.recordsOf("socket.closed")).toMatchObject([{ socketId: 1, origin: "local" }]);
    const alice = bench.server.world.contact("Alice");
    // A caller that still holds the old runtime reaches the new one.
    expect(await bench.sendText(runtime, alice.jid("lid"), "through the old one")).toMatchObject({
      outcome: "acked",
    });
    expect(await bench.sendText(next, alice.jid("lid"), "through the new one")).toMatchObject({
      outcome: "acked",
    });
    expect(next.status().controller).toBe(2);
  });

  it("does not give a message to the agent twice that the predecessor is still answering", async () => {
    runtime = await bench.opened();
    const alice = bench.server.world.contact("Alice");
    let finish: () => void = () => undefined;
    bench.onAdmit = () =>
      new Promise((resolve) => {
        finish = () => resolve({ state: "answered", reason: "late" });
      });
    await alice.write(bench.account, "slow question");
    await bench.message("slow question");
    const next = successor();
    next.start("reload");
    await open(next);
    finish();
    await bench.until(() => bench.recordsOf("message.settled").length === 1, "settled");
    expect(bench.admitted).toHaveLength(1);
    expect(bench.journal.depth().unsettled).toBe(0);
  });
});

it("a message that was never settled is admitted again after a restart of the process", async () => {
  runtime = await bench.opened();
  bench.onAdmit = () => Promise.reject(new Error("the gateway is going down"));
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "do not forget me");
  await bench.message("do not forget me");
  await runtime.stop("shutdown");
  bench.registry.clear();
  bench.admitted.length = 0;
  bench.onAdmit = () => Promise.resolve({ state: "answered", reason: "second try" });
  const next = successor();
  next.start("gateway-start");
  await bench.message("do not forget me");
  await bench.until(() => bench.journal.depth().unsettled === 0, "settled");
  expect(bench.admitted).toHaveLength(1);
});

it("a send without an ack goes out after a restart of the process, under its first id", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  bench.server.faults.set("dead", { stage: "ack", kind: "dropped" });
  void bench.sendText(runtime, alice.jid("lid"), "persistent", "delivery-1/0");
  await bench.until(() => bench.recordsOf("send.written").length === 1, "written");
  const { messageId } = bench.journal.custody("delivery-1/0") ?? {};
  await runtime.stop("restart");
  bench.registry.clear();
  bench.server.faults.clear();
  const next = successor();
  next.start("gateway-start");
  const received = await alice.inbox.waitFor("persistent");
  expect(received.id).toBe(messageId);
  await bench.until(() => bench.journal.custody("delivery-1/0")?.state !== "written", "acked");
  expect(["acked", "delivered"]).toContain(bench.journal.custody("delivery-1/0")?.state);
});

it("an account that is stopped for good refuses at once and says why", async () => {
  runtime = await bench.opened();
  await runtime.stop("disabled");
  const outcome = await bench.sendText(runtime, "15550100002@s.whatsapp.net", "nobody home");
  expect(outcome).toMatchObject({ outcome: "refused", causeId: "account-stopped", left: false });
  expect(outcome).toHaveProperty(
    "sentence",
    expect.stringMatching(/stopped for good.*Start the account/),
  );
});

describe("the credentials folder", () => {
  const holder = fileURLToPath(new URL("owner-lock.child.ts", import.meta.url));

  it("is waited for while another process has it, and taken over when that one is killed", async () => {
    await bench.account.link(bench.authDir);
    const child = spawn(process.execPath, [holder, bench.authDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    // The official plugin's format, read back: pid, time, start time of the process.
    const lock: unknown = JSON.parse(readFileSync(`${realpathSync(bench.authDir)}.lock`, "utf8"));
    expect(lock).toMatchObject({
      pid: child.pid,
      createdAt: expect.any(String),
      starttime: expect.any(Number),
    });

    runtime = bench.runtime();
    runtime.start("gateway-start");
    await bench.until(() => bench.recordsOf("owner.resolved").length > 0, "owner.resolved");
    expect(bench.recordsOf("owner.resolved")[0]).toMatchObject({
      result: "busy",
      holder: `process ${child.pid} (node owner-lock.child.ts)`,
    });
    expect(bench.recordsOf("socket.open")).toHaveLength(0);
    child.kill("SIGKILL");
    await open(runtime);
  });

  it("is free again after a stop", async () => {
    runtime = await bench.opened();
    await runtime.stop("shutdown");
    expect(() => readFileSync(`${realpathSync(bench.authDir)}.lock`)).toThrow(/ENOENT/);
  });
});

it("handling that feeds itself is stopped, and the controller replaced", async () => {
  runtime = await bench.opened();
  let isFeeding = true;
  bench.onStatus = () => {
    if (isFeeding) void runtime.restart();
  };
  void runtime.restart();
  isFeeding = false;
  await bench.until(() => bench.recordsOf("invariant.report").length === 1, "breach");
  expect(bench.recordsOf("invariant.report")[0]).toMatchObject({ invariant: "mailbox" });
  await bench.until(() => runtime.status().controller === 2, "replaced");
  // A replacement is no way round the hourly bound of connect attempts that the loop used up.
  await bench.until(() => runtime.status().phase === "waiting", "waiting for the budget");
  expect(runtime.status().attemptsLastHour).toBeLessThanOrEqual(60);
  await expect.poll(() => bench.server.connections.length).toBe(0);
});

it("a stall of the event loop is asked about, not punished", async () => {
  runtime = await bench.opened();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500);
  await bench.until(() => bench.recordsOf("loop.stalled").length > 0, "loop.stalled");
  await bench.until(() => bench.recordsOf("ping.answered").length > 0, "ping.answered");
  expect(runtime.status()).toMatchObject({ phase: "open", socketId: 1 });
}, 20_000);

it("a runtime that is not in charge looks and sends, and takes nothing away", async () => {
  runtime = await bench.opened();
  const next = successor();
  next.start("reload");
  await bench.until(
    () => next.status().phase === "open" && next.status().socketId === 2,
    "second socket",
  );
  const { world } = bench.server;
  const [alice, bot] = [world.contact("Alice"), bench.account];
  const group = world.group({ subject: "Team", members: [alice, bot], addressing: "lid" });
  expect(runtime.status()).toEqual({ ...next.status(), keepalive: expect.anything() as object });
  expect(runtime.capture()).toEqual(next.capture());
  expect(runtime.self()).toEqual({ pn: bot.jid("pn"), lid: bot.jid("lid") });
  await expect(runtime.groupInfo(group.id)).resolves.toMatchObject({ subject: "Team" });
  await runtime.stop("reload");
  runtime.updatePolicy(bench.policy);
  expect(next.status()).toMatchObject({ phase: "open", controller: 2 });
  expect(bench.recordsOf("policy.changed")).toHaveLength(0);
});

it("after a login that is over, the account goes on with what the login left", async () => {
  await bench.account.link(bench.authDir);
  runtime = bench.runtime();
  expect(runtime.status().phase).toBe("idle");
  const login = successor();
  await login.login({ force: false, onQr: () => undefined, signal: AbortSignal.timeout(10_000) });
  bench.onAdmit = () => Promise.reject(new Error("nothing is answered during a login"));
  const alice = bench.server.world.contact("Alice");
  await alice.write(bench.account, "written during the login");
  await bench.message("written during the login");
  await login.stop("restart");
  bench.admitted.length = 0;
  bench.onAdmit = () => Promise.resolve({ state: "answered", reason: "test" });
  await runtime.restart();
  await bench.message("written during the login");
  await open(runtime);
  expect(bench.admitted).toHaveLength(1);
});

it("a running account is linked anew by a login beside it, and goes on with the new device", async () => {
  runtime = await bench.opened();
  const [old] = bench.account.companions;
  const login = successor();
  const outcome = await login.login({
    force: true,
    onQr: (qr) => void bench.account.phone.scan(qr),
    signal: AbortSignal.timeout(45_000),
  });
  expect(outcome).toMatchObject({ connected: true });
  await login.stop("restart");
  await runtime.restart();
  await open(runtime);
  expect(bench.account.companions.map(({ id }) => id)).not.toContain(old?.id);
  expect(bench.server.connections).toHaveLength(1);
}, 60_000);

it("a running account links itself anew, with its own journal, and goes on answering", async () => {
  runtime = await bench.opened();
  const outcome = await runtime.login({
    force: true,
    onQr: (qr) => void bench.account.phone.scan(qr),
    signal: AbortSignal.timeout(45_000),
  });
  expect(outcome).toMatchObject({ connected: true });
  await bench.server.world.contact("Alice").write(bench.account, "to the new device");
  await bench.message("to the new device");
  await bench.until(() => bench.journal.depth().unsettled === 0, "settled");
  expect(runtime.status().phase).toBe("open");
}, 60_000);

it("the credentials are whole on disk before anybody else may use them", async () => {
  runtime = bench.runtime();
  await runtime.login({
    force: false,
    onQr: (qr) => void bench.account.phone.scan(qr),
    signal: AbortSignal.timeout(15_000),
  });
  // Right after the first login: hundreds of prekeys are being written.
  await runtime.stop("restart");
  const stored = JSON.parse(readFileSync(join(bench.authDir, "creds.json"), "utf8")) as {
    readonly nextPreKeyId: number;
  };
  const names = readdirSync(bench.authDir);
  const preKeys = names.filter((name) => name.startsWith("pre-key-"));
  // The phone used one or two up by writing to the new device.
  expect(preKeys.length).toBeGreaterThan(stored.nextPreKeyId - 1 - 5);
  expect(stored.nextPreKeyId).toBeGreaterThan(800);
  expect(names.filter((name) => name.startsWith(".continuity"))).toEqual([]);
});
