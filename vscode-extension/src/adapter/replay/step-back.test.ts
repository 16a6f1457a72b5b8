import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HeaderRecord, LogRecord } from "openclaw-whatsapp-continuity-plugin/events";
import { serialiseLog } from "openclaw-whatsapp-continuity-plugin/events";
import { expect, test } from "vitest";
import { HEADER } from "../../model/story.test-support.ts";
import { BUNDLED } from "./bundled-code.ts";
import { DapClient } from "./dap-client.test-support.ts";
import { LocalEngine } from "./local-engine.ts";
import { ReplaySession } from "./replay-session.ts";
import { RuleSources } from "./rule-sources.ts";

const RECORDS = 100_000;
const LIMIT_MS = 50;
const STEPS = 20;

/** A day of an account that is watched, as long as it takes. */
function longIncident(): string {
  const header: HeaderRecord = HEADER;
  const records: LogRecord[] = [header];
  const add = (at: number, fields: object): void => {
    const envelope = { boot: "b1", seq: records.length, at, account: "work", dir: "in" };
    records.push({ ...envelope, ...fields } as LogRecord);
  };
  add(1, {
    kind: "controller.started",
    controllerId: 1,
    reason: "gateway-start",
    credentials: "linked",
  });
  add(2, { kind: "owner.resolved", result: "acquired" });
  add(3, { kind: "socket.upgraded", socketId: 1 });
  add(4, { kind: "socket.opened", socketId: 1, self: { pn: "user-1", lid: "user-2" } });
  while (records.length < RECORDS + 2)
    add(records.length * 100, {
      kind: "liveness.sampled",
      socketId: 1,
      frameAgeMs: 10,
      bufferedBytes: 0,
    });
  return serialiseLog(records);
}

/** Measured: 94 MB for 100,000 records of 140 bytes each. */
const MEMORY_LIMIT_BYTES = 200 * 1024 * 1024;

test("a session on 100,000 records takes at most 200 MB", async () => {
  const evidence = longIncident();
  const engine = new LocalEngine(BUNDLED);
  const before = usedBytes();
  const incident = await engine.open({ incident: "long", file: "long", evidence, golden: null });
  // Breakpoints everywhere are kept as a table, and the views that it was made of are not.
  const everywhere = { id: 1, pattern: "*", condition: null, hitCondition: null };
  const { stops } = await engine.stopTable({
    lines: [],
    names: [everywhere],
    data: [],
    filters: [],
  });
  const used = usedBytes() - before;
  expect(incident.lines.length).toBe(stops.length);
  console.log(`# memory of ${RECORDS} records: ${(used / 1024 / 1024).toFixed(0)} MB`);
  expect(used).toBeLessThanOrEqual(MEMORY_LIMIT_BYTES);
}, 90_000);

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("a step back at record 100,000 takes at most 50 ms, with everything that is shown afterwards", async () => {
  const evidence = longIncident();
  const session = new ReplaySession({
    bundled: BUNDLED.identity,
    open: async ({ program }) => {
      const engine = new LocalEngine(BUNDLED);
      const incident = await engine.open({
        incident: "long",
        file: program,
        evidence,
        golden: null,
      });
      return { engine, incident, path: program, rules: new RuleSources([]), notes: [] };
    },
  });
  const client = new DapClient(session);
  await client.launch({ program: "/long.jsonl", line: RECORDS + 1 });
  expect((await client.frames())[0]?.line).toBe(RECORDS + 1);
  const times: number[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const began = performance.now();
    await client.go("stepBack");
    await client.scope("State");
    times.push(performance.now() - began);
  }
  expect((await client.frames())[0]?.line).toBe(RECORDS + 1 - STEPS);
  const sorted = times.toSorted((one, other) => one - other);
  // The median: another process on the machine may take a whole slice of one of them.
  const median = sorted[STEPS / 2] ?? Infinity;
  console.log(
    `# step back at record ${RECORDS}: median ${median.toFixed(1)} ms, slowest ${sorted.at(-1)?.toFixed(1)} ms`,
  );
  expect(median).toBeLessThanOrEqual(LIMIT_MS);
}, 90_000);
