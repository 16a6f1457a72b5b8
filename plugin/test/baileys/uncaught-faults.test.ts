/**
 * Goal: what the library throws where nobody catches it ends a connection and never the process.
 * Method: unmodified Baileys in a whole account; the faults are those that end a bare Baileys client (fixtures/whatsapp-server/faults.test.ts).
 */
import { randomBytes } from "node:crypto";
import { downloadContentFromMessage } from "@whiskeysockets/baileys";
import { type Fault, REDIRECT_PRELOAD } from "fixtures/whatsapp-server";
import { afterEach, describe, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { inNameOf } from "../../src/runtime/fault-attribution.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

afterEach(async () => {
  await bench.stop(runtime);
});

async function successorWorks(): Promise<void> {
  await bench.until(
    () => runtime.status().socketId === 2 && runtime.status().phase === "open",
    "successor",
  );
  await bench.server.world.contact("Alice").write(bench.account, "still there");
  await bench.message("still there");
  expect(bench.rejections.unclaimed).toEqual([]);
}

describe("frames nobody can read", () => {
  const frames: readonly Fault[] = [
    { stage: "open", kind: "garbage-frame" },
    { stage: "open", kind: "malformed-node" },
  ];

  it.each(frames)("$kind: the socket is replaced and messages go on", async (fault) => {
    bench = await AccountBench.start();
    runtime = await bench.opened();
    bench.server.faults.set("bad", fault, { times: 1 });
    await bench.until(() => bench.recordsOf("fault.raised").length > 0, "fault.raised");
    expect(bench.recordsOf("fault.raised")[0]).toMatchObject({ origin: "crypto", socketId: 1 });
    await successorWorks();
    const closed = bench.recordsOf("status.publish").filter(({ causeId }) => causeId !== null);
    expect(closed[0]).toMatchObject({ causeId: "crypto-fault", terminal: false });
  });

  it("a text frame in between is survived too", async () => {
    bench = await AccountBench.start();
    runtime = await bench.opened();
    bench.server.faults.set("bad", { stage: "open", kind: "text-frame" }, { times: 1 });
    bench.server.faults.set("cut", { stage: "open", kind: "fin" }, { times: 1, afterMs: 300 });
    await successorWorks();
    expect(bench.recordsOf("status.publish").some(({ terminal }) => terminal)).toBe(false);
  });
});

it("a download that breaks off in the middle: the library waits for ever, so the socket is replaced", async () => {
  bench = await AccountBench.start({ tls: true });
  Object.assign(process.env, bench.server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${bench.server.port}`);
  bench.env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.com/ws/chat" };
  runtime = await bench.opened();
  bench.server.faults.set("cut", { stage: "media", kind: "truncated" });
  const stored = await bench.server.media.store(randomBytes(50_000), "image");
  let ended = false;
  // As the library downloads a history or an app state by itself, inside what a socket started.
  inNameOf("bot", 1, () => {
    const read = async (): Promise<void> => {
      for await (const chunk of await downloadContentFromMessage(stored, "image")) void chunk;
      ended = true;
    };
    void read();
  });
  await bench.until(() => bench.recordsOf("fault.raised").length > 0, "fault.raised");
  expect(bench.recordsOf("fault.raised")[0]).toMatchObject({
    origin: "listener",
    socketId: 1,
    error: { name: "TypeError", message: "terminated" },
  });
  expect(ended).toBe(false);
  await successorWorks();
});

it("what a socket began may fail after the account was stopped", async () => {
  bench = await AccountBench.start();
  runtime = await bench.opened();
  await runtime.stop("shutdown");
  inNameOf("bot", 1, () => {
    void Promise.reject(new Error("Cannot call write after a stream was destroyed"));
  });
  await bench.until(() => bench.recordsOf("fault.raised").length > 0, "fault.raised");
  expect(bench.rejections.unclaimed).toEqual([]);
  expect(runtime.status().phase).toBe("stopped");
});

it("an exception of somebody else is not ours", async () => {
  bench = await AccountBench.start();
  runtime = await bench.opened();
  setTimeout(() => {
    throw new Error("of another plugin");
  }, 0);
  await bench.until(() => bench.rejections.unclaimed.length > 0, "the exception");
  expect(bench.recordsOf("fault.raised")).toEqual([]);
  bench.rejections.unclaimed.length = 0;
});
