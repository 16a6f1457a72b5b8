/** `npm run replay`: the published command plus the depths that need the simulated WhatsApp server. */
import { replayCommand } from "../../src/cli/replay.ts";
import { replayAtBaileysDepth } from "./baileys-depth.ts";
import { GatewayDepth } from "./gateway-depth.ts";

let gateway: Promise<GatewayDepth> | undefined;

process.exitCode = await replayCommand(process.argv.slice(2), {
  baileys: replayAtBaileysDepth,
  gateway: async (file) => {
    gateway ??= GatewayDepth.start((text) => void process.stderr.write(`${text}\n`));
    return (await gateway).replay(file);
  },
}).finally(async () => (await gateway?.catch(() => undefined))?.stop());
