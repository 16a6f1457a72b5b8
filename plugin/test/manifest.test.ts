import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildManifest } from "../src/channel/config/manifest.ts";

const file = new URL("../openclaw.plugin.json", import.meta.url);

test("openclaw.plugin.json is what the config tables say (UPDATE_MANIFEST=1 rewrites it)", () => {
  const expected = `${JSON.stringify(buildManifest(), null, 2)}\n`;
  if (process.env["UPDATE_MANIFEST"] === "1") writeFileSync(file, expected);
  expect(readFileSync(file, "utf8")).toBe(expected);
});
