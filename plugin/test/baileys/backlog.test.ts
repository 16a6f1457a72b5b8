/** Goal: a backlog of any size comes whole, once, however the server hands it over, and what is written afterwards comes too. */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

/** Beyond everything that is asked for at once or handled at a time. */
const MESSAGES = 700;

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start();
});

afterEach(async () => {
  await bench.stop(runtime);
  bench.server.assertNoErrors();
});

it.each(["pull", "push"] as const)(
  `model %s: ${MESSAGES} waiting messages, then a live one`,
  async (model) => {
    bench.server.settings.offline.model = model;
    await bench.account.link(bench.authDir);
    const alice = bench.server.world.contact("Alice");
    for (let index = 0; index < MESSAGES; index += 1) await alice.write(bench.account, `${index}`);
    runtime = bench.runtime();
    runtime.start("gateway-start");
    await bench.until(() => bench.admitted.length === MESSAGES, "the backlog", 60_000);
    await bench.server.world.contact("Bob").write(bench.account, "live");
    await bench.message("live", 30_000);
    const texts = bench.admitted.map(({ text }) => text);
    expect(texts).toHaveLength(MESSAGES + 1);
    expect(new Set(texts).size).toBe(MESSAGES + 1);
    await expect.poll(() => bench.account.pending).toBe(0);
    const all = {
      announced: MESSAGES,
      delivered: MESSAGES,
      journalled: MESSAGES,
      receipted: MESSAGES,
    };
    // Written when the last of them is in the journal, however far the end marker is ahead of the decryption.
    expect(bench.recordsOf("drain.close")).toMatchObject([{ outcome: "complete", ...all }]);
    expect(runtime.status().drain).toEqual(all);
  },
  120_000,
);
