import * as core from "openclaw-whatsapp-continuity-plugin/core";
import * as events from "openclaw-whatsapp-continuity-plugin/events";
import * as replay from "openclaw-whatsapp-continuity-plugin/replay";
import type { PluginCode } from "./needed-code.ts";

// Written by the build; the tests run from the sources.
declare const PLUGIN_VERSION: string | undefined;
declare const PLUGIN_DIGEST: string | undefined;

/** The copy of the plugin in this extension. */
export const BUNDLED: PluginCode = {
  identity: {
    origin: "bundled",
    version: typeof PLUGIN_VERSION === "undefined" ? "development" : PLUGIN_VERSION,
    digest: typeof PLUGIN_DIGEST === "undefined" ? "sources" : PLUGIN_DIGEST,
    folder: null,
  },
  core,
  events,
  replay,
};
