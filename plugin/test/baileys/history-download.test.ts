/**
 * Goal: a page of history that lies on the media server is fetched like one inside the message, and one that cannot be fetched harms nothing.
 * Method: a real account with the redirect preload, so that WhatsApp's own host names are used; pages through the simulated media server.
 */
import { REDIRECT_PRELOAD } from "fixtures/whatsapp-server";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AccountRuntime } from "../../src/runtime/account.ts";
import { AccountBench } from "./account-bench.test-support.ts";

let bench: AccountBench;
let runtime: AccountRuntime;

beforeEach(async () => {
  bench = await AccountBench.start({ tls: true });
  Object.assign(process.env, bench.server.redirect.environment());
  await import(`${REDIRECT_PRELOAD}?${bench.server.port}`);
  bench.env = { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: "wss://web.whatsapp.com/ws/chat" };
  runtime = await bench.opened();
});

afterEach(() => bench.stop(runtime));

const texts = (): readonly string[] => bench.admitted.map(({ text }) => text);

/** The connection is replaced, so that something may have been missed meanwhile. */
async function reconnect(): Promise<void> {
  const { server, statuses } = bench;
  const before = statuses.length;
  server.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
  await bench.until(
    () => statuses.slice(before).some(({ lifecycle }) => lifecycle === "ready"),
    "the next connection",
  );
}

/** The server loses what this person writes, and then they quote it: the phone is asked. */
async function quoteWhatWasLost(name: string): Promise<string> {
  const { server, account } = bench;
  const person = server.world.contact(name);
  server.faults.set("lost", { stage: "delivery", kind: "lost" }, { account: "bot" });
  const text = `${name}'s lost words`;
  const id = await person.write(account, text);
  server.faults.clear("lost");
  await person.write(account, "see above", { quote: { id, text, authorJid: person.jid() } });
  return text;
}

it("from the media server, also after one that broke off and one whose link had expired", async () => {
  const { server, account } = bench;
  account.phone.history.behaviour.answer = "blob";
  await reconnect();
  server.faults.set("media", { stage: "media", kind: "truncated" });
  const first = await quoteWhatWasLost("Alice");
  await bench.until(() => bench.recordsOf("fault.raised").length > 0, "the broken download");
  expect(bench.recordsOf("history.answered")).toEqual([]);
  server.faults.clear("media");
  account.phone.history.behaviour.answer = "expired-blob";
  await quoteWhatWasLost("Carol");
  await bench.until(() => bench.recordsOf("fault.raised").length > 1, "the expired link");
  account.phone.history.behaviour.answer = "blob";
  const second = await quoteWhatWasLost("Bob");
  await bench.until(() => texts().includes(second), "the page");
  expect(texts()).not.toContain(first);
  const evidence = bench.recordsOf("gap.suspected").map((record) => record.evidence);
  expect(new Set(evidence)).toEqual(new Set(["quote-unknown"]));
  expect(bench.recordsOf("history.answered")).toMatchObject([{ recovered: 1 }]);
  expect(runtime.status().phase).toBe("open");
  // With the library's own download the one that broke off would have ended the process.
  expect(bench.recordsOf("fault.raised").map(({ origin }) => origin)).toEqual(["effect", "effect"]);
  expect(bench.rejections.unclaimed).toEqual([]);
}, 60_000);
