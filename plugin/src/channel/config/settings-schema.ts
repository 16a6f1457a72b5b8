import { byName, choice, closed, type JsonSchema } from "./json-schema.ts";
import { COMMAND_LIMITS, type Setting, SETTINGS } from "./settings.ts";

/** JSON Schema of one setting. An address is checked in full only by the reader: draft 7 has no format that means it. */
function schemaOf(setting: Setting): JsonSchema {
  const description = setting.about;
  switch (setting.kind) {
    case "choice":
      return { ...choice(...setting.values), description };
    case "number":
      return { type: "integer", minimum: setting.min, maximum: setting.max, description };
    case "flag":
      return { type: "boolean", description };
    case "url":
      return { type: "string", description };
    case "command":
      return {
        type: "array",
        items: { type: "string", maxLength: COMMAND_LIMITS.characters },
        maxItems: COMMAND_LIMITS.words,
        description,
      };
  }
}

function sections(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([section, keys]) => [
      section,
      closed(
        Object.fromEntries(Object.entries(keys).map(([key, setting]) => [key, schemaOf(setting)])),
      ),
    ]),
  );
}

/** Schema of `plugins.entries.whatsapp-continuity.config`. Defaults are not in it: an account inherits what is not set. */
export const settingsSchema: JsonSchema = closed({
  ...sections(),
  accounts: byName(closed(sections())),
});
