/** Goal: nothing grows with reconnects: no listener, timer, socket, file handle. */
import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
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

/** What the process holds, by kind. */
function held(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { files: readdirSync("/proc/self/fd").length };
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  for (const event of process.eventNames()) {
    counts[`process ${String(event)}`] = process.listenerCount(event);
  }
  return counts;
}

async function reconnect(times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const socket = await bench.opened();
    // Every way to end takes its turn.
    if (index % 3 === 0)
      bench.server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
    else if (index % 3 === 1) {
      bench.server.faults.set(
        "cut",
        { stage: "open", kind: "stream-error", code: "503" },
        { times: 1 },
      );
    } else socket.close("test");
    await bench.closedOf(socket);
  }
}

async function settled(): Promise<void> {
  await expect.poll(() => bench.server.connections.length).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc?.();
}

it("200 reconnects leave what 20 left", async () => {
  await reconnect(20);
  await settled();
  const after20 = held();
  await reconnect(200);
  await settled();
  const after220 = held();
  for (const [kind, count] of Object.entries(after220)) {
    expect(count, kind).toBeLessThanOrEqual((after20[kind] ?? 0) + 2);
  }
  expect(bench.all("socket.closed")).toHaveLength(220);
}, 60_000);
