import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { BAILEYS_VERSION, PLUGIN_VERSION } from "./versions.ts";

test("logs name the versions that are installed", () => {
  const own = new URL("../../package.json", import.meta.url);
  expect(JSON.parse(readFileSync(own, "utf8"))).toMatchObject({ version: PLUGIN_VERSION });
  const entry = createRequire(import.meta.url).resolve("@whiskeysockets/baileys");
  const library = new URL("../package.json", `file://${entry}`);
  expect(JSON.parse(readFileSync(library, "utf8"))).toMatchObject({ version: BAILEYS_VERSION });
});
