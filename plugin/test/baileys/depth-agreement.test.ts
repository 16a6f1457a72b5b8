/** Goal: what the core decides for a recorded incident is what the plugin does when the incident happens to it on unmodified Baileys. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type LogRecord, parseLog } from "../../src/events/index.ts";
import { playStory, replayAtBaileysDepth } from "../depths/baileys-depth.ts";
import { outcomeOf } from "../depths/outcome.ts";

const INCIDENTS = join(import.meta.dirname, "../../../fixtures/incidents");

/** One of each kind, chosen by cost; `npm run replay -- fixtures/incidents --depth baileys` plays all. */
it.each([
  "401-that-recovers",
  "405-client-outdated",
  "428-during-setup",
  "440-conflict-loop",
  "440-own-socket",
  "503-missed-group-messages",
  "enotfound-dead-channel",
  "message-during-gateway-restart",
  "reply-after-teardown",
  "reply-inside-the-gap",
  "send-outcome-unknown",
  "supplier-message-lost",
])(
  "%s",
  async (slug) => {
    expect(await replayAtBaileysDepth(join(INCIDENTS, `${slug}.jsonl`))).toMatchObject({
      incident: slug,
      depth: "baileys",
      ok: true,
      first: null,
      invariants: 0,
    });
  },
  60_000,
);

it("a gateway that is killed, and later stopped: both times are outages with their cause", async () => {
  const file = join(INCIDENTS, "../scenarios/gateway-was-down.jsonl");
  expect(await replayAtBaileysDepth(file)).toMatchObject({ ok: true, first: null, invariants: 0 });
}, 60_000);

function evidenceOf(slug: string): readonly LogRecord[] {
  return parseLog(readFileSync(join(INCIDENTS, `${slug}.jsonl`), "utf8")).records;
}

it("a world that does something else than the evidence says is found", async () => {
  const evidence = evidenceOf("stream-error-503");
  const planted = evidence.map((record) =>
    record.kind === "server.struck"
      ? { ...record, strike: "device-removed" as const, status: 401 }
      : record,
  );
  const outcome = outcomeOf("planted", "baileys", evidence, await playStory(planted), 0);
  expect(outcome).toMatchObject({
    ok: false,
    first: {
      strand: "connection",
      expected: "close/transient stream-unavailable",
      actual: "close/permanent device-removed",
    },
  });
});

it("a message that never arrives is found", async () => {
  const evidence = evidenceOf("lid-sender-dropped");
  const planted = evidence.filter((record) => record.kind !== "contact.wrote");
  const outcome = outcomeOf("planted", "baileys", evidence, await playStory(planted), 0);
  expect(outcome).toMatchObject({
    ok: false,
    first: { strand: "message 1", expected: "inbound/live", actual: null },
  });
});
