/** `npm run replay`: the published command plus the depths that need the simulated WhatsApp server. */
import { replayCommand } from "../../src/cli/replay.ts";
import { replayAtBaileysDepth } from "./baileys-depth.ts";
import { GatewayDepth } from "./gateway-depth.ts";

/** Started for the first incident that needs it and used for the others. */
let starting: Promise<GatewayDepth> | undefined;

try {
  process.exitCode = await replayCommand(process.argv.slice(2), {
    baileys: replayAtBaileysDepth,
    gateway: async (file) => {
      starting ??= GatewayDepth.start((text) => void process.stderr.write(`${text}\n`));
      return (await starting).replay(file);
    },
  });
} finally {
  // A gateway that did not start has said so already and has nothing to stop.
  const gateway = await starting?.catch(() => undefined);
  await gateway?.stop();
}
