import { expect, it } from "vitest";
import type { LogRecord } from "../../src/events/index.ts";
import { recorderRig } from "../../src/recorder/recorder.test-support.ts";
import { playStory } from "../depths/baileys-depth.ts";

const HOUR_MS = 3_600_000;
const BOOT = "quiet-day";

/** A day on which a contact writes every two hours and nothing goes wrong. */
function quietDay(): readonly LogRecord[] {
  const world = { boot: BOOT, account: "default", dir: "world", derived: true } as const;
  const written = Array.from({ length: 11 }, (_, index): LogRecord => {
    const at = (index + 1) * 2 * HOUR_MS;
    return {
      ...world,
      seq: index + 2,
      at,
      kind: "contact.wrote",
      contact: "user-3",
      chat: "user-3",
      ref: `m${index}`,
      addressing: "lid",
    };
  });
  return [
    {
      boot: BOOT,
      seq: 0,
      at: 0,
      dir: "in",
      kind: "log.header",
      format: "whatsapp-continuity-log",
      version: 1,
      startedAt: "2026-09-01T00:00:00.000Z",
      seed: BOOT,
      plugin: "0.1.0",
      baileys: "7.0.0-rc14",
    },
    { ...world, seq: 1, at: 0, kind: "operator.ordered", act: "start" },
    ...written,
    { ...world, seq: 99, at: 24 * HOUR_MS, kind: "world.ended" },
  ];
}

it("a quiet day of unmodified Baileys keeps one socket and at most 50 lines in the gateway's log", async () => {
  const records = await playStory(quietDay());
  expect(records.filter((record) => record.kind === "socket.open")).toHaveLength(1);
  const admitted = records.filter((record) => record.kind === "message.admit");
  expect(admitted).toHaveLength(11);

  const rig = recorderRig();
  for (const record of records) {
    rig.clock.advance(Math.max(0, record.at - rig.clock.monotonicMs()));
    rig.recorder.append(record);
  }
  rig.recorder.close();
  expect(records.length).toBeGreaterThan(5_000);
  expect(rig.lines.length).toBeGreaterThan(1);
  expect(rig.lines.length).toBeLessThanOrEqual(50);
  expect(rig.lines.filter((line) => line.level === "error")).toEqual([]);
}, 90_000);
