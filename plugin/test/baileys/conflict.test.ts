/** Goal: a connection that was taken over comes back where it was ourselves, waits where it was another process, and never fights. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { recorderRig } from "../../src/recorder/recorder.test-support.ts";
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

function takeOver(): void {
  bench.server.faults.set("taken", { stage: "open", kind: "replaced" }, { times: 1 });
}

async function inspected() {
  await bench.until(() => bench.recordsOf("conflict.inspected").length > 0, "inspected");
  return bench.recordsOf("conflict.inspected")[0];
}

async function open(): Promise<void> {
  await bench.until(() => runtime.status().phase === "open", "open");
}

it("a forgotten socket of this process is ended, and the connection comes back by itself", async () => {
  runtime = await bench.opened();
  bench.straySocket();
  expect(await inspected()).toMatchObject({ finding: "own-socket", socketId: null });
  await open();
  await bench.until(() => bench.server.connections.length === 1, "one connection");
  expect(runtime.status().socketId).toBe(2);
  expect(bench.statuses.filter(({ terminal }) => terminal)).toEqual([]);
});

it("a forgotten socket is ended before it can take anything over", async () => {
  runtime = await bench.opened();
  await runtime.stop("restart");
  const reported = bench.straySocket();
  await bench.until(() => reported.some(({ kind }) => kind === "socket.opened"), "stray open");
  runtime.start("operator");
  await open();
  await bench.until(() => bench.server.connections.length === 1, "one connection");
  expect(reported.at(-1)).toMatchObject({ kind: "socket.closed", origin: "local" });
});

describe("another process of this machine", () => {
  const holder = fileURLToPath(new URL("owner-lock.child.ts", import.meta.url));

  it("that took the owner lock is named, waited for and followed", async () => {
    runtime = await bench.opened();
    // As in a container that shares the folder and sees no process of ours: it takes our lock for a dead one's.
    rmSync(`${realpathSync(bench.authDir)}.lock`);
    const child = spawn(process.execPath, [holder, bench.authDir], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, OPENCLAW_STATE_DIR: "/home/somebody/state" },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    takeOver();
    const named = `process ${child.pid} (node owner-lock.child.ts, state directory `;
    expect(await inspected()).toMatchObject({
      finding: "other-process",
      holdsLock: true,
      holder: expect.stringContaining(named) as string,
    });
    await bench.until(
      () => bench.recordsOf("owner.resolved").some(({ result }) => result === "busy"),
      "asked for the lock again",
    );
    expect(JSON.stringify([bench.records, runtime.status()])).not.toContain("somebody");
    await bench.until(() => runtime.status().phase === "waiting", "waiting");
    expect(runtime.status().cause).toMatchObject({
      id: "owner-busy",
      facts: { holder: expect.stringContaining(named) as string },
    });
    // Somebody else's lock stays where it is.
    expect(readFileSync(`${realpathSync(bench.authDir)}.lock`, "utf8")).toContain(`${child.pid}`);
    child.kill("SIGKILL");
    await open();
    expect(bench.server.connections).toHaveLength(1);
  });

  it("that writes the credentials without asking for the lock is named, and a person is needed", async () => {
    runtime = await bench.opened();
    const shell = spawnSync(
      "/bin/sh",
      ["-c", `"${process.execPath}" -e "setTimeout(() => {}, 60000)" >/dev/null 2>&1 & echo $!`],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        env: { OPENCLAW_STATE_DIR: dirname(realpathSync(bench.authDir)) },
      },
    );
    const pid = Number(shell.stdout);
    onTestFinished(() => void process.kill(pid, "SIGKILL"));
    // The library saves several times after a login; the last one wins.
    await bench.until(() => bench.recordsOf("credentials.changed").length > 0, "saved");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const file = join(bench.authDir, "creds.json");
    const creds = JSON.parse(readFileSync(file, "utf8")) as { accountSyncCounter: number };
    writeFileSync(file, JSON.stringify({ ...creds, accountSyncCounter: 99 }));
    takeOver();
    expect(await inspected()).toMatchObject({
      finding: "other-process",
      holdsLock: false,
      holder: expect.stringContaining(`process ${pid} (node, state directory`) as string,
    });
    await bench.until(() => runtime.status().phase === "blocked", "blocked");
    expect(runtime.status().cause).toMatchObject({ id: "conflict-other-process" });
  });
});

it("somebody elsewhere costs one error line, and nothing is written or tried after it", async () => {
  runtime = await bench.opened();
  const before = bench.records.length;
  takeOver();
  expect(await inspected()).toMatchObject({ finding: "external" });
  await bench.until(() => runtime.status().phase === "blocked", "blocked");
  const rig = recorderRig();
  for (const record of bench.records.slice(before)) rig.recorder.append(record);
  const lines = rig.lines.length;
  expect(rig.lines.filter(({ level }) => level === "error")).toMatchObject([
    { message: expect.stringMatching(/^WhatsApp needs you\. Another program/u) as string },
  ]);
  const recorded = bench.records.length;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(bench.records.slice(recorded)).toEqual([]);
  rig.clock.advance(24 * 60 * 60 * 1000);
  expect(rig.lines).toHaveLength(lines);
  // By `channels.stop` and `channels.start` a person takes the connection back.
  await runtime.stop("restart");
  runtime.start("unknown");
  await open();
});

it("by config somebody elsewhere is looked for once more after a while", async () => {
  const { policy } = bench;
  bench.policy = { ...policy, recovery: { ...policy.recovery, conflictProbeMs: 300 } };
  runtime = await bench.opened();
  takeOver();
  await bench.until(() => runtime.status().phase === "blocked", "blocked");
  await open();
  expect(bench.rules()).toContain("conflict/probe");
});
