import { readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleNeutral, NEUTRAL_ENTRIES, packagesLoadedBy } from "./architecture/bundle.ts";
import { cruiseLayers } from "./architecture/cruise-layers.ts";
import { PLUGIN, ROOT, runTool } from "./architecture/tools.ts";

test("every import points to a lower layer", async () => {
  const { modules, edges, violations } = await cruiseLayers(ROOT, [
    "plugin",
    "fixtures",
    "vscode-extension",
  ]);
  expect(violations).toEqual([]);
  // A graph that was not read breaks no rule: each part and each kind of arrow must have been seen.
  for (const seen of [
    "plugin/src/core/",
    "plugin/src/channel/",
    "fixtures/",
    "vscode-extension/src/",
  ]) {
    expect(modules.filter((module) => module.startsWith(seen)).length, seen).toBeGreaterThan(0);
  }
  for (const seen of [
    /core\/.* -> .*src\/events/u,
    /-> .*@whiskeysockets\/baileys/u,
    /-> .*\/openclaw\//u,
  ]) {
    expect(edges.filter((edge) => seen.test(edge)).length, String(seen)).toBeGreaterThan(0);
  }
});

test("events, core and replay compile without Node, without the DOM and without timers", async () => {
  const listed = await runTool("tsc", ["-p", "tsconfig.core.json", "--listFilesOnly"], PLUGIN);
  const files = listed.output.split("\n").filter((file) => !file.includes("/typescript/lib/"));
  for (const folder of ["events", "core", "replay"]) {
    expect(
      files.filter((file) => file.includes(`/plugin/src/${folder}/`)).length,
      folder,
    ).toBeGreaterThan(0);
  }
  expect(files.filter((file) => file.includes("/node_modules/"))).toEqual([]);
  expect(await runTool("tsc", ["-p", "tsconfig.core.json"], PLUGIN)).toEqual({
    status: 0,
    output: "",
  });
});

test.each(NEUTRAL_ENTRIES)("%s bundles for no platform, with nothing external", async (entry) => {
  expect(await bundleNeutral(PLUGIN, entry)).toBeGreaterThan(1_000);
});

test.each(["index.ts", "setup-entry.ts"])("%s does not load Baileys", async (entry) => {
  const packages = await packagesLoadedBy(PLUGIN, entry);
  expect([...packages].filter((name) => name.startsWith("openclaw/")).length).toBeGreaterThan(0);
  expect([...packages].filter((name) => name.startsWith("@whiskeysockets/"))).toEqual([]);
});

test("the top level holds the three parts and nothing beside them", () => {
  const visible = readdirSync(ROOT).filter(
    (name) => !name.startsWith(".") && name !== "node_modules",
  );
  expect(visible.toSorted()).toEqual([
    "README.md",
    "fixtures",
    "package.json",
    "plugin",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "tsconfig.base.json",
    "vscode-extension",
  ]);
});

test("there is one copy of Baileys", () => {
  const copies = ["plugin", "fixtures"].map((folder) => {
    const require = createRequire(join(ROOT, folder, "package.json"));
    return realpathSync(require.resolve("@whiskeysockets/baileys/package.json"));
  });
  expect(new Set(copies).size).toBe(1);
  const installed = readdirSync(join(ROOT, "node_modules/.pnpm"));
  expect(installed.filter((name) => /^(@whiskeysockets\+)?baileys@/u.test(name))).toEqual([
    expect.stringMatching(/^@whiskeysockets\+baileys@7\.0\.0-rc14(_|$)/u),
  ]);
});
