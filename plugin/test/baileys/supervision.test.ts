/** Goal: a defect of our own costs a controller and not the account, is told once, and never turns into a loop. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { recorderRig } from "../../src/recorder/recorder.test-support.ts";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { systemTimers } from "../../src/runtime/system-ports.ts";
import { AccountBench } from "./account-bench.test-support.ts";

/** The mutation: while it is on, a changed setting makes the core forget which socket numbers it has used. */
const mutation = vi.hoisted(() => ({ isOn: false }));
vi.mock("../../src/core/keepalive.ts", async (original) => {
  const keepalive = await original<typeof import("../../src/core/keepalive.ts")>();
  return {
    ...keepalive,
    rearmKeepalive: (draft: Parameters<typeof keepalive.rearmKeepalive>[0]) => {
      if (mutation.isOn) draft.state = { ...draft.state, nextSocketId: 1 };
      else keepalive.rearmKeepalive(draft);
    },
  };
});

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  mutation.isOn = false;
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

async function breakInvariant(): Promise<void> {
  const before = bench.recordsOf("invariant.report").length;
  mutation.isOn = true;
  runtime.updatePolicy(bench.policy);
  mutation.isOn = false;
  await bench.until(() => bench.recordsOf("invariant.report").length > before, "breach");
}

async function openWith(controller: number): Promise<void> {
  await bench.until(() => {
    const status = runtime.status();
    return status.phase === "open" && status.controller === controller;
  }, `open with controller ${controller}`);
}

it("a broken invariant costs one error line, an incident and a controller, and no message", async () => {
  runtime = await bench.opened();
  const alice = bench.server.world.contact("Alice");
  bench.server.faults.set("no acks", { stage: "ack", kind: "dropped" });
  const sent = bench.sendText(runtime, alice.jid("lid"), "through all this");
  await bench.until(() => bench.recordsOf("send.written").length === 1, "written");
  await breakInvariant();
  bench.server.faults.clear("no acks");
  await openWith(2);
  await expect(sent).resolves.toMatchObject({ outcome: "acked" });
  expect(await alice.inbox.waitFor("through all this")).toMatchObject({ copies: 1 });
  expect(bench.incidents).toEqual([expect.stringMatching(/I2 ids are never reused/u)]);
  expect(bench.server.connections).toHaveLength(1);
  expect(bench.recordsOf("conflict.inspect")).toEqual([]);
  const rig = recorderRig();
  for (const record of bench.records) rig.recorder.append(record);
  expect(rig.lines.filter(({ level }) => level === "error")).toMatchObject([
    { message: expect.stringContaining("whatsapp-continuity/incidents") as string },
  ]);
});

it("the fourth in an hour has to wait, visibly, unless a person restarts the account", async () => {
  runtime = await bench.opened();
  for (const controller of [2, 3, 4]) {
    await breakInvariant();
    await openWith(controller);
  }
  await breakInvariant();
  await bench.until(() => runtime.status().phase === "waiting", "waiting");
  const { cause, nextAttemptAt, socketId } = runtime.status();
  expect({ id: cause?.id, socketId }).toEqual({ id: "own-fault", socketId: null });
  expect((nextAttemptAt ?? 0) - Date.now()).toBeGreaterThan(3_000_000);
  expect(bench.statuses.at(-1)).toMatchObject({ lifecycle: "recovering", causeId: "own-fault" });
  await bench.until(() => bench.server.connections.length === 0, "no connection");
  await runtime.restart();
  await openWith(5);
  expect(bench.incidents).toHaveLength(4);
});

it("an account that broke can be stopped, and another process can have its device", async () => {
  runtime = await bench.opened();
  for (const controller of [2, 3, 4]) {
    await breakInvariant();
    await openWith(controller);
  }
  await breakInvariant();
  await runtime.stop("restart");
  const next = bench.runtime();
  next.start("health-monitor");
  await bench.until(() => next.status().phase === "open", "open");
  expect(bench.server.connections).toHaveLength(1);
  await next.stop("shutdown");
});

it("a mailbox that does not turn any more is replaced", async () => {
  let areLost = false;
  // The supervisor looks ten times as often; its own timer is the only one that goes on.
  bench.timers = {
    start: (delayMs, run) => {
      const isCheck = delayMs === 10_000;
      if (areLost && !isCheck) return () => undefined;
      return systemTimers.start(isCheck ? 1_000 : delayMs, run);
    },
  };
  bench.onIncident = () => {
    areLost = false;
  };
  await bench.account.link(bench.authDir);
  runtime = bench.runtime();
  runtime.start("gateway-start");
  areLost = true;
  await bench.until(() => bench.incidents.length === 1, "incident", 20_000);
  expect(bench.incidents).toEqual([
    expect.stringMatching(/mailbox, nothing was handled for 60 s/u),
  ]);
  await openWith(2);
}, 30_000);
