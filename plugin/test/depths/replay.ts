/** `npm run replay`: the published command plus the depths that need the simulated WhatsApp server. */
import { replayCommand } from "../../src/cli/replay.ts";
import { replayAtBaileysDepth } from "./baileys-depth.ts";

process.exitCode = await replayCommand(process.argv.slice(2), { baileys: replayAtBaileysDepth });
