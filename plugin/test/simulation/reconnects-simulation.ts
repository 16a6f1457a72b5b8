import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DEFAULT_POLICY } from "../../src/core/index.ts";
import { AccountBench } from "../baileys/account-bench.test-support.ts";
import type { SeededRun, Simulation, Violation } from "./simulation.ts";

const WARM_UP = 100;
const RECONNECTS = 1_000;
/** Ids, faults and caches of the simulated server in the same process take their share. */
const MEGABYTES_MAX = 12;
const OPEN_LIMIT_MS = 60_000;

/** A whole account, real Baileys, lock and journal, in real time: what a reconnect leaves behind, a thousand of them leave a thousand times. */
export const RECONNECTS_LEAVE_NOTHING: Simulation = {
  name: "reconnects",
  summary: `${RECONNECTS} reconnects of one account leave no listener, timer, handle or memory behind, in real time`,
  onRequest: true,
  once: true,
  async run(_seed, _days, say): Promise<SeededRun> {
    const bench = await AccountBench.start();
    // Without patience, or a thousand reconnects would take a day.
    bench.policy = {
      ...DEFAULT_POLICY,
      recovery: { ...DEFAULT_POLICY.recovery, maxDelayMs: 20, attemptsPerHour: 1_000_000 },
    };
    const runtime = await bench.opened();
    try {
      await reconnect(bench, WARM_UP);
      const before = await held(bench);
      say(`after ${WARM_UP}: ${JSON.stringify(before)}`);
      await reconnect(bench, RECONNECTS);
      const after = await held(bench);
      say(`after ${WARM_UP + RECONNECTS}: ${JSON.stringify(after)}`);
      const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
      return {
        virtualMs: 0,
        violations: kinds.flatMap((kind) => grown(kind, before[kind] ?? 0, after[kind] ?? 0)),
        records: [],
        table: {
          title: `What the process holds after ${WARM_UP} reconnects and after ${RECONNECTS} more`,
          columns: ["held", `after ${WARM_UP}`, `after ${WARM_UP + RECONNECTS}`],
          rows: kinds.map((kind) => [kind, before[kind] ?? 0, after[kind] ?? 0]),
        },
      };
    } finally {
      await bench.stop(runtime);
    }
  },
};

async function reconnect(bench: AccountBench, times: number): Promise<void> {
  const faults = [
    { stage: "open", kind: "reset" },
    { stage: "open", kind: "fin" },
    { stage: "open", kind: "stream-error", code: "503" },
    { stage: "open", kind: "garbage-frame" },
    { stage: "login", kind: "failure", reason: "503" },
  ] as const;
  for (let index = 0; index < times; index += 1) {
    const fault = faults[index % faults.length] ?? faults[0];
    const opened = bench.recordsOf("socket.opened").length;
    bench.server.faults.set("cut", fault, { times: 1 });
    if (fault.stage === "login") {
      bench.server.faults.set("end", { stage: "open", kind: "fin" }, { times: 1 });
    }
    const isBack = (): boolean => bench.recordsOf("socket.opened").length > opened;
    await bench.until(isBack, `reconnect ${index}`, OPEN_LIMIT_MS);
    // What the bench itself remembers is no growth of the plugin.
    bench.records.length = 0;
    bench.statuses.length = 0;
  }
}

const collectGarbage = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

/** What the process holds at rest, by kind. */
async function held(bench: AccountBench): Promise<Readonly<Record<string, number>>> {
  await bench.until(() => bench.server.connections.length === 1, "one connection");
  await sleep(3_000);
  collectGarbage();
  const counts: Record<string, number> = {
    "open files": readdirSync("/proc/self/fd").length,
    "heap MB": Math.round(process.memoryUsage().heapUsed / 2 ** 20),
  };
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  for (const event of process.eventNames()) {
    counts[`process on ${String(event)}`] = process.listenerCount(event);
  }
  return counts;
}

function grown(kind: string, before: number, after: number): readonly Violation[] {
  const most = kind === "heap MB" ? MEGABYTES_MAX : 2;
  if (after - before <= most) return [];
  return [{ rule: "reconnects/growth", detail: `${kind}: ${before} became ${after}` }];
}
