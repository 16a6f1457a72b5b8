/**
 * Goal: frames that end the process of a bare Baileys client cost a connection and never the gateway.
 * Method: a real gateway with the packed plugin; after each fault the same process answers a message.
 */
import { type Gateway, startGateway } from "fixtures/gateway";
import {
  type Fault,
  type SimulatedAccount,
  startWhatsAppServer,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { packedPlugin } from "./packed-plugin.ts";

let whatsapp: WhatsAppServer;
let account: SimulatedAccount;
let gateway: Gateway;

beforeAll(async () => {
  whatsapp = await startWhatsAppServer();
  account = whatsapp.world.account("Shop");
  gateway = await startGateway({
    plugin: await packedPlugin(),
    whatsappServer: whatsapp,
    config: { channels: { whatsapp: { enabled: true, dmPolicy: "open", allowFrom: ["*"] } } },
    beforeStart: async ({ authDir }) => void (await account.link(authDir("default"))),
  });
  await vi.waitUntil(() => account.connected, { timeout: 60_000 });
});

afterAll(async () => {
  await gateway?.stop();
  await whatsapp?.stop();
});

const FRAMES: readonly Fault[] = [
  { stage: "open", kind: "garbage-frame" },
  { stage: "open", kind: "malformed-node" },
];

test.each(FRAMES)("$kind", async (fault) => {
  const { pid } = gateway;
  const previous = account.companions[0]?.connection;
  whatsapp.faults.set("bad", fault, { times: 1 });
  await expect
    .poll(() => account.connected && account.companions[0]?.connection !== previous, {
      timeout: 30_000,
    })
    .toBe(true);
  const alice = whatsapp.world.contact("Alice");
  await alice.write(account, `alive after ${fault.kind}`);
  const answer = await alice.inbox.waitFor(
    ({ text }) => text.includes(`alive after ${fault.kind}`),
    60_000,
  );
  expect(answer.copies).toBe(1);
  expect(gateway.pid).toBe(pid);
  process.kill(pid, 0);
});
