import type * as core from "openclaw-whatsapp-continuity-plugin/core";
import type * as events from "openclaw-whatsapp-continuity-plugin/events";
import type * as replay from "openclaw-whatsapp-continuity-plugin/replay";
import type { CodeIdentity } from "./engine.ts";

/** What a copy of the plugin must offer to be replayed with. */
export const NEEDED = {
  core: ["describeCause"],
  events: ["isLogFormatError", "isLogVersionError"],
  replay: [
    "createCursor",
    "describeEffect",
    "describeInput",
    "formatDuration",
    "replayIncident",
    "writeGolden",
  ],
} as const;

/** The parts of the plugin that a replay runs. All three come from one copy, so that a workspace's new vocabulary is understood too. */
export interface PluginCode {
  readonly identity: CodeIdentity;
  readonly core: Pick<typeof core, (typeof NEEDED.core)[number]>;
  readonly events: Pick<typeof events, (typeof NEEDED.events)[number]>;
  readonly replay: Pick<typeof replay, (typeof NEEDED.replay)[number]>;
}
