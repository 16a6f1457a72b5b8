/*
 * Versions that logs and the phone's device list name. The plugin runs from a copy whose package.json is not beside this file, so they are
 * written here; a test compares them with package.json and the installed library.
 */
export const PLUGIN_VERSION = "0.1.0";
export const BAILEYS_VERSION = "7.0.0-rc14";

/** Name, client and version in the phone's list of linked devices; sent once, when linking. */
export const DEVICE_NAME = ["OpenClaw", "Desktop", PLUGIN_VERSION] as const;
