/** Goal: an incident happens to the packed plugin in a real gateway as the core decides it. `npm run replay -- PATH --depth gateway` plays more. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayDepth } from "../depths/gateway-depth.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");

let depth: GatewayDepth;

beforeAll(async () => {
  depth = await GatewayDepth.start(() => undefined);
});

afterAll(async () => {
  await depth?.stop();
});

test("440-conflict-loop", async () => {
  const outcome = await depth.replay(join(INCIDENTS, "440-conflict-loop.jsonl"));
  expect(outcome).toMatchObject({ depth: "gateway", ok: true, first: null, invariants: 0 });
});
