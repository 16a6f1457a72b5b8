/** Names that other software knows us by. They are fixed: configs, logs and other plugins refer to them. */

export const PLUGIN_ID = "whatsapp-continuity";
/** The channel we own. Shared with the official plugin so that a user's `channels.whatsapp` and credentials keep working. */
export const CHANNEL_ID = "whatsapp";
/** Plugin id of the official WhatsApp plugin, which owns the same channel. */
export const OFFICIAL_PLUGIN_ID = "whatsapp";
/** Where this plugin's own settings live in openclaw.json. */
export const SETTINGS_PATH = `plugins.entries.${PLUGIN_ID}.config`;
/** The agent's tool; the official plugin's has the same name. */
export const LOGIN_TOOL = "whatsapp_login";
