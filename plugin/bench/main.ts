/**
 * `npm run bench [-- --json]`: figures of speed and size. Times of a busy machine say little, so what can be a ratio within one run is one;
 * `ok` says whether every bound of the list holds.
 */
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureServer } from "fixtures/whatsapp-server/measure";
import { measureInbound } from "./inbound-figures.ts";
import { measureMemory } from "./memory-figures.ts";
import { measureReplay } from "./replay-figures.ts";
import { measureVirtualDay } from "./virtual-day.ts";

interface Bound {
  readonly figure: string;
  readonly holds: boolean;
  readonly wanted: string;
}

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const say = (line: string): void => void process.stderr.write(`${line}\n`);
say("the simulated WhatsApp with bare Baileys ...");
const server = await measureServer();
say("one virtual day with 24 reconnects ...");
const virtualDay = await measureVirtualDay();
say("the plugin beside bare Baileys ...");
const connection = await measureInbound();
say("100,000 messages ...");
const memory = await measureMemory();
say("replay ...");
const replay = measureReplay();

const figures = { server, virtualDay, connection, memory, replay };
const bounds: readonly Bound[] = [
  bound("server.connectMs", server.connectMs <= 60, "<= 60 ms"),
  bound("server.inboundPerSecond", server.inboundPerSecond >= 500, ">= 500"),
  bound("virtualDay.ms", virtualDay.ms <= 10_000, "<= 10 s"),
  bound("server.accounts", server.accounts >= 20, "20 in one process"),
  bound("replay.stepBackMs", replay.stepBackMs <= 50, "<= 50 ms at record 100,000"),
  bound(
    "connection.inboundRatio",
    connection.inboundRatio >= 0.95,
    "journalled >= 95 % of bare Baileys",
  ),
  // The same in CPU time, which other work on the machine does not change.
  bound("connection.inboundCpuRatio", connection.inboundCpuRatio <= 1.05, "<= 1 / 95 %"),
  bound("connection.addedLatencyMs", connection.addedLatencyMs <= 1, "median <= 1 ms"),
  bound(
    "memory.heapGrowthMegabytes",
    memory.heapGrowthMegabytes <= 16,
    "<= 16 MB over 80,000 of 100,000 messages",
  ),
  bound("memory.journalMegabytes", memory.journalMegabytes <= 16 + 8, "within its limit and WAL"),
];
const ok = bounds.every(({ holds }) => holds);
for (const { figure, holds, wanted } of bounds)
  say(`${holds ? "holds    " : "DOES NOT "} ${figure} ${wanted}`);
const machine = {
  cores: availableParallelism(),
  model: cpus()[0]?.model ?? "unknown",
  node: process.version,
};
if (values.json) process.stdout.write(`${JSON.stringify({ ok, machine, figures, bounds })}\n`);
else say(JSON.stringify(figures, null, 2));
process.exitCode = ok ? 0 : 1;

function bound(figure: string, holds: boolean, wanted: string): Bound {
  return { figure, holds, wanted };
}
