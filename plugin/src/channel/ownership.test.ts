import { expect, test } from "vitest";
import { officialPluginWins } from "./ownership.ts";

/** As measured in a real gateway with both plugins installed. */
test.each([
  ["nothing named", {}, false],
  [
    "entry enabled, as its installation writes it",
    { entries: { whatsapp: { enabled: true } } },
    true,
  ],
  ["entry disabled by `plugins disable`", { entries: { whatsapp: { enabled: false } } }, false],
  ["allowed beside ours", { allow: ["whatsapp-continuity", "whatsapp"] }, true],
  [
    "allowed but disabled",
    { allow: ["whatsapp"], entries: { whatsapp: { enabled: false } } },
    false,
  ],
  [
    "only ours allowed, entry enabled",
    { allow: ["whatsapp-continuity"], entries: { whatsapp: { enabled: true } } },
    true,
  ],
  ["denied", { deny: ["whatsapp"], entries: { whatsapp: { enabled: true } } }, false],
  ["plugins off", { enabled: false, entries: { whatsapp: { enabled: true } } }, false],
])("%s", (_case, plugins, wins) => {
  expect(officialPluginWins({ plugins })).toBe(wins);
});
